#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "alert/revision.h"

namespace hark::alert {

// The body for an incoming webhook of Slack: who did what, as texts that are never read as markup
// (plain_text blocks, and & < > escaped, so that no event makes a link or calls a channel). Texts
// are cut to what Slack takes. InvalidArgument if the stored JSON is no alert.
absl::StatusOr<std::string> SlackMessage(const Revision& revision);

// For any text of a Slack message: & < > escaped, control and invisible characters shown.
std::string EscapeForSlack(std::string_view text);

}  // namespace hark::alert
