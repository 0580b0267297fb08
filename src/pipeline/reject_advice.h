#pragma once

#include <string_view>

#include "hark/reject_reason.h"

namespace hark::pipeline {

// Over this share of a log's records rejected, somebody should look at it.
constexpr double kMuchRejected = 0.01;

// What to do about records that were rejected for this reason, as the rest of a sentence.
std::string_view AdviceFor(RejectReason reason);

}  // namespace hark::pipeline
