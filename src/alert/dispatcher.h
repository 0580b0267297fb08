#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "hark/clock.h"

#include "alert/alert_store.h"
#include "alert/delivery_types.h"
#include "alert/output_runner.h"
#include "alert/silence_list.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "metrics/delivery_metrics.h"

namespace hark::alert {

// All of these outlive the dispatcher.
struct DispatcherOptions {
  const Clock* clock = &Clock::System();  // of what is written: dead letters, signatures
  // Of waiting, and beside the other one of ages: one that nobody sets. Null: one that begins with
  // the dispatcher.
  const Clock* steady = nullptr;
  Logger* log = nullptr;                              // may be null
  const metrics::DeliveryMetrics* metrics = nullptr;  // may be null
  // How often a cursor is stored at most. What was delivered since is delivered once more after a
  // kill.
  absl::Duration cursor_interval = absl::Milliseconds(200);
  // Those of the configuration; the ones of the store are read at the start.
  std::vector<Silence> silences = {};
  std::optional<std::uint64_t> seed = {};  // of the jitter; none: a random one
};

// Delivers every revision of the store to every output at least once. The outputs know nothing of
// each other: each has a cursor in the store and a thread, and waits, fails and catches up by
// itself. (id, n) of a revision is the same in all attempts.
//
// An output of a new name begins at the present end of the store: what was raised before anybody
// asked for it would be a flood. An output that is no more loses its cursor, so that retention does
// not wait for it, and its metrics. A reload is a new dispatcher with the new outputs; the old one
// was stopped before.
//
// Thread-safe, but for Stop and the destructor.
class Dispatcher {
 public:
  // Begins to deliver. To be called before new revisions are committed: what is committed before it
  // is old for a new output. InvalidArgument if two outputs have one name.
  // The store outlives the dispatcher.
  static absl::StatusOr<std::unique_ptr<Dispatcher>> Start(AlertStore& store,
                                                           std::vector<OutputSettings> outputs,
                                                           const DispatcherOptions& options = {});
  // Without Stop the cursors stay as they were stored last, as after a kill.
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // New revisions were committed. Cheap, and never waits for an output.
  void Notify();
  // Silences were added to the store, or ended. What an output has not yet tried to deliver is
  // silenced from now on.
  absl::Status ReloadSilences();
  // The files were renamed (SIGUSR1).
  void Reopen();

  enum class Patience : std::uint8_t {
    kWhileItWorks,  // for a shutdown: an output that fails goes on after the next start
    kToTheEnd,      // for `run --drain`: retries until the deadline
  };
  // Waits until all that is stored now is done with, by every output that is not stopped; at most
  // so long. DeadlineExceeded names the outputs that are not done.
  absl::Status Drain(absl::Duration at_most, Patience patience);

  // Breaks off what is in flight (it is delivered again after the next start) and stores the
  // cursors. A second call does nothing.
  void Stop();

  // In the order in which they were given.
  std::vector<OutputStatus> Status() const;

 private:
  Dispatcher(AlertStore& store, const DispatcherOptions& options);

  absl::StatusOr<std::int64_t> CursorOf(const std::string& output, const Cursors& cursors,
                                        std::int64_t last_sequence);
  absl::Status RemoveOthers(const std::vector<OutputSettings>& outputs, const Cursors& cursors);

  AlertStore& store_;
  const DispatcherOptions options_;
  const std::unique_ptr<const Clock> own_clock_;
  SilenceList silences_;
  std::vector<std::unique_ptr<OutputRunner>> runners_;
};

// A list of objects, for /api/v1/status.
void WriteOutputs(const std::vector<OutputStatus>& outputs, JsonWriter& json);

}  // namespace hark::alert
