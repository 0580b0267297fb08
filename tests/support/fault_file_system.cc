#include "support/fault_file_system.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <random>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/check.h"
#include "base/status_macros.h"

namespace hark::testing {
namespace {

std::string ParentOf(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

absl::Status NoSuchFile(const std::string& path) {
  return absl::NotFoundError(absl::StrFormat("cannot find %s", path));
}

}  // namespace

// What becomes of each change that was not synced when the power goes.
class FaultFileSystem::Choice {
 public:
  explicit Choice(std::uint64_t number) : number_(number), random_(number) {}

  bool Keeps() { return number_ == 1 || (number_ > 1 && Below(2) == 0); }
  // How many of the bytes of a write that is kept are there.
  std::size_t Part(std::size_t bytes) {
    return number_ == 1 || Below(2) == 0 ? bytes : Below(bytes + 1);
  }

 private:
  std::size_t Below(std::size_t bound) { return random_() % bound; }

  const std::uint64_t number_;
  std::mt19937_64 random_;
};

class FaultFileSystem::OpenFile final : public File {
 public:
  OpenFile(FaultFileSystem& owner, std::shared_ptr<Node> node)
      : owner_(owner), node_(std::move(node)) {}

  absl::StatusOr<std::size_t> ReadAt(std::uint64_t offset, std::span<char> buffer) const override {
    const MutexLock lock(owner_.mutex_);
    const std::string_view content = node_->content;
    const std::string_view bytes =
        content.substr(std::min<std::size_t>(offset, content.size()), buffer.size());
    std::copy(bytes.begin(), bytes.end(), buffer.begin());
    return bytes.size();
  }
  absl::StatusOr<std::size_t> WriteAt(std::uint64_t offset, std::string_view bytes) override {
    return owner_.Write(*node_, offset, bytes);
  }
  absl::Status Sync() override { return owner_.Sync(*node_); }
  absl::Status Truncate(std::uint64_t size) override { return owner_.Truncate(*node_, size); }
  absl::StatusOr<std::uint64_t> Size() const override {
    const MutexLock lock(owner_.mutex_);
    return node_->content.size();
  }

 private:
  FaultFileSystem& owner_;
  std::shared_ptr<Node> node_;
};

class FaultFileSystem::HeldLock final : public FileLock {
 public:
  HeldLock(FaultFileSystem& owner, std::string path) : owner_(owner), path_(std::move(path)) {}
  ~HeldLock() override {
    const MutexLock lock(owner_.mutex_);
    owner_.locked_.erase(path_);
  }

