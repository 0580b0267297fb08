#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "hark/clock.h"

namespace hark {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };
// One line a message: for people, or a JSON object for collectors.
enum class LogFormat : std::uint8_t { kText, kJson };

// "debug", "info", "warning", "error"; "text", "json". nullopt for anything else.
std::optional<LogLevel> ParseLogLevel(std::string_view name);
std::optional<LogFormat> ParseLogFormat(std::string_view name);

using LogValue = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;
struct LogField {
  std::string_view key;  // lower_case, a constant of the code
  LogValue value;
};

// What a status says, as a field and as text. It outlives both.
inline std::string_view ErrorText(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}
inline LogField ErrorField(const absl::Status& status) {
  return {"error", ErrorText(status)};
}

// What happened. Texts in fields may come from anywhere: they are escaped and cut to 512 bytes.
// They must still be no part of an event's body.
struct LogMessage {
  LogLevel level = LogLevel::kInfo;
  std::string_view key;   // names the kind of message, a constant: "source_unreadable"
  std::string_view text;  // one sentence for people, a constant
  // Messages that differ in it (the name of a source, for example) do not hold each other back.
  std::string_view about = {};
};

// The daemon's log. Of messages of one (key, about) one is written in `repeat_interval`; the next
// one that is written says how many were held back (`suppressed`).
//
//   log.Write({.level = LogLevel::kWarning, .key = "source_unreadable",
//              .text = "The source cannot be read.", .about = source},
//             {{"source", source}, {"error", status.message()}});
//
// A line is written as a whole and at once; what cannot be written is lost. Thread-safe.
class Logger {
 public:
  struct Options {
    LogLevel level = LogLevel::kInfo;  // the lowest that is written
    LogFormat format = LogFormat::kText;
    absl::Duration repeat_interval = absl::Seconds(10);  // zero: everything is written
    std::FILE* file = stderr;                            // outlives the logger
    const Clock* clock = &Clock::System();               // outlives the logger
  };
  explicit Logger(const Options& options);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void Write(const LogMessage& message, std::initializer_list<LogField> fields = {});

  // Writes a line for every kind of message that was held back and did not come again within the
  // interval: to be called now and then, and with kAll at the end.
  enum class Suppressed : std::uint8_t { kDue, kAll };
  void ReportSuppressed(Suppressed which);

  // For a reload. Another format or file needs a new logger.
  void SetLevel(LogLevel level);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hark
