#include "ingest/record_source.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/json_scanner.h"
#include "ingest/record_source_helper.h"
#include "parse/record_splitter.h"
#include "support/status_matchers.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

// Gives out a text in random pieces, and has nothing more each time before the next one comes.
class PausingStream final : public ByteStream {
 public:
  PausingStream(std::string text, std::uint32_t seed) : text_(std::move(text)), random_(seed) {}

  absl::StatusOr<std::size_t> Read(char* data, std::size_t size) override {
    const std::size_t count = std::min(size, there_ - given_);
    std::memcpy(data, text_.data() + given_, count);
    given_ += count;
    return count;
  }
  bool may_go_on() const override { return there_ < text_.size(); }
  std::uint64_t size_hint() const override { return 0; }

  void BringMore() { there_ = std::min(there_ + 1 + random_() % 9000, text_.size()); }
  bool is_over() const { return given_ == text_.size(); }

 private:
  const std::string text_;
  std::mt19937 random_;
  std::size_t there_ = 0;
  std::size_t given_ = 0;
};

bool IsWholeContainer(std::string_view text) {
  const Scan scan = ScanContainer(text);
  return scan.end == ScanEnd::kWhole && scan.length == text.size();
}

// Each record, with how it ended.
std::vector<std::string> RecordsOf(const Batches& batches) {
  std::vector<std::string> records;
  for (const std::string& data : batches.data) {
    parse::RecordSplitter splitter(data);
    parse::RecordSplitter::Record record;
    while (splitter.Next(record)) {
      // What looks like an object but is none would be found out by the parser.
      if (!record.scanned && !IsWholeContainer(record.text) && !splitter.NextScanned(record)) {
        break;
      }
      records.push_back(std::to_string(static_cast<int>(record.end)) + std::string(record.text));
    }
  }
  return records;
}

TEST_F(RecordSourceTest, AnEmptyFileHasNoBatches) {
  EXPECT_THAT(ReadAll("", 100).data, IsEmpty());
}

TEST_F(RecordSourceTest, ABatchEndsAtTheLastLineFeedThatFits) {
  EXPECT_THAT(ReadAll("{1}\n{2}\n{333}\n{4444}\n", 10).data,
              ElementsAre("{1}\n{2}\n", "{333}\n", "{4444}\n"));
}

TEST_F(RecordSourceTest, ABatchOfOneByteIsOneRecord) {
  EXPECT_THAT(ReadAll("{1}\n{2}\n{3}", 1).data, ElementsAre("{1}\n", "{2}\n", "{3}"));
}

TEST_F(RecordSourceTest, TheLastLineNeedsNoLineFeed) {
  EXPECT_THAT(ReadAll("{1}\ntwo", 100).data, ElementsAre("{1}\n", "two"));
}

TEST_F(RecordSourceTest, OffsetsSayWhereABatchStands) {
  EXPECT_THAT(ReadAll("{1}\n{2}\n\n\n{333}\n", 4).offsets, ElementsAre(0, 4, 10));
}

TEST_F(RecordSourceTest, ADocumentOfManyLinesIsNotDivided) {
  const std::string document = "{\n  \"a\": {\n  },\n  \"b\": 1\n}";
  EXPECT_THAT(ReadAll(document + "\n" + document + "\n", 10).data, ElementsAre(document, document));
}

TEST_F(RecordSourceTest, ALineThatIsAnObjectWithinADocumentDoesNotDivideIt) {
  const std::string document = "{\"a\":\n{2}\n}";
  EXPECT_THAT(ReadAll("{1}\n" + document + "\n{3}\n", 14).data,
              ElementsAre("{1}", document, "{3}\n"));
}

TEST_F(RecordSourceTest, ARecordLongerThanABatchComesWhole) {
  const std::string record = "{" + std::string(kMaxRecordBytes - 2, 'x') + "}";
  EXPECT_THAT(ReadAll("{a}\n" + record + "\n{b}\n", 100).data,
              ElementsAre("{a}\n", record, "{b}\n"));
}

TEST_F(RecordSourceTest, ARecordThatLostItsEndCostsNoMoreThanItself) {
  std::string text = "{\"a\":\n";
  for (int i = 0; i < 5000; ++i) {
    text += "{\"b\":1}\n";
  }
  const Batches batches = ReadAll(text, 1000);
  EXPECT_THAT(RecordsOf(batches), SizeIs(5001));
  EXPECT_THAT(batches.damages, IsEmpty());
}

