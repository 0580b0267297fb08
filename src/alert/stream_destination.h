#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "alert/alert_table.h"
#include "alert/destination.h"
#include "alert/layout.h"

namespace hark::alert {

enum class StreamFormat : std::uint8_t {
  kTable,  // for people: a row for each revision
  kJsonl,  // canonical JSON, a line each
};

// Standard output of a daemon: revisions as they are raised, in the order in which they were
// stored. A reader that is slow is waited for, without blocking anybody; where nobody reads any
// more the output is over. The process ignores SIGPIPE.
//
// As thread-safe as Destination says.
class StreamDestination final : public Destination {
 public:
  // The file descriptor outlives the destination; nobody else writes to it.
  static absl::StatusOr<std::unique_ptr<Destination>> Open(int fd, StreamFormat format,
                                                           const TableOptions& options = {});
  ~StreamDestination() override;

  Traits traits() const override { return {.keeps_total_order = true}; }
  void Begin(Batch batch, Done done) override;
  void Wait(absl::Duration at_most) override;
  void Wake() override;

 private:
  StreamDestination(int fd, int wake_fd, StreamFormat format, const TableOptions& options);

  std::string Render(const StoredRevision& stored);
  // Writes what goes without waiting; false if there is more.
  bool WriteSome();
  void Finish(const Attempt& attempt);

  const int fd_;
  const int wake_fd_;  // an eventfd
  const StreamFormat format_;
  const AlertTable table_;
  bool has_titles_ = false;

  // The revision whose text is being written; what a full disk has left of it is written on.
  std::int64_t sequence_ = 0;
  std::string text_;
  std::size_t written_ = 0;
  Done done_;  // null: nothing is in flight
};

}  // namespace hark::alert
