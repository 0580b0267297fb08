#pragma once

#include <functional>
#include <string>

namespace hark::config {

// Gets the path of a setting and a message.
using ReportProblem = std::function<void(const std::string& path, const std::string& message)>;

}  // namespace hark::config
