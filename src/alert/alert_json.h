#pragma once

#include <string>

#include "hark/alert.h"

namespace hark::alert {

// The alert as one canonical JSON object on one line, without a line end: docs/alerts.md and
// docs/alert.schema.json say what its keys mean. Equal alerts give equal bytes. A text or list
// that is empty is absent; only a value of `group` can be null.
// REQUIRES: alert.rule != nullptr.
std::string ToJson(const Alert& alert);

}  // namespace hark::alert
