#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "alert/destination.h"
#include "alert/file_output.h"
#include "alert/waiter.h"

namespace hark::alert {

// A file of JSON lines (file_output.h), in the order in which the revisions were stored. A full
// disk is waited for. As thread-safe as Destination says.
class FileDestination final : public Destination {
 public:
  // Two may be open on a path, if one has ended before the other is begun with.
  static absl::StatusOr<std::unique_ptr<Destination>> Open(const std::string& path);

  Traits traits() const override { return {.keeps_total_order = true, .max_batch = 256}; }
  void Begin(Batch batch, Done done) override;
  void Wait(absl::Duration at_most) override { waiter_.Wait(at_most); }
  void Wake() override { waiter_.Wake(); }
  void Reopen() override { file_->RequestReopen(); }

 private:
  explicit FileDestination(std::unique_ptr<FileOutput> file) : file_(std::move(file)) {}

  absl::Status Write(Batch batch);

  std::unique_ptr<FileOutput> file_;
  Waiter waiter_;
};

}  // namespace hark::alert
