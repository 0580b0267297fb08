#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/clock.h"

#include "alert/alertmanager_alerts.h"
#include "alert/destination.h"
#include "alert/http_destination.h"
#include "alert/http_sender.h"

namespace hark::alert {

struct AlertmanagerOptions {
  std::string url = {};  // of one replica, without /api/v2/alerts
  HttpOptions http = {};
  HttpHeaders headers = {};
  absl::Duration resend = absl::Minutes(1);
  const Clock* clock = &Clock::System();  // of what is written; outlives the destination
  const Clock* steady = nullptr;          // of intervals; null: one that nobody sets
};

// One replica of Prometheus Alertmanager, API v2 (alertmanager_alerts.h says what it is told).
// Replicas share what they are told, but only what they are up for: each is an output of its own.
// As thread-safe as Destination says.
class AlertmanagerDestination final : public Destination {
 public:
  static absl::StatusOr<std::unique_ptr<Destination>> Create(AlertmanagerOptions options);

  Traits traits() const override { return {.keeps_total_order = true, .max_batch = 64}; }
  void Begin(Batch batch, Done done) override;
  void Wait(absl::Duration at_most) override { sender_->Wait(at_most); }
  void Wake() override { sender_->Wake(); }
  bool WantsOpenAlerts() const override { return true; }
  void Restore(const StoredRevision& newest) override;
  absl::Duration UntilChore() const override;
  void BeginChore(Done done) override;

 private:
  AlertmanagerDestination(AlertmanagerOptions options, std::unique_ptr<HttpSender> sender);

  void Post(std::vector<std::string> ids, Done done);

  const AlertmanagerOptions options_;
  const std::unique_ptr<const Clock> own_clock_;
  const Clock& steady_;
  AlertmanagerAlerts alerts_;
  const std::unique_ptr<HttpSender> sender_;
};

}  // namespace hark::alert