// A list over Limits::long_list.
TEST_F(RecordSourceTest, TheItemsOfALongListComeAsRecords) {
  const std::string head = R"({"kind":"EventList","items":[)";
  const Batches batches = ReadAll(LongList(head, R"(],"more":{"a":[1]}}{"next":1})"), 100);
  EXPECT_THAT(batches.data, SizeIs(Gt(100)));
  EXPECT_THAT(batches.data, Each(SizeIs(Le(100))));
  EXPECT_EQ(batches.contexts.front(), head);
  EXPECT_EQ(batches.data.back(), R"({"next":1})");
  EXPECT_EQ(batches.contexts.back(), "");
}

TEST_F(RecordSourceTest, ALongArrayHasItemsToo) {
  const Batches batches = ReadAll(LongList("[", "]\n{\"next\":1}"), 4000);
  EXPECT_EQ(batches.contexts.front(), "[");
  EXPECT_EQ(batches.data.back(), R"({"next":1})");
}

TEST_F(RecordSourceTest, AShortListComesWhole) {
  const std::string list = R"({"items":[{"a":1},{"a":2}]})";
  EXPECT_THAT(ReadAll(list + "\n", 10).data, ElementsAre(list + "\n"));
}

TEST_F(RecordSourceTest, AListWithoutAnEndIsDamaged) {
  const Batches batches = ReadAll(LongList("[", ""), 100);
  ASSERT_THAT(batches.damages, SizeIs(1));
  EXPECT_EQ(batches.damages[0].reason, RejectReason::kTruncated);
}

TEST_F(RecordSourceTest, AListThatIsCutBetweenItsItemsIsDamagedHoweverShort) {
  for (const char* const text :
       {R"([{"a":1},{"a":2})", R"([{"a":1},{"a":2},)", "[{\"a\":1},\n",
        R"({"kind":"EventList","items":[{"a":1})", R"({"kind":"EventList","items":[{"a":1}])",
        R"({"items":[{"a":1}],"x":{"y":1})"}) {
    for (const std::size_t max_bytes : {1U, 20U, 8000U}) {
      const Batches batches = ReadAll(text, max_bytes);
      ASSERT_THAT(batches.damages, SizeIs(1)) << text;
      EXPECT_EQ(batches.damages[0].reason, RejectReason::kTruncated);
      EXPECT_EQ(batches.damages[0].offset, std::string_view(text).size());
    }
  }
}

TEST_F(RecordSourceTest, AListThatBreaksOffLeavesTheNextLineARecord) {
  const Batches batches = ReadAll(LongList("[", ",{\"a\":\"b\n{\"next\":1}\n"), 100);
  EXPECT_THAT(batches.data.back(), HasSubstr("{\"next\":1}"));
}

TEST_F(RecordSourceTest, BatchesAreNoLongerThanAsked) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "{23456789}\n";
  }
  EXPECT_THAT(ReadAll(text, 1000).data, Each(SizeIs(Le(1000))));
}

TEST_F(RecordSourceTest, AnErrorComesAfterWhatWasReadBeforeIt) {
  end_ = absl::UnavailableError("the disk is gone");
  const Batches batches = ReadAll("{1}\n{2}\n{3", 100);
  EXPECT_THAT(batches.data, ElementsAre("{1}\n{2}\n", "{3"));
  EXPECT_THAT(batches.status, StatusIs(absl::StatusCode::kUnavailable, "the disk is gone"));
}

TEST_F(RecordSourceTest, ABufferIsUsedAgain) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "{23456789}\n";
  }
  RecordSource source({.name = "test", .cluster = {}},
                      std::make_unique<ScriptedStream>(text, piece_, end_));
  RecordBatch batch;
  ASSERT_THAT(source.Read(1000, batch), IsOk());
  const char* const buffer = batch.buffer.get();
  ASSERT_THAT(source.Read(1000, batch), IsOk());
  EXPECT_EQ(batch.buffer.get(), buffer);
}

TEST_F(RecordSourceTest, ThereAre64ReadableBytesAfterTheData) {
  RecordSource source({.name = "test", .cluster = {}},
                      std::make_unique<ScriptedStream>("{1}\n{2}\n", piece_, end_));
  RecordBatch batch;
  ASSERT_THAT(source.Read(1, batch), IsOk());
  EXPECT_EQ(std::string(batch.data.data() + batch.data.size(), 64), std::string(64, '\0'));
}

std::string Shown(std::vector<std::string>::const_iterator record,
                  std::vector<std::string>::const_iterator end) {
  return record == end ? "nothing" : record->substr(0, 200);
}

