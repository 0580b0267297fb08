#include "config/loader.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "config/config_helper.h"
#include "support/hostile_texts.h"
#include "support/temp_dir.h"

namespace hark::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(LoaderTest, AnEmptyFileGivesTheDefaults) {
  EXPECT_EQ(Load(OneFile("")).config, Config());
  EXPECT_EQ(Load(OneFile("# nothing\n")).config, Config());
  EXPECT_EQ(Load(OneFile("log:\nsources:\n  files:\n")).config, Config());
  EXPECT_EQ(Load({.surroundings = Fake()}).config, Config());
}

TEST(LoaderTest, EverySettingReachesItsMember) {
  const Config config = Load(OneFile(R"(
data_dir: /data
cluster: prod
rules: {paths: [/rules, /more.yml]}
sources:
  files:
    - {path: /log/a.log, cluster: other, lateness: 1m, from_start: true}
    - path: /log/*.log
state: {max_bytes: 1GiB}
fact_log: {segment_bytes: 8MiB, max_bytes: 2GiB}
snapshot: {interval: 10s, bytes: 128MiB}
alerts: {max_age: 7d, max_bytes: 64MiB, dead_letters_max_age: 24h}
outputs:
  stdout: {enabled: false, format: jsonl, min_level: high}
  files: [{path: /out/a.jsonl, min_level: critical}]
  webhooks:
    - name: soc
      url: https://soc.example/hark
      format: template
      template_file: /t.json
      secret_files: [/run/token]
      concurrency: 8
      min_level: high
      rules: [a, b]
      tags: [attack.impact]
      headers: [{name: X-A, value: b}, {name: Authorization, value_file: /run/token}]
      tls: {ca_file: /ca.pem, cert_file: /cert.pem, key_file: /run/token}
      proxy: http://proxy:3128
      timeout: 3s
      allow_link_local: true
      max_age: 24h
      max_bytes: 64MiB
      max_per_minute: 30
    - {name: other, url_file: /run/token}
  alertmanagers: [{name: am, urls: ['http://a:9093', 'http://b:9093'], resend: 30s}]
  slack: [{name: chat, url_file: /run/token}]
silences: [{matchers: a=b, reason: c, author: d, until: e}]
admin: {listen: ':9000', token_file: /run/token}
log: {level: error, format: json}
quarantine: {path: /q, raw: true}
shutdown: {deadline: 5s}
limits: {max_record_bytes: 1MiB}
)",
                                     Fake({}, {{"/run/token", "x"}})))
                            .config;
  Config expected;
  expected.data_dir = "/data";
  expected.cluster = "prod";
  expected.rules.paths = {"/rules", "/more.yml"};
  expected.sources.files = {{"/log/a.log", "other", 60 * kSecond, true},
                            {"/log/*.log", "", 5 * kSecond, false}};
  expected.state.max_bytes = 1024 * kMebibyte;
  expected.fact_log = {8 * kMebibyte, 2048 * kMebibyte};
  expected.snapshot = {10 * kSecond, 128 * kMebibyte};
  expected.alerts = {Micros{168} * 3600 * kSecond, 64 * kMebibyte, Micros{24} * 3600 * kSecond};
  expected.outputs.to_stdout = {false, AlertFormat::kJsonl, Severity::kHigh};
  expected.outputs.files = {{"/out/a.jsonl", Severity::kCritical}};
  WebhookConfig soc;
  soc.name = "soc";
  soc.url = "https://soc.example/hark";
  soc.format = BodyFormat::kTemplate;
  soc.template_file = "/t.json";
  soc.secret_files = {"/run/token"};
  soc.concurrency = 8;
  soc.min_level = Severity::kHigh;
  soc.rules = {"a", "b"};
  soc.tags = {"attack.impact"};
  soc.headers = {{"X-A", "b", ""}, {"Authorization", "", "/run/token"}};
  soc.tls = {"/ca.pem", "/cert.pem", "/run/token"};
  soc.proxy = "http://proxy:3128";
  soc.timeout = 3 * kSecond;
  soc.allow_link_local = true;
  soc.max_age = Micros{24} * 3600 * kSecond;
  soc.max_bytes = 64 * kMebibyte;
  soc.max_per_minute = 30;
  WebhookConfig other;
  other.name = "other";
  other.url_file = "/run/token";
  expected.outputs.webhooks = {soc, other};
  AlertmanagerConfig alertmanager;
  alertmanager.name = "am";
  alertmanager.urls = {"http://a:9093", "http://b:9093"};
  alertmanager.resend = 30 * kSecond;
  expected.outputs.alertmanagers = {alertmanager};
  SlackConfig slack;
  slack.name = "chat";
  slack.url_file = "/run/token";
  expected.outputs.slack = {slack};
  expected.silences = {{"a=b", "c", "d", "e"}};
  expected.admin = {":9000", "/run/token"};
  expected.log = {LogLevel::kError, LogFormat::kJson};
  expected.quarantine = {"/q", true};
  expected.shutdown.deadline = 5 * kSecond;
  expected.limits.max_record_bytes = kMebibyte;
  EXPECT_EQ(config, expected);
}

TEST(LoaderTest, FlagsGoOverTheEnvironmentOverFilesOverDefaults) {
  ConfigInput input = {.files = {{"h.yaml", "log: {level: error, format: json}\ncluster: a\n"},
                                 {"conf.d/1.yaml", "log: {level: warn}\n"}},
                       .surroundings = Fake()};
  EXPECT_EQ(Load(input).config.log, (LogConfig{LogLevel::kWarn, LogFormat::kJson}));
  input.surroundings.variables["HARK_LOG_LEVEL"] = "info";
  EXPECT_EQ(Load(input).config.log.level, LogLevel::kInfo);
  input.overrides = {{"--log-level", "log.level", "debug"}};
  EXPECT_EQ(Load(input).config.log.level, LogLevel::kDebug);
  EXPECT_EQ(Load(input).config.cluster, "a");
}

TEST(LoaderTest, RelativePathsOfFilesAreRelativeToTheirFolder) {
  ConfigInput input =
      OneFile("data_dir: data\nrules: {paths: [../rules, /abs]}\nquarantine: {path: ''}\n");
  input.folder = "/etc/hark";
  input.surroundings.variables["HARK_RULES_PATHS"] = "";
  const Config config = Load(input).config;
  EXPECT_EQ(config.data_dir, "/etc/hark/data");
  EXPECT_THAT(config.rules.paths, ElementsAre("/etc/rules", "/abs"));
  EXPECT_EQ(config.quarantine.path, "");
  input.overrides = {{"--data-dir", "data_dir", "here"}};
  EXPECT_EQ(Load(input).config.data_dir, "here");
}

TEST(LoaderTest, WhatAVariableHoldsIsAlwaysOneValue) {
  for (const std::string& hostile : hark::testing::HostileTexts()) {
    const ConfigInput input =
        OneFile("cluster: \"${X}\"\nlog: {level: debug}\n", Fake({{"X", hostile}}));
    Diagnostics diagnostics;
    const std::optional<LoadedConfig> loaded = LoadConfig(input, diagnostics);
    if (loaded.has_value()) {
      EXPECT_EQ(loaded->config.cluster, hostile);
      EXPECT_EQ(loaded->config.log.level, LogLevel::kDebug);
      EXPECT_EQ(loaded->origins.size(), 2U);
    }
  }
}

TEST(LoaderTest, TheLineOfAFileWithASecretReferenceShowsTheReferenceOnly) {
  const std::string problems =
      DiagnosticsOf(OneFile("log: {level: '${file:/s}'}\n", Fake({}, {{"/s", "hunter2"}})));
  EXPECT_EQ(problems,
            "h.yaml:1:14: error: 'log.level' must be one of debug, info, warn, error\n"
            "  log: {level: '${file:/s}'}\n"
            "               ^\n");
}

TEST(ReadConfigFilesTest, ReadsTheMainFileAndThenConfDSortedByName) {
  const hark::testing::TempDir folder;
  const std::string main_file = folder.Write("hark.yaml", "a");
  folder.Write("conf.d/20.yaml", "c");
  folder.Write("conf.d/10.yml", "b");
  folder.Write("conf.d/.hidden.yaml", "x");
  folder.Write("conf.d/..data/x.yaml", "x");
  folder.Write("conf.d/readme.txt", "x");
  const absl::StatusOr<std::vector<TextFile>> files = ReadConfigFiles(main_file);
  ASSERT_TRUE(files.ok());
  std::string contents;
  for (const TextFile& file : *files) {
    contents += file.content;
  }
  EXPECT_EQ(contents, "abc");
}

TEST(ReadConfigFilesTest, AFileThatCannotBeReadIsAnError) {
  const hark::testing::TempDir folder;
  EXPECT_THAT(std::string(ReadConfigFiles(folder.Path("none.yaml")).status().message()),
              HasSubstr("cannot read"));
  folder.Write("hark.yaml", "");
  folder.Write("conf.d/a.yaml/b", "");
  EXPECT_FALSE(ReadConfigFiles(folder.Path("hark.yaml")).ok());
}

// A file, and what is wrong with it.
struct Case {
  std::string yaml;
  std::string problems;
};

class ConfigDiagnosticsTest : public ::testing::TestWithParam<Case> {};

TEST_P(ConfigDiagnosticsTest, AreAllNamedWithTheirPlace) {
  const ConfigInput input = OneFile(GetParam().yaml);
  Diagnostics diagnostics;
  LoadConfig(input, diagnostics);
  EXPECT_EQ(diagnostics.Format({}), GetParam().problems);
}

INSTANTIATE_TEST_SUITE_P(
    Keys, ConfigDiagnosticsTest,
    ::testing::Values(
        Case{"clustre: a\n",
             "h.yaml:1:1: error: there is no setting 'clustre'; did you mean 'cluster'?\n"},
        Case{"log:\n  levle: info\n  fromat: text\n",
             "h.yaml:2:3: error: there is no setting 'log.levle'; did you mean 'level'?\n"
             "h.yaml:3:3: error: there is no setting 'log.fromat'; did you mean 'format'?\n"},
        Case{"sources: {files: [{path: /a, latenes: 5s}]}\n",
             "h.yaml:1:30: error: there is no setting 'sources.files[0].latenes'; did you mean "
             "'lateness'?\n"},
        Case{"entirely_else: 1\n", "h.yaml:1:1: error: there is no setting 'entirely_else'\n"},
        Case{"log: {level: info}\nlog: {format: text}\n",
             "h.yaml:2:1: error: the key 'log' stands twice in this map\n"}));

INSTANTIATE_TEST_SUITE_P(
    Shapes, ConfigDiagnosticsTest,
    ::testing::Values(
        Case{"[a]\n", "h.yaml:1:1: error: the configuration must be a map, not a list\n"},
        Case{"text\n", "h.yaml:1:1: error: the configuration must be a map, not text\n"},
        Case{"a: 1\n---\nb: 1\n",
             "h.yaml:1:1: error: there is no setting 'a'\n"
             "h.yaml:3:1: error: a configuration file holds one document\n"},
        Case{"log: info\n", "h.yaml:1:6: error: 'log' must be a map, not text\n"},
        Case{"log: {level: [info]}\n",
             "h.yaml:1:14: error: 'log.level' must be one of debug, info, warn, error, not a "
             "list\n"},
        Case{"rules: {paths: /a}\n",
             "h.yaml:1:16: error: 'rules.paths' must be a list, not text\n"},
        Case{"rules: {paths: [/a, [b], ~]}\n",
             "h.yaml:1:21: error: 'rules.paths' must be a list of texts, not of a list\n"
             "h.yaml:1:26: error: 'rules.paths' must be a list of texts, not of nothing\n"},
        Case{"sources: {files: {path: /a}}\n",
             "h.yaml:1:18: error: 'sources.files' must be a list of maps, not a map\n"},
        Case{"sources: {files: [/a]}\n",
             "h.yaml:1:19: error: 'sources.files[0]' must be a map, not text\n"},
        Case{"a: [1\n", "h.yaml:2:1: error: end of sequence flow not found\n"}));

INSTANTIATE_TEST_SUITE_P(
    Values, ConfigDiagnosticsTest,
    ::testing::Values(
        Case{"log: {level: inf}\n",
             "h.yaml:1:14: error: 'log.level' must be one of debug, info, warn, error, not 'inf'; "
             "did you mean 'info'?\n"},
        Case{"snapshot: {interval: 60}\n",
             "h.yaml:1:22: error: 'snapshot.interval' must be a duration from 1s to 1d, such as "
             "30s, not '60'\n"},
        Case{"state: {max_bytes: 1KiB}\n",
             "h.yaml:1:20: error: 'state.max_bytes' must be a size from 1MiB to 1TiB, such as "
             "64MiB, not '1KiB'\n"},
        Case{"outputs: {stdout: {enabled: yes}}\n",
             "h.yaml:1:29: error: 'outputs.stdout.enabled' must be true or false, not 'yes'\n"},
        Case{"admin: {listen: localhost}\n",
             "h.yaml:1:17: error: 'admin.listen' must be an address, such as 127.0.0.1:9881 or "
             ":9881, not 'localhost'\n"},
        Case{"rules: {paths: ['']}\n", "h.yaml:1:17: error: 'rules.paths' must not be empty\n"},
        Case{"cluster: \"a\\nb\"\n", "h.yaml:1:10: error: 'cluster' must be printable UTF-8\n"},
        Case{"cluster: x${NO_SUCH}\n",
             "h.yaml:1:11: error: the environment variable NO_SUCH is not set; "
             "${NO_SUCH:-default} would do without it\n"},
        Case{"data_dir: ${file:/none}\n", "h.yaml:1:11: error: cannot read /none\n"}));

INSTANTIATE_TEST_SUITE_P(
    SeveralSettings, ConfigDiagnosticsTest,
    ::testing::Values(
        Case{"sources: {files: [{cluster: a}, {path: ~}]}\n",
             "h.yaml:1:19: error: 'sources.files[0].path' is missing\n"
             "h.yaml:1:33: error: 'sources.files[1].path' is missing\n"},
        Case{"sources: {files: [{path: /a}, {path: /a}]}\n",
             "h.yaml:1:38: error: 'sources.files[1].path' is the path of sources.files[0], too\n"},
        Case{"quarantine: {raw: true}\n",
             "h.yaml:1:19: error: 'quarantine.raw' needs 'quarantine.path'\n"},
        Case{"fact_log: {max_bytes: 512MiB}\n",
             "h.yaml:1:23: error: 'fact_log.max_bytes' is 512MiB, but a segment and twice "
             "'snapshot.bytes' are 576MiB\n"},
        Case{"admin: {token_file: /none}\n",
             "h.yaml:1:21: warning: 'admin.token_file': cannot read /none\n"}));

TEST(LoaderTest, APathCannotBeTheContentOfAFile) {
  EXPECT_EQ(DiagnosticsOf(OneFile("admin: {token_file: '${file:/s}'}\n", Fake({}, {{"/s", "x"}}))),
            "h.yaml:1:21: error: 'admin.token_file' is a path: write the path itself, not "
            "${file:...}\n"
            "  admin: {token_file: '${file:/s}'}\n"
            "                      ^\n");
}

TEST(LoaderTest, AnErrorOfAnOverriddenValueIsReportedNonetheless) {
  const ConfigInput input = {.files = {{"a", "log: {level: x}"}, {"b", "log: {level: info}"}},
                             .surroundings = Fake()};
  EXPECT_THAT(DiagnosticsOf(input), HasSubstr("a:1:14: error: 'log.level'"));
}

}  // namespace
}  // namespace hark::config
