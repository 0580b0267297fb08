#include "alert/file_writer.h"

#include <cerrno>

namespace hark::alert {

absl::Status FileWriter::Write(std::string_view text) {
  if (!first_error_.ok()) {
    return first_error_;
  }
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) {
    return Fail(errno);
  }
  return absl::OkStatus();
}

absl::Status FileWriter::Flush() {
  if (!first_error_.ok()) {
    return first_error_;
  }
  errno = 0;
  if (std::fflush(file_) != 0) {
    return Fail(errno);
  }
  return absl::OkStatus();
}

absl::Status FileWriter::Fail(int error) {
  first_error_ = absl::ErrnoToStatus(error == 0 ? EIO : error, "cannot write alerts");
  return first_error_;
}

}  // namespace hark::alert