// Texts of all forms, one after another, some damaged.
std::string MixedText(std::mt19937& random) {
  const std::vector<std::string> parts = {
      "{\"a\":1}\n",
      "{\"a\":1}",
      "{\n  \"a\": [\n    {\n      \"b\": 2\n    }\n  ]\n}\n",
      "{\"a\":\n{\"b\":2}\n}\n",
      "I1123 text\n",
      "2026-11-23T18:04:22.921545Z stdout P {\"a\":\n2026-11-23T18:04:22.921545Z stdout F 1}\n",
      "{\"a\":\"cut off\n",
      "{\n  \"a\": \"cut off\n  \"b\": 2\n}\n",
      "{\"a\":]}\n",
      "[{\"a\":1},{\"a\":2}]\n",
      std::string(30, '\0'),
      "\r\n",
      "{\"a\":\"" + std::string(kMaxRecordBytes, 'x') + "\"}\n",
      LongList("{\"kind\":\"EventList\",\"items\":[", "]}\n"),
      LongList("[", "]"),
      "{\"a\":\"" + std::string(5000, 'y') + "\"}\n",
  };
  std::string text;
  for (int i = 0; i < 30; ++i) {
    text += parts[random() % parts.size()];
  }
  return text;
}

TEST_F(RecordSourceTest, RecordsDoNotDependOnTheSizeOfBatchesOrPieces) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same in every run
  for (int i = 0; i < 20; ++i) {
    const std::string text = MixedText(random);
    piece_ = 1 << 20;
    const Batches whole = ReadAll(text, 8000);
    for (const std::size_t max_bytes : {1U, 50U, 3000U, 7000U}) {
      piece_ = 1 + random() % 9000;
      const Batches batches = ReadAll(text, max_bytes);
      const std::vector<std::string> records = RecordsOf(batches);
      const std::vector<std::string> expected = RecordsOf(whole);
      const auto [a, b] =
          std::mismatch(records.begin(), records.end(), expected.begin(), expected.end());
      ASSERT_TRUE(a == records.end() && b == expected.end())
          << i << ", batches of " << max_bytes << ": " << Shown(a, records.end()) << " instead of "
          << Shown(b, expected.end());
      ASSERT_EQ(batches.damages.size(), whole.damages.size()) << i << ", batches of " << max_bytes;
    }
  }
}

// What a source gives of a stream that pauses.
Batches ReadWithPauses(const std::string& text, std::uint32_t seed) {
  auto owned = std::make_unique<PausingStream>(text, seed);
  PausingStream& stream = *owned;
  RecordSource source({.name = "test", .cluster = {}}, std::move(owned), kLimits);
  Batches batches;
  RecordBatch batch;
  bool was_over = false;
  while (!was_over) {
    was_over = stream.is_over();
    batches.status = source.Read(3000, batch);
    while (batches.status.ok() && !batch.at_end()) {
      batches.data.emplace_back(batch.data);
      batches.damages.insert(batches.damages.end(), batch.damages.begin(), batch.damages.end());
      batches.status = source.Read(3000, batch);
    }
    stream.BringMore();
  }
  return batches;
}

TEST_F(RecordSourceTest, RecordsDoNotDependOnPausesOfTheStream) {
  std::mt19937 random(8);  // NOLINT(cert-msc51-cpp): the same in every run
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    const std::string text = MixedText(random);
    const Batches expected = ReadAll(text, 3000);
    const Batches batches = ReadWithPauses(text, seed);
    ASSERT_THAT(batches.status, IsOk());
    ASSERT_EQ(RecordsOf(batches), RecordsOf(expected)) << seed;
    ASSERT_EQ(batches.damages.size(), expected.damages.size()) << seed;
    for (std::size_t i = 0; i < expected.damages.size(); ++i) {
      ASSERT_EQ(batches.damages[i].offset, expected.damages[i].offset) << seed;
      ASSERT_EQ(batches.damages[i].length, expected.damages[i].length) << seed;
    }
  }
}

TEST_F(RecordSourceTest, WhereItCanBeReadOnNothingIsLost) {
  std::mt19937 random(9);  // NOLINT(cert-msc51-cpp): the same in every run
  const std::string text = MixedText(random) + MixedText(random);
  const std::vector<std::string> expected = RecordsOf(ReadAll(text, 3000));
  RecordSource source({.name = "test", .cluster = {}},
                      std::make_unique<ScriptedStream>(text, piece_, end_), kLimits);
  RecordBatch batch;
  do {
    ASSERT_THAT(source.Read(3000, batch), IsOk());
    const std::size_t offset = source.resume_offset();
    ASSERT_LE(offset, batch.end_offset());
    // A long list is read again from its beginning, all else goes on behind the batch.
    const std::vector<std::string> rest = RecordsOf(ReadAll(text.substr(offset), 3000));
    ASSERT_LE(rest.size(), expected.size());
    ASSERT_TRUE(std::equal(rest.rbegin(), rest.rend(), expected.rbegin())) << offset;
  } while (!batch.at_end());
}

}  // namespace
}  // namespace hark::ingest
