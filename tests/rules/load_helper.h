#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "base/diagnostics.h"
#include "rules/loader.h"
#include "rules/rule_set.h"

namespace hark::rules {

// A single-event rule with that text of `detection`, each line indented by two spaces.
inline std::string RuleText(const std::string& id, const std::string& detection,
                            const std::string& more = "") {
  return "title: Rule " + id + "\nid: " + id +
         "\nlogsource: {product: kubernetes, service: audit}\ndetection:\n" + detection + more;
}

// The rules of one file; the test fails if they do not load.
inline std::shared_ptr<const RuleSet> Load(const std::string& yaml) {
  const std::vector<RuleFile> files = {{"r.yml", yaml}};
  Diagnostics diagnostics;
  std::shared_ptr<const RuleSet> rules = LoadRules(files, diagnostics);
  EXPECT_NE(rules, nullptr) << diagnostics.Format(files);
  return rules == nullptr ? std::make_shared<const RuleSet>() : std::move(rules);
}

// What is wrong with a file, one "line:column: kind: message" a line, in the order of the file.
inline std::string DiagnosticsOf(const std::string& yaml, const std::string& path = "r.yml") {
  Diagnostics diagnostics;
  LoadRules({{path, yaml}}, diagnostics);
  // Without the file's content no lines of it are quoted.
  std::string text = diagnostics.Format({});
  const std::string prefix = path + ":";
  for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
    text.erase(at, prefix.size());
  }
  return text;
}

}  // namespace hark::rules
