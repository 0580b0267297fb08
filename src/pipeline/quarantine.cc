#include "pipeline/quarantine.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"

#include "base/hash128.h"
#include "base/json_writer.h"
#include "base/rfc3339.h"

namespace hark::pipeline {
namespace {

constexpr std::size_t kBufferBytes = 65'536;
constexpr mode_t kOwnerOnly = 0600;

}  // namespace

absl::StatusOr<std::unique_ptr<Quarantine>> Quarantine::Create(const std::string& path, Raw raw) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOwnerOnly);
  if (fd < 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("cannot write the quarantine %s", path));
  }
  return std::unique_ptr<Quarantine>(new Quarantine(path, fd, raw));
}

Quarantine::~Quarantine() {
  Finish().IgnoreError();
  close(fd_);
}

void Quarantine::Add(RejectReason reason, std::string_view source, const RecordOrigin& origin) {
  const MutexLock lock(mutex_);
  if (!TakePlace()) {
    return;
  }
  JsonWriter json;
  json.BeginObject();
  json.Key("reason").String(RejectReasonName(reason));
  json.Key("source").String(source);
  json.Key("offset").Unsigned(origin.offset);
  json.Key("length").Unsigned(origin.length);
  const bool has_text = origin.text.data() != nullptr;
  if (has_text) {
    json.Key("sha256").String(Sha256Hex(origin.text));
  } else if (!origin.sha256.empty()) {
    json.Key("sha256").String(origin.sha256);
  }
  const std::string_view shown = (has_text ? origin.text : origin.start).substr(0, kMaxRawBytes);
  if (raw_ == Raw::kYes && !shown.empty()) {
    std::string encoded;
    absl::Base64Escape(absl::string_view(shown.data(), shown.size()), &encoded);
    json.Key("raw").String(encoded);
  }
  json.EndObject();
  Write(json.Take());
}

void Quarantine::AddTooLate(std::string_view source, const Fact& fact) {
  const MutexLock lock(mutex_);
  if (!TakePlace()) {
    return;
  }
  JsonWriter json;
  json.BeginObject();
  json.Key("reason").String("too_late");
  json.Key("source").String(source);
  json.Key("time").String(FormatRfc3339(fact.time));
  json.Key("key").String(ToHex(fact.key));
  json.EndObject();
  Write(json.Take());
}

absl::Status Quarantine::Finish() {
  const MutexLock lock(mutex_);
  WriteBuffer();
  return error_;
}

bool Quarantine::TakePlace() {
  if (entries_ == kMaxEntries || !error_.ok()) {
    return false;
  }
  ++entries_;
  return true;
}

void Quarantine::Write(std::string_view line) {
  buffer_ += line;
  buffer_ += '\n';
  if (buffer_.size() >= kBufferBytes) {
    WriteBuffer();
  }
}

void Quarantine::WriteBuffer() {
  std::string_view rest = buffer_;
  while (!rest.empty() && error_.ok()) {
    const ssize_t count = write(fd_, rest.data(), rest.size());
    if (count >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      error_ = absl::ErrnoToStatus(errno, absl::StrFormat("cannot write the quarantine %s", path_));
    }
  }
  buffer_.clear();
}

}  // namespace hark::pipeline