 private:
  FaultFileSystem& owner_;
  std::string path_;
};

FaultFileSystem::FaultFileSystem() : max_write_(std::numeric_limits<std::size_t>::max()) {
  auto root = std::make_shared<Node>();
  root->is_directory = true;
  names_["/"] = root;
  durable_names_["/"] = root;
}

void FaultFileSystem::CrashAt(std::uint64_t operation) {
  const MutexLock lock(mutex_);
  crash_at_ = operation;
}

void FaultFileSystem::FailAt(std::uint64_t operation, absl::Status status) {
  const MutexLock lock(mutex_);
  failures_[operation] = std::move(status);
}

void FaultFileSystem::SetMaxWrite(std::size_t bytes) {
  const MutexLock lock(mutex_);
  max_write_ = bytes;
}

void FaultFileSystem::SetCapacity(std::optional<std::uint64_t> bytes) {
  const MutexLock lock(mutex_);
  capacity_ = bytes;
}

void FaultFileSystem::Hold() {
  const MutexLock lock(mutex_);
  held_ = true;
}

void FaultFileSystem::AwaitHeld() {
  MutexLock lock(mutex_);
  while (waiters_ == 0 && !IsDown()) {
    waiting_.Wait(lock);
  }
}

void FaultFileSystem::Release() {
  const MutexLock lock(mutex_);
  held_ = false;
  released_.NotifyAll();
}

void FaultFileSystem::WaitWhileHeld() {
  MutexLock lock(mutex_);
  ++waiters_;
  waiting_.NotifyAll();
  while (held_) {
    released_.Wait(lock);
  }
  --waiters_;
}

std::uint64_t FaultFileSystem::operations() const {
  const MutexLock lock(mutex_);
  return operations_;
}

bool FaultFileSystem::crashed() const {
  const MutexLock lock(mutex_);
  return IsDown();
}

std::string FaultFileSystem::Content(const std::string& path) const {
  const MutexLock lock(mutex_);
  return names_.at(path)->content;
}

void FaultFileSystem::SetContent(const std::string& path, std::string_view bytes) {
  const MutexLock lock(mutex_);
  auto node = std::make_shared<Node>();
  node->content = bytes;
  node->durable = bytes;
  names_[path] = node;
  durable_names_[path] = node;
}

void FaultFileSystem::Apply(const FileChange& change, std::string& bytes) {
  if (change.truncates) {
    bytes.resize(change.offset);
    return;
  }
  bytes.resize(std::max<std::size_t>(bytes.size(), change.offset + change.bytes.size()));
  bytes.replace(change.offset, change.bytes.size(), change.bytes);
}

void FaultFileSystem::Apply(const NameChange& change, Nodes& names) {
  names.erase(change.removed);
  if (!change.added.empty()) {
    names[change.added] = change.node;
  }
}

std::unique_ptr<FaultFileSystem> FaultFileSystem::AfterPowerLoss(
    std::uint64_t choice_number) const {
  const MutexLock lock(mutex_);
  Choice choice(choice_number);
  Nodes names = durable_names_;
  for (const auto& [directory, changes] : unsynced_names_) {
    for (const NameChange& change : changes) {
      if (choice.Keeps()) {
        Apply(change, names);
      }
    }
  }
  auto result = std::make_unique<FaultFileSystem>();
  const MutexLock result_lock(result->mutex_);
  for (const auto& [path, node] : names) {
    auto copy = std::make_shared<Node>();
    copy->is_directory = node->is_directory;
    copy->durable = node->durable;
    for (FileChange change : node->unsynced) {
      if (choice.Keeps()) {
        change.bytes.resize(choice.Part(change.bytes.size()));
        Apply(change, copy->durable);
      }
    }
    copy->content = copy->durable;
    // A directory whose name is lost takes all that is in it along; parents come first in the map.
    if (path == "/" || result->names_.contains(ParentOf(path))) {
      result->names_[path] = copy;
    }
  }
  result->durable_names_ = result->names_;
  return result;
}

std::unique_ptr<FaultFileSystem> FaultFileSystem::AfterKill() const {
  const MutexLock lock(mutex_);
  auto result = std::make_unique<FaultFileSystem>();
  const MutexLock result_lock(result->mutex_);
  std::map<std::shared_ptr<Node>, std::shared_ptr<Node>> copies;
  const auto copy_of = [&copies](const std::shared_ptr<Node>& node) {
    std::shared_ptr<Node>& copy = copies[node];
    if (copy == nullptr && node != nullptr) {
      copy = std::make_shared<Node>(*node);
    }
    return copy;
  };
  for (const auto& [path, node] : names_) {
    result->names_[path] = copy_of(node);
  }
  for (const auto& [path, node] : durable_names_) {
    result->durable_names_[path] = copy_of(node);
  }
  for (const auto& [directory, changes] : unsynced_names_) {
    for (const NameChange& change : changes) {
      result->unsynced_names_[directory].push_back(
          {.removed = change.removed, .added = change.added, .node = copy_of(change.node)});
    }
  }
  return result;
}

absl::Status FaultFileSystem::Begin(bool& happens) {
  happens = false;
  if (IsDown()) {
    return absl::UnavailableError("the machine is down");
  }
  ++operations_;
  if (operations_ == crash_at_) {
    waiting_.NotifyAll();
    happens = true;
    return absl::UnavailableError("the machine goes down");
  }
  const auto failure = failures_.find(operations_);
  if (failure != failures_.end()) {
    return failure->second;
  }
  happens = true;
  return absl::OkStatus();
}

std::uint64_t FaultFileSystem::UsedBytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [path, node] : names_) {
    bytes += node->content.size();
  }
  return bytes;
}

absl::StatusOr<std::size_t> FaultFileSystem::Write(Node& node, std::uint64_t offset,
                                                   std::string_view bytes) {
  WaitWhileHeld();
  const MutexLock lock(mutex_);
  bool happens = false;
  absl::Status status = Begin(happens);
  bytes = bytes.substr(0, max_write_);
  if (!happens) {
    if (IsDown()) {
      return status;
    }
    bytes = bytes.substr(0, bytes.size() / 2);
  }
  const std::uint64_t end = offset + bytes.size();
  const std::uint64_t growth = end > node.content.size() ? end - node.content.size() : 0;
  const std::uint64_t room =
      capacity_.has_value() ? *capacity_ - std::min(*capacity_, UsedBytes()) : growth;
  if (growth > room) {
    bytes = bytes.substr(0, bytes.size() - std::min<std::uint64_t>(growth - room, bytes.size()));
    if (bytes.empty()) {
      return absl::ResourceExhaustedError("cannot write: no space left on device");
    }
  }
  FileChange change{.offset = offset, .bytes = std::string(bytes)};
  Apply(change, node.content);
  node.unsynced.push_back(std::move(change));
  if (!status.ok()) {
    return status;
  }
  return bytes.size();
}

