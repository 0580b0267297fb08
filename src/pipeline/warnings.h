#pragma once

#include <string>
#include <vector>

#include "pipeline/replay.h"

namespace hark::pipeline {

// What a user should know before trusting the result, one sentence each with what to do about it:
// more than 1 % of a log's records rejected, more than 0.1 % of the facts late, facts not judged,
// and what the state budget cost.
std::vector<std::string> Warnings(const ReplayResult& result);

}  // namespace hark::pipeline
