#include "ingest/kafka_cursor.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"

namespace hark::ingest {
namespace {

using ::hark::testing::StatusIs;
using ::testing::HasSubstr;

TEST(KafkaCursorTest, WhatIsWrittenIsRead) {
  for (const KafkaCursor& cursor :
       {KafkaCursor{.offset = 0, .topic_id = ""}, KafkaCursor{.offset = 81234, .topic_id = ""},
        KafkaCursor{.offset = 9223372036854775807, .topic_id = "mFVtZW1vcnkgYW5kIG1vcg"}}) {
    const absl::StatusOr<KafkaCursor> read = KafkaCursor::Parse(cursor.ToText());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, cursor);
  }
  EXPECT_EQ((KafkaCursor{.offset = 7, .topic_id = "id"}.ToText()), "kafka1 7 id");
}

TEST(KafkaCursorTest, WhatIsNotWrittenIsRefused) {
  for (const std::string text :
       {"", "kafka1", "kafka1 ", "kafka1 x", "kafka1 -1", "kafka1 01", "kafka1 +1", "kafka1 1 ",
        "kafka1 1x", "kafka1 9223372036854775808", "kafka2 1", "file1 0 0 0 0 0", " kafka1 1"}) {
    EXPECT_THAT(KafkaCursor::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"" + text + "\"")));
  }
}

}  // namespace
}  // namespace hark::ingest
