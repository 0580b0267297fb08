#include "alert/jsonl_output.h"

#include <string>

#include "alert/alert_json.h"

namespace hark::alert {

absl::Status JsonlOutput::Write(const Alert& alert) {
  std::string line = ToJson(alert);
  line.push_back('\n');
  return writer_.Write(line);
}

}  // namespace hark::alert
