#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "hark/alert.h"

namespace hark::alert {

// A summary is one sentence for a person, made from the template of a rule:
//
//   template    = *( text / placeholder )
//   placeholder = "{" name "}"      ; name: anything but braces
//
// Names are those of the rule's group-by fields, and actor.name, actor.type, source.ip, verb,
// resource, namespace, name, uri (of the opening event), cluster, count, total, namespaces (their
// number), window, first and last. An unknown placeholder stays as it is. `window` is the rule's
// timespan, or the time that the episode took once that is longer: "read 214 Secrets in 42m".
//
// A value that is missing is "-", an actor without a name "unauthenticated"; over 200 bytes it is
// cut and ends in "...". Values are as the client chose them: escape the sentence for its place.

// The sentence of the alert; the rule's title if the rule has no template.
// REQUIRES: alert.rule != nullptr.
std::string RenderSummary(const Alert& alert);

// Renders another template than that of the alert's rule.
std::string RenderTemplate(std::string_view text, const Alert& alert);

// The name by which the acting identity is shown.
std::string_view ActorName(const Alert& alert);

// An error that lists the placeholders of the rule's template that nothing can fill.
absl::Status CheckSummary(const RuleInfo& rule);

}  // namespace hark::alert
