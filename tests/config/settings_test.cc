#include "config/settings.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "base/yaml_reader.h"
#include "config/config_helper.h"
#include "config/config_schema.h"
#include "config/section_of.h"
#include "config/show.h"

namespace hark::config {
namespace {

struct Item {
  std::string name;
  std::int64_t weight = 7;
};

struct Settings {
  std::string title = "none";
  std::string url = "none";
  std::vector<std::string> words = {"one"};
  std::vector<Item> items;
};

std::shared_ptr<const Section> TestSchema() {
  return SectionOf<Settings>()
      .Value("title", &Settings::title, {.kind = ValueKind::kText}, "A title.")
      .Value("url", &Settings::url, {.kind = ValueKind::kAddress}, "A URL with a token.")
      .Secret()
      .Values("words", &Settings::words, {.kind = ValueKind::kText}, "Words.")
      .Maps("items", &Settings::items,
            SectionOf<Item>()
                .Value("name", &Item::name, {.kind = ValueKind::kText}, "A name.")
                .Required()
                .Value("weight", &Item::weight, {.kind = ValueKind::kInteger}, "A weight.")
                .Build(),
            "Items.")
      .Build();
}

// Reads files one after the other into Settings.
class SettingsTest : public ::testing::Test {
 protected:
  void Read(const std::string& yaml) {
    const std::string name = std::string(1, static_cast<char>('a' + files_.size())) + ".yaml";
    files_.push_back({name, yaml});
    for (const YamlNode& node : ReadYaml(files_.back(), diagnostics_)) {
      reader_.ReadFile(node);
    }
  }
  std::string Shown() { return ShowSettings(*schema_, &settings_, reader_.origins()); }
  std::string Problems() { return diagnostics_.Format({}); }

  Surroundings surroundings_ =
      Fake({{"HARK_TITLE", "from outside"}, {"HARK_WORDS", "x,y"}}, {{"/token", "hunter2:1"}});
  std::shared_ptr<const Section> schema_ = TestSchema();
  Settings settings_;
  Diagnostics diagnostics_;
  std::vector<TextFile> files_;
  SettingsReader reader_{*schema_, &settings_, "", surroundings_, diagnostics_};
};

TEST_F(SettingsTest, WithoutAFileAllAreDefaults) {
  EXPECT_EQ(Shown(),
            "title: none                                  # default\n"
            "url: none                                    # default\n"
            "words: [one]                                 # default\n"
            "items: []                                    # default\n");
}

TEST_F(SettingsTest, LaterFilesOverrideByKeyAndReplaceLists) {
  Read("title: first\nitems: [{name: x, weight: 1}, {name: y}]\n");
  Read("words: [a, b]\nitems:\n  - name: z\n");
  EXPECT_EQ(Problems(), "");
  EXPECT_EQ(Shown(),
            "title: first                                 # a.yaml:1\n"
            "url: none                                    # default\n"
            "words: [a, b]                                # b.yaml:1\n"
            "items:                                       # b.yaml:3\n"
            "  - name: z                                  # b.yaml:3\n"
            "    weight: 7                                # default\n");
}

TEST_F(SettingsTest, AKeyWithoutAValueOverridesNothing) {
  Read("title: first\nwords: [a]\n");
  Read("title:\nwords: ~\nitems:\n");
  EXPECT_EQ(settings_.title, "first");
  EXPECT_EQ(settings_.words, std::vector<std::string>{"a"});
}

TEST_F(SettingsTest, AnEmptyListReplacesADefault) {
  Read("words: []\n");
  EXPECT_TRUE(settings_.words.empty());
}

TEST_F(SettingsTest, TheEnvironmentOverridesFilesAndAFlagTheEnvironment) {
  Read("title: first\n");
  reader_.ReadVariables();
  EXPECT_EQ(settings_.title, "from outside");
  EXPECT_EQ(settings_.words, (std::vector<std::string>{"x", "y"}));
  reader_.ReadOverride({"--title", "title", "of a flag"});
  EXPECT_EQ(settings_.title, "of a flag");
  EXPECT_EQ(reader_.origins().at("title").location.file, "--title");
  EXPECT_EQ(reader_.origins().at("words").location.file, "HARK_WORDS");
}

TEST_F(SettingsTest, AnEmptyVariableSetsNothing) {
  surroundings_.variables = {{"HARK_TITLE", ""}};
  reader_.ReadVariables();
  EXPECT_EQ(settings_.title, "none");
}

TEST_F(SettingsTest, AVariableThatIsNearlyASettingDrawsAWarning) {
  surroundings_.variables = {{"HARK_TITEL", "x"},
                             {"HARK_SERVICE_HOST", "x"},
                             {"HARK_OTHER", "x"},
                             {"HARK_PORT", "tcp://10.0.0.1:80"},
                             {"TITLE", "x"}};
  reader_.ReadVariables();
  EXPECT_EQ(Problems(),
            "HARK_TITEL: warning: this variable sets nothing; did you mean 'HARK_TITLE'?\n");
}

TEST_F(SettingsTest, AnOverrideOfNoSettingIsAnError) {
  reader_.ReadOverride({"--set", "tittle", "x"});
  EXPECT_EQ(Problems(), "--set: error: there is no setting 'tittle'; did you mean 'title'?\n");
}

TEST_F(SettingsTest, ASecretIsShownNowhere) {
  for (const char* const yaml :
       {"url: hunter2:1", "url: ${file:/token}", "{title: '', url: hunter2}", "url: 'a hunter2'",
        "title: ${file:/token}", "words: [x, '${file:/token}']", "url: {hunter: hunter2}"}) {
    Read(yaml);
    for (const Diagnostic& diagnostic : diagnostics_.all()) {
      EXPECT_EQ(diagnostic.message.find("hunter2"), std::string::npos) << diagnostic.message;
    }
    EXPECT_EQ(Shown().find("hunter2"), std::string::npos) << Shown();
  }
}

TEST_F(SettingsTest, TheLineOfASecretIsKnown) {
  Read("title: x\nurl: 'not ok'\n");
  EXPECT_TRUE(reader_.HoldsSecret({"a.yaml", 2, 6}));
  EXPECT_FALSE(reader_.HoldsSecret({"a.yaml", 1, 1}));
}

TEST_F(SettingsTest, AVariableCannotInjectYaml) {
  surroundings_.variables = {{"EVIL", "x, weight: 1}, {name: y"}, {"LIST", "[a, b]"}};
  Read("items: [{name: '${EVIL}'}]\nwords: ${LIST}\n");
  ASSERT_EQ(settings_.items.size(), 1U);
  EXPECT_EQ(settings_.items[0].name, "x, weight: 1}, {name: y");
  EXPECT_EQ(Problems(), "a.yaml:2:8: error: 'words' must be a list, not text\n");
}

TEST_F(SettingsTest, KeysHoldNoReferences) {
  surroundings_.variables = {{"KEY", "title"}};
  Read("${KEY}: x\n");
  EXPECT_EQ(Problems(), "a.yaml:1:1: error: there is no setting '${KEY}'\n");
}

TEST(VariableNameTest, IsThePathInCapitals) {
  EXPECT_EQ(VariableName("data_dir"), "HARK_DATA_DIR");
  EXPECT_EQ(VariableName("outputs.stdout.min_level"), "HARK_OUTPUTS_STDOUT_MIN_LEVEL");
}

}  // namespace
}  // namespace hark::config
