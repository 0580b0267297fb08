#include "cli/progress_line.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/str_format.h"

#include "cli/terminal.h"

namespace hark::cli {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(200);

double PerSecond(std::uint64_t count, absl::Duration elapsed) {
  return static_cast<double>(count) / std::max(absl::ToDoubleSeconds(elapsed), 1e-6);
}

}  // namespace

ProgressLine::ProgressLine(std::FILE* file, std::uint64_t total_bytes, const Clock& clock)
    : file_(file),
      total_bytes_(total_bytes),
      clock_(clock),
      start_(clock.Now()),
      enabled_(IsTerminal(file)),
      next_(start_ + kInterval) {}

void ProgressLine::Update(const pipeline::ReplayProgress& progress) {
  if (!enabled_) {
    return;
  }
  const absl::Time now = clock_.Now();
  if (now < next_) {
    return;
  }
  next_ = now + kInterval;
  absl::FPrintF(file_, "\r%s\x1b[K", FormatProgress(progress, total_bytes_, now - start_));
  std::fflush(file_);
  shown_ = true;
}

void ProgressLine::Clear() {
  if (shown_) {
    absl::FPrintF(file_, "\r\x1b[K");
    std::fflush(file_);
    shown_ = false;
  }
}

std::string FormatBytes(std::uint64_t bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  const int decimals = unit == 0 || value >= 99.95 ? 0 : 1;
  return absl::StrFormat("%.*f %s", decimals, value, kUnits[unit]);
}

std::string FormatProgress(const pipeline::ReplayProgress& progress, std::uint64_t total_bytes,
                           absl::Duration elapsed) {
  const double speed = PerSecond(progress.bytes, elapsed);
  std::string line = FormatBytes(progress.bytes);
  if (total_bytes > 0) {
    line += absl::StrFormat(" of %s", FormatBytes(total_bytes));
  }
  line += absl::StrFormat(", %s/s, %.0f k events/s", FormatBytes(static_cast<std::uint64_t>(speed)),
                          PerSecond(progress.events, elapsed) / 1000);
  if (total_bytes > progress.bytes && speed > 0) {
    line +=
        absl::StrFormat(", %.0f s left", static_cast<double>(total_bytes - progress.bytes) / speed);
  }
  return line;
}

}  // namespace hark::cli
