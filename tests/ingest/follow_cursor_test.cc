#include "ingest/follow_cursor.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::testing::HasSubstr;

FollowCursor Example(std::uint64_t offset) {
  return {
      .position = UINT64_MAX,
      .place = {.file = {.start = 7, .size = 1024, .hash = {0, 1, 0xfe, 0xff}}, .offset = offset}};
}

TEST(FollowCursorTest, ItsTextIsReadAgain) {
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{81}, FilePlace::kEndOfFile}) {
    const absl::StatusOr<FollowCursor> cursor = FollowCursor::Parse(Example(offset).ToText());
    ASSERT_THAT(cursor, IsOk());
    EXPECT_EQ(*cursor, Example(offset));
  }
}

TEST(FollowCursorTest, ItsFormStays) {
  EXPECT_EQ(Example(81).ToText(),
            "file1 18446744073709551615 7 1024 0001feff000000000000000000000000 81");
}

TEST(FollowCursorTest, EveryTextThatIsCutOffIsAnError) {
  const std::string text = Example(FilePlace::kEndOfFile).ToText();
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_THAT(FollowCursor::Parse(text.substr(0, length)),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not where")));
  }
}

TEST(FollowCursorTest, WhatIsWrittenInAnotherWayIsAnError) {
  const std::string hash(32, 'a');
  for (const std::string& text :
       {"file2 0 0 1 " + hash + " 0", "file1 00 0 1 " + hash + " 0", "file1 +1 0 1 " + hash + " 0",
        "file1 -1 0 1 " + hash + " 0", "file1 0 0 0 " + hash + " 0",
        "file1 0 0 1025 " + hash + " 0", "file1 0 0 1 " + hash + " 0 ",
        "file1 0  0 1 " + hash + " 0", "file1 0 0 1 " + std::string(32, 'A') + " 0",
        "file1 0 0 1 " + hash + "aa 0", "file1 0 0 1 " + hash + " 18446744073709551616",
        "file1 0 0 1 " + hash + " 18446744073709551615"}) {
    EXPECT_THAT(FollowCursor::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not where")))
        << text;
  }
}

}  // namespace
}  // namespace hark::ingest
