#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"

#include "alert/destination.h"
#include "alert/waiter.h"

namespace hark::testing {

// What a ScriptedDestination was given, shared with the test, and what it answers. Thread-safe.
class Script {
 public:
  // What becomes of an attempt, by the names of its revisions ("0123.../2"); none: delivered.
  using Answer = std::function<alert::Attempt(const std::vector<std::string>& names)>;

  explicit Script(Answer answer = {}) : answer_(std::move(answer)) {}

  void SetAnswer(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }

  alert::Attempt Take(const std::vector<std::string>& names) {
    const std::lock_guard lock(mutex_);
    ++attempts_;
    alert::Attempt attempt = answer_ ? answer_(names) : alert::Attempt{};
    if (attempt.outcome == alert::Outcome::kDelivered) {
      delivered_.insert(delivered_.end(), names.begin(), names.end());
    }
    changed_.notify_all();
    return attempt;
  }

  // Waits until so many were made, for at most 20 s.
  bool WaitForAttempts(std::size_t number) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return attempts_ >= number; });
  }
  bool WaitForDelivered(std::size_t number) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return delivered_.size() >= number; });
  }
  std::vector<std::string> delivered() const {
    const std::lock_guard lock(mutex_);
    return delivered_;
  }
  std::size_t attempts() const {
    const std::lock_guard lock(mutex_);
    return attempts_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Answer answer_;
  std::size_t attempts_ = 0;
  std::vector<std::string> delivered_;
};

inline std::string NameOf(const alert::Revision& revision) {
  return absl::StrFormat("%s/%d", revision.id, revision.n);
}

// A destination that answers as its script says. The script outlives it.
class ScriptedDestination final : public alert::Destination {
 public:
  ScriptedDestination(Script& script, const Traits& traits) : script_(script), traits_(traits) {}

  Traits traits() const override { return traits_; }
  void Begin(Batch batch, Done done) override {
    std::vector<std::string> names;
    for (const alert::StoredRevision* const stored : batch) {
      names.push_back(NameOf(stored->revision));
    }
    begun_.emplace_back(std::move(names), std::move(done));
  }
  void Wait(absl::Duration at_most) override {
    if (begun_.empty()) {
      waiter_.Wait(at_most);
      return;
    }
    for (auto& [names, done] : std::exchange(begun_, {})) {
      done(script_.Take(names));
    }
  }
  void Wake() override { waiter_.Wake(); }

 private:
  Script& script_;
  const Traits traits_;
  alert::Waiter waiter_;
  std::vector<std::pair<std::vector<std::string>, Done>> begun_;
};

}  // namespace hark::testing
