#include "config/config_schema.h"

#include <functional>
#include <string>

#include "gtest/gtest.h"

#include "config/settings.h"

namespace hark::config {
namespace {

using Visit = std::function<void(const Key& key, const std::string& path, const void* defaults)>;

// Every key of the schema, those within lists of maps included.
void ForEachKey(const Section& section, const std::string& path, const Visit& visit) {
  const std::shared_ptr<void> defaults = section.make_default();
  for (const Key& key : section.keys) {
    const std::string key_path = path.empty() ? key.name : path + "." + key.name;
    visit(key, key_path, defaults.get());
    if (key.section != nullptr) {
      ForEachKey(*key.section, key_path, visit);
    }
  }
}

TEST(ConfigSchemaTest, EveryDefaultIsAValueOfItsSetting) {
  ForEachKey(ConfigSchema(), "", [](const Key& key, const std::string& path, const void* defaults) {
    if (key.kind != Key::Kind::kValue || key.required) {
      return;
    }
    const std::string text = PrintValue(key.type, key.get(defaults).front());
    EXPECT_TRUE(ParseValue(key.type, text).ok()) << path << ": " << text;
  });
}

TEST(ConfigSchemaTest, EverySettingIsDocumentedInSentences) {
  ForEachKey(ConfigSchema(), "", [](const Key& key, const std::string& path, const void*) {
    EXPECT_GT(key.doc.size(), 10U) << path;
    EXPECT_TRUE(key.doc.ends_with('.')) << path;
  });
}

TEST(ConfigSchemaTest, NamesAreSnakeCase) {
  ForEachKey(ConfigSchema(), "", [](const Key& key, const std::string& path, const void*) {
    EXPECT_EQ(key.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << path;
  });
}

TEST(ConfigSchemaTest, NoVariableIsOneThatKubernetesOrHarkSetsItself) {
  ForEachKey(ConfigSchema(), "", [](const Key&, const std::string& path, const void*) {
    const std::string name = VariableName(path);
    EXPECT_FALSE(name.starts_with("HARK_SERVICE_") || name.starts_with("HARK_PORT")) << name;
    EXPECT_NE(name, "HARK_CONFIG");
    EXPECT_NE(name, "HARK_DATA");
  });
}

}  // namespace
}  // namespace hark::config
