#pragma once

#include "config/config.h"
#include "server/audit_receiver_options.h"

namespace hark::pipeline {

// How a receiver of the configuration is started.
server::AuditReceiverOptions ReceiverOptionsOf(const config::WebhookSourceConfig& webhook,
                                               const config::LimitsConfig& limits);

}  // namespace hark::pipeline
