#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace hark::testing {

// A std::FILE whose text a test can read.
class CapturedFile {
 public:
  CapturedFile() : file_(open_memstream(&buffer_, &size_)) {}
  ~CapturedFile() {
    std::fclose(file_);
    std::free(buffer_);
  }
  CapturedFile(const CapturedFile&) = delete;
  CapturedFile& operator=(const CapturedFile&) = delete;

  std::FILE* file() { return file_; }

  // Everything that was written so far, flushed or not.
  std::string text() {
    std::fflush(file_);
    return std::string(buffer_, size_);
  }

 private:
  char* buffer_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
};

}  // namespace hark::testing
