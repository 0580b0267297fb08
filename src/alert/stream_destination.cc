#include "alert/stream_destination.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "alert/parsed_alert.h"

namespace hark::alert {
namespace {

// A pipe that is ready to be written to takes so much without blocking.
constexpr std::size_t kMaxPiece = PIPE_BUF;

bool IsReady(int fd) {
  pollfd waited = {.fd = fd, .events = POLLOUT, .revents = 0};
  return poll(&waited, 1, 0) > 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Destination>> StreamDestination::Open(int fd, StreamFormat format,
                                                                     const TableOptions& options) {
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) {
    return absl::ErrnoToStatus(errno, "eventfd");
  }
  return std::unique_ptr<Destination>(new StreamDestination(fd, wake_fd, format, options));
}

StreamDestination::StreamDestination(int fd, int wake_fd, StreamFormat format,
                                     const TableOptions& options)
    : fd_(fd), wake_fd_(wake_fd), format_(format), table_(options) {}

StreamDestination::~StreamDestination() {
  close(wake_fd_);
}

std::string StreamDestination::Render(const StoredRevision& stored) {
  const std::string& json = stored.revision.json;
  if (format_ == StreamFormat::kJsonl) {
    return json + "\n";
  }
  std::string text = has_titles_ ? "" : table_.Titles();
  has_titles_ = true;
  const absl::StatusOr<ParsedAlert> parsed = ParseAlert(json);
  // What cannot be shown nicely is shown all the same: the JSON is safe on a terminal.
  text += parsed.ok() ? table_.Row(parsed->alert, SentenceWithoutActor(*parsed)) : json + "\n";
  return text;
}

void StreamDestination::Begin(Batch batch, Done done) {
  const StoredRevision& stored = *batch.front();
  if (sequence_ != stored.sequence) {
    sequence_ = stored.sequence;
    text_ = Render(stored);
    written_ = 0;
  }
  done_ = std::move(done);
  WriteSome();
}

bool StreamDestination::WriteSome() {
  while (written_ < text_.size() && IsReady(fd_)) {
    const ssize_t count =
        write(fd_, text_.data() + written_, std::min(kMaxPiece, text_.size() - written_));
    if (count >= 0) {
      written_ += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN) {
      return false;
    } else if (errno != EINTR) {
      const int error = errno;
      Finish({.outcome = error == EPIPE ? Outcome::kClosed : Outcome::kRetry,
              .reason = std::string(absl::ErrnoToStatus(error, "cannot write").message())});
      return true;
    }
  }
  if (written_ < text_.size()) {
    return false;
  }
  Finish({});
  return true;
}

void StreamDestination::Finish(const Attempt& attempt) {
  // The call may begin the next attempt.
  std::exchange(done_, nullptr)(attempt);
}

void StreamDestination::Wait(absl::Duration at_most) {
  std::array<pollfd, 2> waited = {{{.fd = wake_fd_, .events = POLLIN, .revents = 0},
                                   {.fd = done_ ? fd_ : -1, .events = POLLOUT, .revents = 0}}};
  const std::int64_t milliseconds = std::clamp<std::int64_t>(
      absl::ToInt64Milliseconds(absl::Ceil(at_most, absl::Milliseconds(1))), 0, INT_MAX);
  poll(waited.data(), waited.size(), static_cast<int>(milliseconds));
  std::uint64_t wakes = 0;
  while (read(wake_fd_, &wakes, sizeof(wakes)) < 0 && errno == EINTR) {
  }
  if (done_) {
    WriteSome();
  }
}

void StreamDestination::Wake() {
  const std::uint64_t one = 1;
  while (write(wake_fd_, &one, sizeof(one)) < 0 && errno == EINTR) {
  }
}

}  // namespace hark::alert
