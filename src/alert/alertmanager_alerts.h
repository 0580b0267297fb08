#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "hark/alert.h"

#include "alert/revision.h"
#include "base/json_writer.h"
#include "base/string_map.h"

namespace hark::alert {

// What one Alertmanager should know of hark's alerts, and what has to be told it when.
//
// Alertmanager keeps alerts in memory and by their labels. So an alert is sent again and again
// while it is open, with an end in the future that each time moves on; and its labels stay those of
// its opening: a level that rises ends the alert of the old labels and begins one of the new. An
// alert whose first message says that it is over notifies nobody: one that hark has opened and
// closed meanwhile is sent as firing first, and is over only kHold later. What is over is sent
// again for kRepeatEnd.
//
// An alert that is sent as firing for the last time carries the end that it will have, so that it
// ends even if hark does.
//
// `now` is the time of a clock that nobody sets; only what is written is by the wall clock. Not
// thread-safe.
class AlertmanagerAlerts {
 public:
  static constexpr absl::Duration kHold = absl::Minutes(5);
  static constexpr absl::Duration kRepeatEnd = absl::Minutes(5);
  // Ended alerts that are remembered to be sent again; beyond it the oldest are not.
  static constexpr std::size_t kMaxEnded = 10'000;

  explicit AlertmanagerAlerts(absl::Duration resend) : resend_(resend) {}

  // Takes in a revision; one that is not newer than what is known changes nothing. InvalidArgument
  // if its JSON is no alert.
  absl::Status Apply(const Revision& revision, absl::Time now);

  // Adds what is to be said now of the alert of that id to a list of postableAlerts; nothing if it
  // is not known.
  struct Moment {
    absl::Time now, wall;
  };
  void Write(const std::string& id, const Moment& moment, JsonWriter& json) const;
  // The alerts of these ids were told so at that time.
  void Told(const std::string& id, absl::Time now);
  // Alertmanager does not take it. Nothing if it is not known.
  void Forget(const std::string& id);

  // When the next alert is to be told again; none if there is nothing to tell.
  std::optional<absl::Time> NextDue() const;
  // At most so many that are due; the longest due first.
  std::vector<std::string> Due(absl::Time now, std::size_t limit) const;

  std::size_t size() const { return alerts_.size(); }

 private:
  using Labels = std::map<std::string, std::string>;
  // One alert of Alertmanager's.
  struct Instance {
    Labels labels;
    std::optional<absl::Time> first_told;  // as firing
    std::optional<absl::Time> ends;        // from then on it is over
  };
  struct Entry {
    std::uint32_t n = 0;
    std::string annotations;  // JSON
    absl::Time starts;
    Instance current;
    std::vector<Instance> former;  // of lower levels
    bool closed = false;
    absl::Time due = absl::InfiniteFuture();
  };

  void Schedule(const std::string& id, Entry& entry, absl::Time due);
  void WriteInstance(const Entry& entry, const Instance& instance, const Moment& moment,
                     JsonWriter& json) const;

  const absl::Duration resend_;
  StringMap<Entry> alerts_;
  std::set<std::pair<absl::Time, std::string>> due_;
  std::set<std::pair<absl::Time, std::string>> ended_;  // by the time of their end
};

}  // namespace hark::alert
