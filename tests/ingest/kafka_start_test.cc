#include "ingest/kafka_start.h"

#include <ostream>
#include <string>

#include "absl/strings/str_format.h"
#include "gtest/gtest.h"

namespace hark::ingest {
namespace {

using Need = KafkaStart::Need;
using Loss = KafkaStart::Loss;

// What is decided, as text: "7", "ask kFirst", "7 kRetention 3".
std::string Decided(const KafkaKnowledge& known) {
  const KafkaStart start = DecideStart(known);
  switch (start.need) {
    case Need::kNothing:
      break;
    case Need::kTopic:
      return "ask for the topic";
    case Need::kCommitted:
      return "ask for what is committed";
    case Need::kFirst:
      return "ask for the first";
    case Need::kEnd:
      return "ask for the end";
  }
  switch (start.loss) {
    case Loss::kNone:
      return absl::StrFormat("%d", start.offset);
    case Loss::kRetention:
      return absl::StrFormat("%d, %d lost", start.offset, start.lost);
    case Loss::kNewTopic:
      return absl::StrFormat("%d of a new topic", start.offset);
    case Loss::kCutBack:
      return absl::StrFormat("%d, cut back", start.offset);
  }
  return "";
}

class KafkaStartTest : public ::testing::Test {
 protected:
  KafkaStartTest() { known_.topic_id = "id"; }
  void SetCursor(std::int64_t offset, std::string topic_id) {
    known_.cursor = KafkaCursor{.offset = offset, .topic_id = std::move(topic_id)};
  }
  KafkaKnowledge known_;
};

TEST_F(KafkaStartTest, NothingIsDecidedBeforeTheTopicIsKnown) {
  known_.topic_id.reset();
  SetCursor(5, "id");
  EXPECT_EQ(Decided(known_), "ask for the topic");
}

TEST_F(KafkaStartTest, ACursorIsFollowed) {
  SetCursor(5, "id");
  EXPECT_EQ(Decided(known_), "5");
  SetCursor(5, "");
  EXPECT_EQ(Decided(known_), "5");
  known_.topic_id = "";
  SetCursor(5, "id");
  EXPECT_EQ(Decided(known_), "5");
}

TEST_F(KafkaStartTest, ACursorOfAnotherTopicIsNot) {
  SetCursor(5, "old");
  EXPECT_EQ(Decided(known_), "ask for the first");
  known_.first = 2;
  EXPECT_EQ(Decided(known_), "2 of a new topic");
}

TEST_F(KafkaStartTest, ACursorBehindWhichMessagesWereDeletedGoesOnWithTheFirst) {
  SetCursor(5, "id");
  known_.cursor_failed = true;
  EXPECT_EQ(Decided(known_), "ask for the first");
  known_.first = 8;
  EXPECT_EQ(Decided(known_), "ask for the end");
  known_.end = 9;
  EXPECT_EQ(Decided(known_), "8, 3 lost");
}

TEST_F(KafkaStartTest, ACursorBeyondTheEndTellsIfTheTopicIsTheSame) {
  SetCursor(50, "id");
  known_.cursor_failed = true;
  known_.first = 8;
  known_.end = 9;
  EXPECT_EQ(Decided(known_), "9, cut back");
  SetCursor(50, "");
  EXPECT_EQ(Decided(known_), "8 of a new topic");
}

TEST_F(KafkaStartTest, ACursorThatWorksAfterAllIsFollowed) {
  SetCursor(8, "id");
  known_.cursor_failed = true;
  known_.first = 8;
  known_.end = 9;
  EXPECT_EQ(Decided(known_), "8");
}

TEST_F(KafkaStartTest, WithoutCursorItIsWhereTheGroupHasCommitted) {
  EXPECT_EQ(Decided(known_), "ask for what is committed");
  known_.committed = 7;
  EXPECT_EQ(Decided(known_), "7");
}

TEST_F(KafkaStartTest, WithoutCommitItIsTheFirstOrTheEnd) {
  known_.committed = -1001;
  EXPECT_EQ(Decided(known_), "ask for the end");
  known_.end = 9;
  EXPECT_EQ(Decided(known_), "9");
  known_.from_first = true;
  EXPECT_EQ(Decided(known_), "ask for the first");
  known_.first = 3;
  EXPECT_EQ(Decided(known_), "3");
}

}  // namespace
}  // namespace hark::ingest
