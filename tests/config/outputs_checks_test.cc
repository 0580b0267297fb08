#include "config/outputs_checks.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "config/config_helper.h"

namespace hark::config {
namespace {

using ::testing::HasSubstr;

TEST(OutputsChecksTest, ReportsWhatNoSettingShowsAlone) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"webhooks: [{name: a, url: 'http://a'}, {name: a, url: 'http://b'}]",
       "'outputs.webhooks[1].name' is the name of outputs.webhooks[0], too"},
      {"webhooks: [{name: a, url: 'http://a'}]\n  alertmanagers: [{name: a, urls: ['http://b']}]",
       "'outputs.alertmanagers[0].name' is the name of outputs.webhooks[0], too"},
      {"webhooks: [{name: stdout, url: 'http://a'}]", "an output that hark names itself"},
      {"webhooks: [{name: 'file:/a', url: 'http://a'}]", "an output that hark names itself"},
      {"webhooks: [{name: a}]", "'outputs.webhooks[0]' needs either url or url_file"},
      {"webhooks: [{name: a, url: 'http://a', url_file: /f}]", "needs either url or url_file"},
      {"webhooks: [{name: a, url: 'http://a', format: template}]",
       "the format template and template_file need each other"},
      {"webhooks: [{name: a, url: 'http://a', template_file: /f}]",
       "the format template and template_file need each other"},
      {"webhooks: [{name: a, url: 'http://a', tls: {cert_file: /c}}]",
       "'outputs.webhooks[0].tls' needs both cert_file and key_file"},
      {"webhooks: [{name: a, url: 'http://a', headers: [{name: 'X Y', value: z}]}]",
       "'outputs.webhooks[0].headers[0].name' is no name of an HTTP header"},
      {"webhooks: [{name: a, url: 'http://a', headers: [{name: X, value: z, value_file: /f}]}]",
       "'outputs.webhooks[0].headers[0]' has both value and value_file"},
      {"alertmanagers: [{name: a}]", "'outputs.alertmanagers[0].urls' must not be empty"},
      {"alertmanagers: [{name: a, urls: ['http://b', 'http://b']}]",
       "'outputs.alertmanagers[0].urls[1]' is the URL of urls[0], too"},
  };
  for (const auto& [yaml, message] : cases) {
    EXPECT_THAT(DiagnosticsOf(OneFile("outputs:\n  " + yaml + "\n", Fake({}, {{"/f", "x"}}))),
                HasSubstr(message))
        << yaml;
  }
}

TEST(OutputsChecksTest, TheMessageStandsWhereTheOutputDoes) {
  EXPECT_THAT(DiagnosticsOf(OneFile("outputs:\n  webhooks:\n    - name: a\n")),
              HasSubstr("h.yaml:3:"));
}

TEST(OutputsChecksTest, AUrlWithAPasswordIsRefusedWithoutShowingIt) {
  const std::string problems =
      DiagnosticsOf(OneFile("outputs: {webhooks: [{name: a, url: '${file:/f}'}]}\n",
                            Fake({}, {{"/f", "https://user:hunter2@a.example"}})));
  EXPECT_THAT(problems, HasSubstr("without a user or password"));
  EXPECT_THAT(problems, ::testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace hark::config
