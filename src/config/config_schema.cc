#include "config/config_schema.h"

#include <array>
#include <string_view>

#include "config/config.h"
#include "config/outputs_schema.h"
#include "config/section_of.h"
#include "config/sources_schema.h"
#include "config/value_types.h"

namespace hark::config {
namespace {

constexpr std::int64_t kGibibyte = 1024 * kMebibyte;
constexpr std::int64_t kTebibyte = 1024 * kGibibyte;

// Each in the order of its enum.
constexpr std::array<std::string_view, 4> kLogLevels = {"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> kLogFormats = {"text", "json"};

using SectionPtr = std::shared_ptr<const Section>;

SectionPtr RulesSection() {
  return SectionOf<RulesConfig>()
      .Values("paths", &RulesConfig::paths, Of(ValueKind::kPath),
              "Rule files and folders in place of the shipped rules; none: the shipped rules.")
      .Build();
}

SectionPtr StateSection() {
  return SectionOf<StateConfig>()
      .Value("max_bytes", &StateConfig::max_bytes, Between(ValueKind::kBytes, kMebibyte, kTebibyte),
             "The most that windows and open alerts may hold, counted the same on every machine. "
             "Where it cuts, the group that was seen longest ago goes first.")
      .Build();
}

SectionPtr FactLogSection() {
  return SectionOf<FactLogConfig>()
      .Value("segment_bytes", &FactLogConfig::segment_bytes,
             Between(ValueKind::kBytes, kMebibyte, 4 * kGibibyte),
             "The size at which a segment of the fact log is closed and the next one begun.")
      .Value("max_bytes", &FactLogConfig::max_bytes,
             Between(ValueKind::kBytes, 4 * kMebibyte, 16 * kTebibyte),
             "The most that the fact log may take on disk. A full one stops reading until a "
             "snapshot makes room. It must hold a segment and twice snapshot.bytes.")
      .Build();
}

SectionPtr SnapshotSection() {
  return SectionOf<SnapshotConfig>()
      .Value("interval", &SnapshotConfig::interval,
             Between(ValueKind::kDuration, kSecond, 24 * kHour),
             "The time after which the state is saved. A restart reads the fact log from there.")
      .Value("bytes", &SnapshotConfig::bytes, Between(ValueKind::kBytes, kMebibyte, 4 * kTebibyte),
             "The growth of the fact log after which the state is saved even earlier.")
      .Build();
}

SectionPtr AlertsSection() {
  return SectionOf<AlertsConfig>()
      .Value("max_age", &AlertsConfig::max_age,
             Between(ValueKind::kDuration, kSecond, 24 * kHour * 3650),
             "How long a closed alert is kept after its last change.")
      .Value("max_bytes", &AlertsConfig::max_bytes,
             Between(ValueKind::kBytes, kMebibyte, 16 * kTebibyte),
             "The most that the alert database may use. Above it the oldest closed alerts go. What "
             "waits for an output takes half of it at most, dead letters a quarter.")
      .Value("dead_letters_max_age", &AlertsConfig::dead_letters_max_age,
             Between(ValueKind::kDuration, kSecond, 24 * kHour * 3650),
             "How long a dead letter is kept after its last attempt.")
      .Build();
}

SectionPtr AdminSection() {
  return SectionOf<AdminConfig>()
      .Value("listen", &AdminConfig::listen, OrEmpty(ValueKind::kAddress),
             "Where metrics, health and the API are served; empty: nowhere.")
      .Value("token_file", &AdminConfig::token_file, OrEmpty(ValueKind::kSecretFile),
             "A file with the bearer token that the API asks for. Without one the API is served "
             "to the machine itself only.")
      .Build();
}

SectionPtr LogSection() {
  return SectionOf<LogConfig>()
      .Value("level", &LogConfig::level, OneOf(kLogLevels),
             "The lowest level of the messages that hark logs about itself.")
      .Value("format", &LogConfig::format, OneOf(kLogFormats),
             "text for people, json for a log collector.")
      .Build();
}

SectionPtr QuarantineSection() {
  return SectionOf<QuarantineConfig>()
      .Value("path", &QuarantineConfig::path, OrEmpty(ValueKind::kPath),
             "The file that names every record that was not read as an event: why, where it is, "
             "and its hash; empty: they are only counted.")
      .Value("raw", &QuarantineConfig::raw, Of(ValueKind::kBool),
             "Whether the quarantine holds the records themselves. They may hold secrets.")
      .Build();
}

SectionPtr ShutdownSection() {
  return SectionOf<ShutdownConfig>()
      .Value("deadline", &ShutdownConfig::deadline, Between(ValueKind::kDuration, kSecond, kHour),
             "How long a stop may take. What is not saved by then is read again at the start.")
      .Build();
}

SectionPtr LimitsSection() {
  return SectionOf<LimitsConfig>()
      .Value("max_record_bytes", &LimitsConfig::max_record_bytes,
             Between(ValueKind::kBytes, kMebibyte / 16, kGibibyte),
             "The longest record that is read. A longer one is cut out and counted.")
      .Value("max_webhook_body_bytes", &LimitsConfig::max_webhook_body_bytes,
             Between(ValueKind::kBytes, kMebibyte, 4 * kGibibyte),
             "The largest body that an API server may post. It posts up to 400 events at once and "
             "loses them if they are refused five times.")
      .Value("max_webhook_memory_bytes", &LimitsConfig::max_webhook_memory_bytes,
             Between(ValueKind::kBytes, kMebibyte, kTebibyte),
             "What all such bodies, and those who read them, may take at a time. What does not fit "
             "is to come again soon.")
      .Build();
}

SectionPtr Root() {
  return SectionOf<Config>()
      .Value("data_dir", &Config::data_dir, OrEmpty(ValueKind::kPath),
             "The folder of all that must outlive the process; empty: a temporary one.")
      .Value("cluster", &Config::cluster, OrEmpty(ValueKind::kText),
             "The cluster of events whose source names none; empty: what the record itself calls "
             "it, else default.")
      .Map("rules", &Config::rules, RulesSection(), "The rules that raise alerts.")
      .Map("sources", &Config::sources, SourcesSection(), "Where audit events come from.")
      .Map("state", &Config::state, StateSection(), "The memory of windows and alerts.")
      .Map("fact_log", &Config::fact_log, FactLogSection(),
           "What of the events is kept on disk until a snapshot holds it.")
      .Map("snapshot", &Config::snapshot, SnapshotSection(), "How often the state is saved.")
      .Map("alerts", &Config::alerts, AlertsSection(),
           "How long alerts are kept in the alert database.")
      .Map("outputs", &Config::outputs, OutputsSection(), "Where alerts go.")
      .Maps("silences", &Config::silences, SilenceSection(),
            "Alerts that are kept from the outputs for some time; they are stored all the same. "
            "hark silence adds more.")
      .Map("admin", &Config::admin, AdminSection(), "The listener for operators and Prometheus.")
      .Map("log", &Config::log, LogSection(), "What hark says about itself, on standard error.")
      .Map("quarantine", &Config::quarantine, QuarantineSection(),
           "The records that could not be read.")
      .Map("shutdown", &Config::shutdown, ShutdownSection(), "How hark stops.")
      .Map("limits", &Config::limits, LimitsSection(), "Bounds of what is read.")
      .Build();
}

}  // namespace

const Section& ConfigSchema() {
  static const auto& schema = *new SectionPtr(Root());
  return *schema;
}

}  // namespace hark::config
