#include "alert/file_destination.h"

#include <utility>

#include "base/status_macros.h"

namespace hark::alert {

absl::StatusOr<std::unique_ptr<Destination>> FileDestination::Open(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<FileOutput> file, FileOutput::OpenLater(path));
  return std::unique_ptr<Destination>(new FileDestination(std::move(file)));
}

void FileDestination::Begin(Batch batch, Done done) {
  const absl::Status status = Write(batch);
  done(status.ok() ? Attempt{}
                   : Attempt{.outcome = Outcome::kRetry, .reason = std::string(status.message())});
}

absl::Status FileDestination::Write(Batch batch) {
  for (const StoredRevision* const stored : batch) {
    RETURN_IF_ERROR(file_->WriteLine(stored->revision.json));
  }
  return file_->Flush();
}

}  // namespace hark::alert
