#include "log/snapshot_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "log/numbered_files.h"

namespace hark::log {
namespace {

absl::Status CheckSections(const Snapshot& snapshot, const std::vector<KnownSection>& known) {
  for (const SnapshotSection& section : snapshot.sections()) {
    const auto entry = std::find_if(known.begin(), known.end(), [&](const KnownSection& each) {
      return each.name == section.name;
    });
    if (entry == known.end()) {
      return absl::FailedPreconditionError(
          absl::StrFormat("%s: this hark does not know its section %s (version %u)",
                          snapshot.path(), section.name, section.version));
    }
    if (entry->version != section.version) {
      return absl::FailedPreconditionError(
          absl::StrFormat("%s: its section %s is of version %u, and this hark knows version %u",
                          snapshot.path(), section.name, section.version, entry->version));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<SnapshotStore>> SnapshotStore::Open(FileSystem& file_system,
                                                                   const std::string& directory,
                                                                   std::uint64_t last_committed) {
  RETURN_IF_ERROR(MakeDurableDirectory(file_system, directory));
  RETURN_IF_ERROR(RemoveTemporaryFiles(file_system, directory));
  std::unique_ptr<SnapshotStore> store(new SnapshotStore(file_system, directory));
  ASSIGN_OR_RETURN(const std::vector<std::uint64_t> numbers, store->FindNumbers());
  store->next_number_ = std::max(numbers.empty() ? 0 : numbers.back(), last_committed) + 1;
  return store;
}

absl::StatusOr<std::vector<std::uint64_t>> SnapshotStore::FindNumbers() {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, file_system_.List(directory_));
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : names) {
    if (const auto number = ParseNumberedName(name, kSnapshotEnding)) {
      numbers.push_back(*number);
    }
  }
  return numbers;
}

absl::StatusOr<LoadedSnapshot> SnapshotStore::Load(
    const std::vector<KnownSection>& known,
    const std::function<bool(std::uint64_t)>& is_committed) {
  ASSIGN_OR_RETURN(std::vector<std::uint64_t> numbers, FindNumbers());
  std::reverse(numbers.begin(), numbers.end());
  LoadedSnapshot loaded;
  for (const std::uint64_t number : numbers) {
    if (!is_committed(number)) {
      loaded.skipped.push_back(
          absl::StrFormat("%s: the database does not hold its number", PathOf(number)));
      continue;
    }
    absl::StatusOr<Snapshot> snapshot = Snapshot::Open(file_system_, PathOf(number));
    if (absl::IsDataLoss(snapshot.status())) {
      loaded.skipped.emplace_back(snapshot.status().message());
      continue;
    }
    RETURN_IF_ERROR(snapshot.status());
    RETURN_IF_ERROR(CheckSections(*snapshot, known));
    kept_ = {{.number = number, .position = snapshot->position()}};
    loaded.snapshot = *std::move(snapshot);
    break;
  }
  return loaded;
}

absl::StatusOr<std::unique_ptr<SnapshotWriter>> SnapshotStore::Begin(std::uint64_t position,
                                                                     const std::string& rules) {
  return SnapshotWriter::Create(
      file_system_, directory_,
      {.number = next_number_++, .position = position, .rules = rules, .sections = {}});
}

absl::Status SnapshotStore::Publish(std::unique_ptr<SnapshotWriter> writer) {
  RETURN_IF_ERROR(writer->Rename());
  RETURN_IF_ERROR(file_system_.SyncDirectory(directory_));
  kept_.push_back({.number = writer->number(), .position = writer->position()});
  if (kept_.size() > kKeptSnapshots) {
    kept_.erase(kept_.begin());
  }
  RemoveAllBut(kept_);
  return absl::OkStatus();
}

void SnapshotStore::RemoveAllBut(const std::vector<Kept>& kept) {
  // A file that cannot be removed does no harm, and the next snapshot tries again.
  const absl::StatusOr<std::vector<std::uint64_t>> numbers = FindNumbers();
  if (!numbers.ok()) {
    return;
  }
  for (const std::uint64_t number : *numbers) {
    const bool is_kept = std::any_of(kept.begin(), kept.end(),
                                     [number](const Kept& each) { return each.number == number; });
    if (!is_kept) {
      file_system_.Remove(PathOf(number)).IgnoreError();
    }
  }
}

std::uint64_t SnapshotStore::keep_from() const {
  return kept_.size() < kKeptSnapshots ? 1 : kept_.front().position + 1;
}

std::string SnapshotStore::PathOf(std::uint64_t number) const {
  return JoinPath(directory_, NumberedName(number, kSnapshotEnding));
}

}  // namespace hark::log
