#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

#include "absl/time/time.h"

#include "hark/clock.h"

#include "metrics/seconds.h"
#include "metrics/self_metrics.h"

namespace hark::metrics {
namespace {

// Of /proc/PID/stat, in clock ticks and pages.
struct ProcessStat {
  double user_ticks = 0, system_ticks = 0, start_ticks = 0, resident_pages = 0;
};

std::optional<ProcessStat> ReadStat() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  // The second field is the program's name, which may hold spaces and parentheses.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) {
    return std::nullopt;
  }
  std::istringstream rest(text.substr(name_end + 1));
  // Counted from the state, which is field 3 in proc(5).
  constexpr std::size_t kUser = 14 - 3, kSystem = 15 - 3, kStart = 22 - 3, kResident = 24 - 3;
  std::array<std::string, kResident + 1> fields;
  for (std::string& field : fields) {
    rest >> field;
  }
  const auto number = [&fields](std::size_t index) {
    double value = 0;
    const std::string& field = fields.at(index);
    std::from_chars(field.data(), field.data() + field.size(), value);
    return value;
  };
  return ProcessStat{.user_ticks = number(kUser),
                     .system_ticks = number(kSystem),
                     .start_ticks = number(kStart),
                     .resident_pages = number(kResident)};
}

// When the machine started, in seconds since 1970. Not from /proc/stat, which a hardened service
// does not see.
double BootTime() {
  timespec since_boot{};
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return Seconds(absl::ToUnixMicros(Clock::System().Now())) -
         static_cast<double>(since_boot.tv_sec) - static_cast<double>(since_boot.tv_nsec) / 1e9;
}

std::optional<double> OpenFiles() {
  std::error_code error;
  std::filesystem::directory_iterator files("/proc/self/fd", error);
  double count = 0;
  for (; !error && files != std::filesystem::directory_iterator(); files.increment(error)) {
    count += 1;
  }
  if (error) {
    return std::nullopt;
  }
  return count - 1;  // the folder itself is open while it is read
}

}  // namespace

void AddProcessMetrics(Registry& registry) {
  const double ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
  const Counter cpu = registry.AddCounter(
      {"process_cpu_seconds_total", "User and system CPU time of the process."});
  const Gauge resident =
      registry.AddGauge({"process_resident_memory_bytes", "Resident memory of the process."});
  const Gauge files = registry.AddGauge({"process_open_fds", "Open file descriptors."});
  const Gauge start =
      registry.AddGauge({"process_start_time_seconds", "When the process started."});
  if (const std::optional<ProcessStat> stat = ReadStat()) {
    start.Set(BootTime() + stat->start_ticks / ticks_per_second);
  }
  registry.OnCollect([=, counted = 0.0]() mutable {
    if (const std::optional<ProcessStat> stat = ReadStat()) {
      const double seconds = (stat->user_ticks + stat->system_ticks) / ticks_per_second;
      cpu.Add(seconds - counted);
      counted = seconds;
      resident.Set(stat->resident_pages * page_bytes);
    }
    if (const std::optional<double> count = OpenFiles()) {
      files.Set(*count);
    }
  });
}

}  // namespace hark::metrics
