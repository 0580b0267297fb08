#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "hark/alert.h"

#include "alert/alert_json.h"
#include "base/mutex.h"

namespace hark::testing {

// The file to which this process adds its alert lines: <folder>/<test binary>-<pid>.jsonl, where
// the environment variable HARK_ALERT_LINES names the folder. Never closed; stdio writes it out
// at the end of the process.
class AlertLinesFile {
 public:
  static AlertLinesFile& Instance() {
    static AlertLinesFile* const file = new AlertLinesFile;
    return *file;
  }

  void Add(std::string_view line) {
    const MutexLock lock(mutex_);
    if (file_ == nullptr) {
      return;
    }
    std::fwrite(line.data(), 1, line.size(), file_);
    std::fputc('\n', file_);
  }

 private:
  AlertLinesFile() {
    // No test changes the environment.
    // NOLINTNEXTLINE(concurrency-mt-unsafe)
    const char* const folder = std::getenv("HARK_ALERT_LINES");
    if (folder == nullptr || *folder == '\0') {
      return;
    }
    std::error_code ignored;  // a folder that cannot be made gives no line, which alert_schema sees
    std::filesystem::create_directories(folder, ignored);
    const std::string path = std::string(folder) + "/" + program_invocation_short_name + "-" +
                             std::to_string(getpid()) + ".jsonl";
    file_ = std::fopen(path.c_str(), "a");
  }

  Mutex mutex_;
  std::FILE* file_ = nullptr;
};

// Keeps one line of alert JSON, without its line end, for the test alert_schema.
inline void RecordAlertLine(std::string_view line) {
  AlertLinesFile::Instance().Add(line);
}

// Keeps each line of a text of alert JSON lines, such as the output of `hark replay`.
inline void RecordAlertLines(std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    RecordAlertLine(line);
    lines.remove_prefix(line.size() < lines.size() ? line.size() + 1 : line.size());
  }
}

// The canonical JSON of the alert, which is also kept for the test alert_schema.
inline std::string RenderAlertLine(const Alert& alert) {
  std::string line = alert::ToJson(alert);
  RecordAlertLine(line);
  return line;
}

}  // namespace hark::testing