absl::Status FaultFileSystem::Truncate(Node& node, std::uint64_t size) {
  WaitWhileHeld();
  const MutexLock lock(mutex_);
  bool happens = false;
  absl::Status status = Begin(happens);
  if (happens) {
    node.unsynced.push_back({.truncates = true, .offset = size, .bytes = ""});
    Apply(node.unsynced.back(), node.content);
  }
  return status;
}

absl::Status FaultFileSystem::Sync(Node& node) {
  WaitWhileHeld();
  const MutexLock lock(mutex_);
  bool happens = false;
  absl::Status status = Begin(happens);
  if (IsDown()) {
    return status;
  }
  if (happens) {
    for (const FileChange& change : node.unsynced) {
      Apply(change, node.durable);
    }
  }
  node.unsynced.clear();
  return status;
}

absl::Status FaultFileSystem::Change(const NameChange& change) {
  bool happens = false;
  absl::Status status = Begin(happens);
  if (happens) {
    Apply(change, names_);
    unsynced_names_[ParentOf(change.added.empty() ? change.removed : change.added)].push_back(
        change);
  }
  return status;
}

absl::StatusOr<std::unique_ptr<File>> FaultFileSystem::Open(const std::string& path,
                                                            OpenMode mode) {
  const MutexLock lock(mutex_);
  const auto found = names_.find(path);
  if (found != names_.end() && mode == OpenMode::kCreate) {
    bool happens = false;
    RETURN_IF_ERROR(Begin(happens));
    found->second->unsynced.push_back({.truncates = true, .offset = 0, .bytes = ""});
    found->second->content.clear();
  } else if (mode == OpenMode::kCreate) {
    if (!names_.contains(ParentOf(path))) {
      return NoSuchFile(path);
    }
    RETURN_IF_ERROR(Change({.removed = "", .added = path, .node = std::make_shared<Node>()}));
  } else if (found == names_.end()) {
    return NoSuchFile(path);
  }
  return std::make_unique<OpenFile>(*this, names_.at(path));
}

absl::Status FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  const MutexLock lock(mutex_);
  const auto found = names_.find(from);
  return found == names_.end() ? NoSuchFile(from)
                               : Change({.removed = from, .added = to, .node = found->second});
}

absl::Status FaultFileSystem::Remove(const std::string& path) {
  const MutexLock lock(mutex_);
  return names_.contains(path) ? Change({.removed = path, .added = "", .node = nullptr})
                               : NoSuchFile(path);
}

absl::Status FaultFileSystem::MakeDirectory(const std::string& path) {
  const MutexLock lock(mutex_);
  if (names_.contains(path)) {
    return absl::AlreadyExistsError(path);
  }
  if (!names_.contains(ParentOf(path))) {
    return NoSuchFile(path);
  }
  auto node = std::make_shared<Node>();
  node->is_directory = true;
  return Change({.removed = "", .added = path, .node = node});
}

absl::Status FaultFileSystem::SyncDirectory(const std::string& path) {
  const MutexLock lock(mutex_);
  bool happens = false;
  RETURN_IF_ERROR(Begin(happens));
  for (const NameChange& change : unsynced_names_[path]) {
    Apply(change, durable_names_);
  }
  unsynced_names_.erase(path);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> FaultFileSystem::List(const std::string& path) {
  const MutexLock lock(mutex_);
  if (!names_.contains(path)) {
    return NoSuchFile(path);
  }
  std::vector<std::string> result;
  for (const auto& [name, node] : names_) {
    if (name != "/" && ParentOf(name) == path) {
      result.push_back(std::filesystem::path(name).filename().string());
    }
  }
  return result;
}

absl::StatusOr<FileInfo> FaultFileSystem::Info(const std::string& path) {
  const MutexLock lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) {
    return NoSuchFile(path);
  }
  const Node& node = *found->second;
  return FileInfo{.size = node.content.size(),
                  .permissions = node.is_directory ? 0700U : 0600U,
                  .is_directory = node.is_directory};
}

absl::StatusOr<std::unique_ptr<FileLock>> FaultFileSystem::Lock(const std::string& path) {
  const MutexLock lock(mutex_);
  if (!locked_.insert(path).second) {
    return absl::FailedPreconditionError(
        absl::StrFormat("another process holds the lock %s", path));
  }
  return std::make_unique<HeldLock>(*this, path);
}

}  // namespace hark::testing
