#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

#include "CLI/CLI.hpp"
#include "base/diagnostics.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/rule_loading.h"
#include "cli/rule_test.h"
#include "cli/rule_test_reader.h"

namespace hark::cli {
namespace {

constexpr std::string_view kTestSuffix = "_test";

// "a/b_test.yml" is split into "a/b_test" and ".yml".
std::pair<std::string, std::string> SplitExtension(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string::npos ? std::pair(path, std::string())
                                  : std::pair(path.substr(0, dot), path.substr(dot));
}

bool IsTestFile(const std::string& path) {
  return SplitExtension(path).first.ends_with(kTestSuffix);
}

std::string RulePathOf(const std::string& test_path) {
  auto [stem, extension] = SplitExtension(test_path);
  stem.resize(stem.size() - kTestSuffix.size());
  return stem + extension;
}

// A rule file and its tests.
struct TestedRule {
  rules::RuleFile rule;
  rules::RuleFile tests;  // its path is empty if there is none
};

// Runs the tests of rule files and counts how they went.
class TestRun {
 public:
  absl::Status Collect(const std::vector<std::string>& paths) {
    ASSIGN_OR_RETURN(const std::vector<rules::RuleFile> files, rules::ReadRuleFiles(paths));
    for (const rules::RuleFile& file : files) {
      if (IsTestFile(file.path)) {
        rules_[RulePathOf(file.path)].tests = file;
      } else if (IsListFile(file)) {
        lists_.push_back(file);
      } else {
        rules_[file.path].rule = file;
      }
    }
    for (auto& [path, tested] : rules_) {
      if (tested.rule.path.empty()) {
        ASSIGN_OR_RETURN(const std::vector<rules::RuleFile> rule, rules::ReadRuleFiles({path}));
        tested.rule = rule.front();
      }
    }
    if (lists_.empty()) {
      const std::vector<rules::RuleFile>& shipped = rules::ShippedRules();
      std::copy_if(shipped.begin(), shipped.end(), std::back_inserter(lists_), IsListFile);
    }
    return absl::OkStatus();
  }

  ExitCode Run() {
    for (const auto& [path, tested] : rules_) {
      if (tested.tests.path.empty()) {
        Fail(path, "there is no test beside it", {});
      } else {
        RunFile(tested);
      }
    }
    Print(absl::StrFormat("%d passed, %d failed\n", passed_, failed_));
    return Worst(code_, failed_ > 0 ? ExitCode::kFindings : ExitCode::kDone);
  }

 private:
  void RunFile(const TestedRule& tested) {
    Diagnostics diagnostics;
    const std::vector<RuleTest> tests = ReadRuleTests(tested.tests, diagnostics);
    std::vector<rules::RuleFile> files = lists_;
    files.push_back(tested.rule);
    const std::shared_ptr<const rules::RuleSet> rules = rules::LoadRules(files, diagnostics);
    files.push_back(tested.tests);
    absl::FPrintF(stderr, "%s", diagnostics.Format(files));
    if (diagnostics.has_errors()) {
      code_ = ExitCode::kConfiguration;
      return;
    }
    for (const RuleTest& test : tests) {
      const std::vector<std::string> failures = RunRuleTest(test, rules);
      if (failures.empty()) {
        ++passed_;
        PrintLine("ok    ", tested.tests.path, test.name);
      } else {
        Fail(tested.tests.path, test.name, failures);
      }
    }
  }

  void Fail(const std::string& path, const std::string& name,
            const std::vector<std::string>& failures) {
    ++failed_;
    PrintLine("FAIL  ", path, name);
    for (const std::string& failure : failures) {
      Print(absl::StrFormat("        %s\n", EscapeForTerminal(failure)));
    }
  }

  static void PrintLine(const char* result, const std::string& path, const std::string& name) {
    Print(absl::StrFormat("%s%s: %s\n", result, EscapeForTerminal(path), EscapeForTerminal(name)));
  }

  std::map<std::string, TestedRule> rules_;  // by the path of the rule file
  std::vector<rules::RuleFile> lists_;
  int passed_ = 0;
  int failed_ = 0;
  ExitCode code_ = ExitCode::kDone;
};

ExitCode RunTests(const std::vector<std::string>& paths) {
  TestRun run;
  if (const absl::Status status = run.Collect(paths); !status.ok()) {
    PrintError(status);
    return ExitCode::kConfiguration;
  }
  return run.Run();
}

}  // namespace

void AddRulesTestCommand(CLI::App& rules, Command& chosen) {
  CLI::App* const command =
      rules.add_subcommand("test", "Run the tests that stand beside rules, <rule>_test.yml");
  auto paths = std::make_shared<std::vector<std::string>>();
  command->add_option("PATH", *paths, "Test files, and folders of rules with their tests")
      ->required();
  command->callback([paths, &chosen] { chosen = [paths] { return RunTests(*paths); }; });
}

}  // namespace hark::cli
