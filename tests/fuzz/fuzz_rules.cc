// Any bytes are rules or are diagnosed: they neither crash the loader nor fill the memory. What
// loads can be printed, and loads the same a second time.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/diagnostics.h"
#include "rules/loader.h"
#include "rules/rule_set.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string content(reinterpret_cast<const char*>(data), size);
  const std::vector<hark::rules::RuleFile> lists = {{"lists/fuzz.yml", content}};
  hark::Diagnostics of_lists;
  hark::rules::LoadRules(lists, of_lists);

  const std::vector<hark::rules::RuleFile> files = {{"fuzz.yml", content}};
  hark::Diagnostics diagnostics;
  const auto rules = hark::rules::LoadRules(files, diagnostics);
  HARK_CHECK((rules == nullptr) == diagnostics.has_errors());
  const std::string shown = diagnostics.Format(files);
  HARK_CHECK(shown.empty() == diagnostics.all().empty());
  if (rules != nullptr) {
    hark::Diagnostics again;
    HARK_CHECK(Print(*hark::rules::LoadRules(files, again)) == Print(*rules));
  }
  return 0;
}
