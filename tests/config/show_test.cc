#include "config/show.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "config/config_helper.h"

namespace hark::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ShowTest, EverySettingIsShownWithItsOrigin) {
  ConfigInput input = {.files = {{"/etc/hark/hark.yaml", "cluster: prod\n\nlog:\n  level: warn\n"}},
                       .surroundings = Fake({{"HARK_STATE_MAX_BYTES", "1073741824"}}),
                       .overrides = {{"--data-dir", "data_dir", "/data"}}};
  EXPECT_EQ(ShowConfig(Load(input)),
            R"(data_dir: /data                              # --data-dir
cluster: prod                                # /etc/hark/hark.yaml:1
rules:
  paths: []                                  # default
sources:
  files: []                                  # default
  webhooks: []                               # default
  kafka: []                                  # default
state:
  max_bytes: 1GiB                            # HARK_STATE_MAX_BYTES
fact_log:
  segment_bytes: 64MiB                       # default
  max_bytes: 4GiB                            # default
snapshot:
  interval: 1m                               # default
  bytes: 256MiB                              # default
alerts:
  max_age: 90d                               # default
  max_bytes: 4GiB                            # default
  dead_letters_max_age: 30d                  # default
outputs:
  stdout:
    enabled: true                            # default
    format: table                            # default
    min_level: low                           # default
  files: []                                  # default
  webhooks: []                               # default
  alertmanagers: []                          # default
  slack: []                                  # default
silences: []                                 # default
admin:
  listen: "127.0.0.1:9881"                   # default
  token_file: ""                             # default
log:
  level: warn                                # /etc/hark/hark.yaml:4
  format: text                               # default
quarantine:
  path: ""                                   # default
  raw: false                                 # default
shutdown:
  deadline: 30s                              # default
limits:
  max_record_bytes: 64MiB                    # default
  max_webhook_body_bytes: 128MiB             # default
  max_webhook_memory_bytes: 512MiB           # default
)");
}

TEST(ShowTest, ReadsBackAsTheSameConfiguration) {
  const LoadedConfig loaded = Load(OneFile(R"(
cluster: "true"
data_dir: "/a b/#c: 'd' \"e\" \\ $${X} - é"
rules: {paths: ["- a", "null", "~", "123", "a, b", "[x]", "a:", "${VAR}"]}
sources: {files: [{path: "*.log", cluster: "{}"}, {path: "&a", cluster: "!b"}]}
)",
                                           Fake({{"VAR", "${file:/none}"}})));
  EXPECT_EQ(Load(OneFile(ShowConfig(loaded))).config, loaded.config);
}

TEST(ShowTest, WhatComesFromAFileIsNotShown) {
  const LoadedConfig loaded =
      Load(OneFile("cluster: \"a-${file:/s}\"\n", Fake({}, {{"/s", "hunter2"}})));
  EXPECT_EQ(loaded.config.cluster, "a-hunter2");
  EXPECT_THAT(ShowConfig(loaded), Not(HasSubstr("hunter2")));
  EXPECT_THAT(ShowConfig(loaded), HasSubstr("cluster: <secret> "));
}

TEST(ShowTest, AnOverriddenSecretIsNoSecret) {
  ConfigInput input = OneFile("cluster: ${file:/s}\n", Fake({}, {{"/s", "hunter2"}}));
  input.overrides = {{"--set", "cluster", "open"}};
  EXPECT_THAT(ShowConfig(Load(input)), HasSubstr("cluster: open "));
}

}  // namespace
}  // namespace hark::config
