#include "base/log.h"

#include <array>
#include <cmath>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_format.h"

#include "base/json_writer.h"
#include "base/log_limiter.h"
#include "base/mutex.h"
#include "base/rfc3339.h"
#include "base/text.h"
#include "spdlog/logger.h"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace hark {
namespace {

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warning", "error"};
constexpr std::size_t kMaxValueBytes = 512;
// Between key and about; in neither.
constexpr char kSeparator = '\n';

std::string_view LevelName(LogLevel level) {
  return kLevels.at(static_cast<std::size_t>(level));
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  constexpr std::array<spdlog::level::level_enum, 4> kSpdlogLevels = {
      spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
  return kSpdlogLevels.at(static_cast<std::size_t>(level));
}

struct ValueWriter {
  JsonWriter& json;

  void operator()(std::string_view value) const {
    if (value.size() <= kMaxValueBytes) {
      json.String(value);
    } else {
      json.String(std::string(CutUtf8(value, kMaxValueBytes)) + "...");
    }
  }
  void operator()(std::int64_t value) const { json.Signed(value); }
  void operator()(std::uint64_t value) const { json.Unsigned(value); }
  void operator()(bool value) const { json.Bool(value); }
  void operator()(double value) const {
    // Milliseconds and thousandths are enough for a log.
    if (std::isfinite(value)) {
      json.Raw(absl::StrFormat("%.3f", value));
    } else {
      json.Null();
    }
  }
};

std::string JsonLine(const LogMessage& message, std::string_view time,
                     const std::vector<LogField>& fields) {
  JsonWriter json;
  json.BeginObject().Key("time").String(time);
  json.Key("level").String(LevelName(message.level));
  json.Key("key").String(message.key).Key("message").String(message.text);
  for (const LogField& field : fields) {
    json.Key(field.key);
    std::visit(ValueWriter{json}, field.value);
  }
  return json.EndObject().Take();
}

// Values are JSON also here: a quoted text cannot be mistaken for another field.
std::string TextLine(const LogMessage& message, std::string_view time,
                     const std::vector<LogField>& fields) {
  std::string line = absl::StrFormat("%s %-7s %s: %s", time, LevelName(message.level), message.key,
                                     EscapeForTerminal(message.text));
  for (const LogField& field : fields) {
    JsonWriter json;
    std::visit(ValueWriter{json}, field.value);
    absl::StrAppendFormat(&line, " %s=%s", field.key, json.text());
  }
  return line;
}

}  // namespace

std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels.at(i) == name) {
      return static_cast<LogLevel>(i);
    }
  }
  return std::nullopt;
}

std::optional<LogFormat> ParseLogFormat(std::string_view name) {
  if (name == "text") {
    return LogFormat::kText;
  }
  if (name == "json") {
    return LogFormat::kJson;
  }
  return std::nullopt;
}

using FileSink = spdlog::sinks::stdout_sink_base<spdlog::details::console_mutex>;

// spdlog filters by level, writes whole lines, and turns the exceptions of its sinks into calls
// of an error handler: none leaves this file.
struct Logger::Impl {
  explicit Impl(const Options& logger_options)
      : options(logger_options),
        output("hark", std::make_shared<FileSink>(logger_options.file)),
        limiter(logger_options.repeat_interval) {
    output.set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
    output.set_error_handler([](const std::string&) {});
    output.flush_on(spdlog::level::trace);
  }

  void Emit(const LogMessage& message, const std::vector<LogField>& fields) {
    const std::string time = FormatRfc3339(absl::ToUnixMicros(options.clock->Now()));
    const std::string line = options.format == LogFormat::kJson ? JsonLine(message, time, fields)
                                                                : TextLine(message, time, fields);
    output.log(SpdlogLevel(message.level), spdlog::string_view_t(line));
  }

  const Options options;
  spdlog::logger output;
  Mutex mutex;
  LogLimiter limiter ABSL_GUARDED_BY(mutex);
};

Logger::Logger(const Options& options) : impl_(std::make_unique<Impl>(options)) {
  SetLevel(options.level);
}
Logger::~Logger() = default;

void Logger::SetLevel(LogLevel level) {
  impl_->output.set_level(SpdlogLevel(level));
}

void Logger::Write(const LogMessage& message, std::initializer_list<LogField> fields) {
  if (!impl_->output.should_log(SpdlogLevel(message.level))) {
    return;
  }
  std::string kind(message.key);
  kind += kSeparator;
  kind += CutUtf8(message.about, kMaxValueBytes);
  LogLimiter::Decision decision;
  {
    const MutexLock lock(impl_->mutex);
    decision = impl_->limiter.Admit(kind, impl_->options.clock->Now());
  }
  if (!decision.write) {
    return;
  }
  std::vector<LogField> all(fields);
  if (decision.suppressed > 0) {
    all.push_back({.key = "suppressed", .value = decision.suppressed});
  }
  impl_->Emit(message, all);
}

void Logger::ReportSuppressed(Suppressed which) {
  std::vector<LogLimiter::Held> held;
  {
    const MutexLock lock(impl_->mutex);
    held = impl_->limiter.Take(which == Suppressed::kAll ? absl::InfiniteFuture()
                                                         : impl_->options.clock->Now());
  }
  for (const LogLimiter::Held& kind : held) {
    const std::string_view name = kind.kind;
    const std::size_t separator = name.find(kSeparator);
    std::vector<LogField> fields = {{.key = "of", .value = name.substr(0, separator)}};
    if (separator != std::string_view::npos && separator + 1 < name.size()) {
      fields.push_back({.key = "about", .value = name.substr(separator + 1)});
    }
    fields.push_back({.key = "suppressed", .value = kind.suppressed});
    impl_->Emit({.level = LogLevel::kInfo,
                 .key = "log_suppressed",
                 .text = "Repeated messages were not written."},
                fields);
  }
}

}  // namespace hark
