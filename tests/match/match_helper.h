#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gtest/gtest.h"

#include "base/diagnostics.h"
#include "parse/event_parser.h"
#include "rules/loader.h"
#include "rules/rule_set.h"
#include "support/event_json.h"

namespace hark::match {

// An event with what it is a view of.
class ParsedEvent {
 public:
  explicit ParsedEvent(std::string_view json, EventParts parts = kAllEventParts)
      : text_(std::make_unique<testing::PaddedText>(json)),
        parser_(std::make_unique<parse::EventParser>(parts)) {
    EXPECT_EQ(parser_->Parse(text_->view(), event_), parse::ParseOutcome::kEvent) << json;
  }
  explicit ParsedEvent(const testing::EventBuilder& event, EventParts parts = kAllEventParts)
      : ParsedEvent(event.Json(), parts) {}

  const AuditEvent& get() const { return event_; }

 private:
  std::unique_ptr<testing::PaddedText> text_;
  std::unique_ptr<parse::EventParser> parser_;
  AuditEvent event_;
};

// The rules of one file; the test fails if they do not load.
inline std::shared_ptr<const rules::RuleSet> LoadYaml(const std::string& yaml) {
  const std::vector<rules::RuleFile> files = {{"r.yml", yaml}};
  Diagnostics diagnostics;
  std::shared_ptr<const rules::RuleSet> rules = rules::LoadRules(files, diagnostics);
  EXPECT_NE(rules, nullptr) << diagnostics.Format(files);
  return rules == nullptr ? std::make_shared<const rules::RuleSet>() : std::move(rules);
}

}  // namespace hark::match
