#include "alert/alertmanager_destination.h"

#include <algorithm>
#include <cstddef>

#include "base/json_writer.h"
#include "base/status_macros.h"
#include "base/steady_clock.h"

namespace hark::alert {
namespace {

constexpr std::size_t kMaxChore = 64;

}  // namespace

absl::StatusOr<std::unique_ptr<Destination>> AlertmanagerDestination::Create(
    AlertmanagerOptions options) {
  ASSIGN_OR_RETURN(std::unique_ptr<HttpSender> sender, HttpSender::Create(options.http));
  return std::unique_ptr<Destination>(
      new AlertmanagerDestination(std::move(options), std::move(sender)));
}

AlertmanagerDestination::AlertmanagerDestination(AlertmanagerOptions options,
                                                 std::unique_ptr<HttpSender> sender)
    : options_(std::move(options)),
      own_clock_(options_.steady == nullptr ? std::make_unique<SteadyClock>(*options_.clock)
                                            : nullptr),
      steady_(options_.steady == nullptr ? *own_clock_ : *options_.steady),
      alerts_(options_.resend),
      sender_(std::move(sender)) {}

void AlertmanagerDestination::Begin(Batch batch, Done done) {
  std::vector<std::string> ids;
  for (const StoredRevision* const stored : batch) {
    const absl::Status status = alerts_.Apply(stored->revision, steady_.Now());
    if (!status.ok()) {
      done({.outcome = Outcome::kRejected, .reason = std::string(status.message())});
      return;
    }
    if (std::find(ids.begin(), ids.end(), stored->revision.id) == ids.end()) {
      ids.push_back(stored->revision.id);
    }
  }
  Post(ids, [this, ids, done = std::move(done)](const Attempt& attempt) {
    if (attempt.outcome == Outcome::kRejected && ids.size() == 1) {
      alerts_.Forget(ids.front());
    }
    done(attempt);
  });
}

void AlertmanagerDestination::Restore(const StoredRevision& newest) {
  // What cannot be read was a dead letter before.
  alerts_.Apply(newest.revision, steady_.Now()).IgnoreError();
}

absl::Duration AlertmanagerDestination::UntilChore() const {
  const std::optional<absl::Time> due = alerts_.NextDue();
  return due.has_value() ? *due - steady_.Now() : absl::InfiniteDuration();
}

void AlertmanagerDestination::BeginChore(Done done) {
  std::vector<std::string> ids = alerts_.Due(steady_.Now(), kMaxChore);
  Post(ids, [this, ids, done = std::move(done)](const Attempt& attempt) {
    // What was taken before and is refused when it is sent again is tried again later, but not at
    // once: what it says is still true, and what refuses it may be a proxy.
    for (std::size_t i = 0; attempt.outcome == Outcome::kRejected && i < ids.size(); ++i) {
      alerts_.Told(ids[i], steady_.Now());
    }
    done(attempt);
  });
}

void AlertmanagerDestination::Post(std::vector<std::string> ids, Done done) {
  JsonWriter json;
  json.BeginArray();
  const AlertmanagerAlerts::Moment moment = {.now = steady_.Now(), .wall = options_.clock->Now()};
  for (const std::string& id : ids) {
    alerts_.Write(id, moment, json);
  }
  json.EndArray();
  HttpRequest request = {
      .url = options_.url + "/api/v2/alerts", .headers = options_.headers, .body = json.Take()};
  request.headers.emplace_back("Content-Type", "application/json");
  sender_->Post(std::move(request), [this, ids = std::move(ids), now = moment.now,
                                     done = std::move(done)](const HttpAnswer& answer) {
    const Attempt attempt = ToAttempt(answer);
    if (attempt.outcome == Outcome::kDelivered) {
      for (const std::string& id : ids) {
        alerts_.Told(id, now);
      }
    }
    done(attempt);
  });
}

}  // namespace hark::alert
