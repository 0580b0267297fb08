#include "cli/alert_sink.h"

namespace hark::cli {

void AlertSink::OnRevision(const Alert& alert) {
  if (alert.state != AlertState::kClosed) {
    return;
  }
  if (options_.fail_on.has_value() && alert.level >= *options_.fail_on) {
    reached_fail_level_ = true;
  }
  if (alert.level < options_.min_level || !status_.ok()) {
    return;
  }
  ++alerts_;
  report_.Add(alert);
  if (options_.output == nullptr) {
    return;
  }
  options_.progress->Clear();
  status_ = options_.output->Write(alert);
  if (status_.ok()) {
    status_ = options_.output->Flush();  // whoever reads at the other end waits for it
  }
  if (!status_.ok()) {
    options_.stop->store(true, std::memory_order_relaxed);
  }
}

}  // namespace hark::cli
