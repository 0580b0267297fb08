// A replay of many files gives what a replay of one file with the same events gives, and holds few
// of them open.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/input.h"
#include "pipeline/replay.h"
#include "pipeline/replay_helper.h"
#include "support/alert_lines.h"
#include "support/open_descriptors.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::EventLine;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;
using ::hark::testing::OpenDescriptors;
using ::hark::testing::RenderAlertLine;
using ::hark::testing::SecretReadRules;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::hark::testing::ToJson;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LineSink final : public RevisionSink {
 public:
  void OnRevision(const Alert& alert) override { lines += RenderAlertLine(alert) + "\n"; }
  std::string lines;
};

class ReplayFilesTest : public ::testing::Test {
 protected:
  ReplayFilesTest() {
    options_.rules = SecretReadRules();
    options_.batch_bytes = 1000;
    options_.threads = 2;
    options_.on_record = [this](const FactRecord& record) {
      most_open_ = std::max(most_open_, OpenDescriptors());
      records_.push_back(record);
    };
  }

  std::string Run(const std::string& path) {
    records_.clear();
    most_open_ = 0;
    LineSink sink;
    result_ = Replay(
        options_, ingest::OpenInputs({ingest::ParseInputArgument(path)}, nullptr, errors_), sink);
    return sink.lines;
  }

  const TempDir dir_;
  ReplayOptions options_;
  ingest::InputErrors errors_;
  ReplayResult result_;
  std::vector<FactRecord> records_;
  std::size_t most_open_ = 0;
};

TEST_F(ReplayFilesTest, FilesThatStartAtDifferentTimesGiveTheAlertsOfOneFile) {
  std::mt19937_64 random(7);
  std::string merged;
  std::vector<std::string> files(40);
  for (int second = 0; second < 8000; ++second) {
    const std::string line = ToJson(EventLine{.second = second,
                                              .user = second % 7 == 0 ? "alice" : "bob",
                                              .resource = second % 400 < 5 ? "secrets" : "pods"});
    merged += line;
    // A file has the events of 1,000 s, and begins 200 s after the one before.
    const auto last = static_cast<std::size_t>(second / 200);
    const std::size_t first = last < 4 ? 0 : last - 4;
    files[std::uniform_int_distribution<std::size_t>(first, last)(random)] += line;
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    dir_.Write(absl::StrFormat("many/%d.json", (i * 17) % files.size()), files[i]);
  }
  const std::string expected = Run(dir_.Write("merged.json", merged));
  EXPECT_NE(expected, "");
  const std::size_t before = OpenDescriptors();
  EXPECT_EQ(Run(dir_.Path("many")), expected);
  EXPECT_EQ(result_.detector.late + result_.detector.too_late, 0);
  EXPECT_LE(most_open_, before + 20);
}

TEST_F(ReplayFilesTest, FilesOfOneEventAreOpenOneAtATime) {
  constexpr int kFiles = 300;
  for (int i = 0; i < kFiles; ++i) {
    // Names in another order than times.
    dir_.Write(absl::StrFormat("%d.json", i * 7 % kFiles), ToJson(EventLine{.second = 100 * i}));
  }
  const std::size_t before = OpenDescriptors();
  EXPECT_NE(Run(dir_.Path("")), "");
  EXPECT_EQ(result_.input.events, kFiles);
  EXPECT_EQ(result_.detector.judged, kFiles);
  EXPECT_LE(most_open_, before + 2);
}

TEST_F(ReplayFilesTest, FilesAreDeclaredInTheOrderOfTheirFirstEvents) {
  dir_.Write("a.json", ToJson(EventLine{.second = 500}));
  dir_.Write("b.json", "");
  dir_.Write("c.json", ToJson(EventLine{.second = 100}));
  Run(dir_.Path(""));
  ASSERT_GT(records_.size(), 3);
  EXPECT_EQ(records_[0].source, dir_.Path("b.json"));
  EXPECT_EQ(records_[0].highest_time, kBeginningOfTime);
  EXPECT_EQ(records_[1].source, dir_.Path("c.json"));
  EXPECT_EQ(records_[1].highest_time, kStart + 100 * kSecond);
  EXPECT_EQ(records_[2].source, dir_.Path("a.json"));
  EXPECT_EQ(records_[2].highest_time, kStart + 500 * kSecond);
}

TEST_F(ReplayFilesTest, AFirstEventAfterToCountsAsTo) {
  dir_.Write("a.json", ToJson(EventLine{.second = 500}));
  dir_.Write("b.json", ToJson(EventLine{.second = 1}));
  options_.to = kStart + 100 * kSecond;
  Run(dir_.Path(""));
  ASSERT_GT(records_.size(), 1);
  EXPECT_EQ(records_[1].highest_time, options_.to);
}

TEST_F(ReplayFilesTest, ASeriesThatWasCutOffInARecordLosesThatRecordOnly) {
  const std::string cut = ToJson(EventLine{.second = 1});
  dir_.Write("audit.log.1", ToJson(EventLine{.second = 0}) + cut.substr(0, cut.size() / 2));
  dir_.Write("audit.log", ToJson(EventLine{.second = 2}));
  Run(dir_.Path(""));
  EXPECT_EQ(result_.input.events, 2);
  EXPECT_EQ(result_.input.rejected_total(), 1);
}

TEST_F(ReplayFilesTest, AFileThatVanishesIsToldAndTheOthersAreJudged) {
  dir_.Write("a.json", ToJson(EventLine{.second = 0}));
  const std::string gone = dir_.Write("b.json", ToJson(EventLine{.second = 1}));
  auto sources = ingest::OpenInputs({ingest::ParseInputArgument(dir_.Path(""))}, nullptr, errors_);
  std::filesystem::remove(gone);
  LineSink sink;
  const ReplayResult result = Replay(options_, std::move(sources), sink);
  EXPECT_THAT(result.source_errors,
              ElementsAre(StatusIs(absl::StatusCode::kNotFound, HasSubstr("b.json"))));
  EXPECT_EQ(result.input.events, 1);
  EXPECT_NE(sink.lines, "");
}

TEST_F(ReplayFilesTest, EmptyFilesChangeNothing) {
  const std::string expected = Run(dir_.Write("full/a.json", ToJson(EventLine{.second = 0})));
  dir_.Write("full/b.json", "");
  dir_.Write("full/c.json", "\n\n");
  EXPECT_EQ(Run(dir_.Path("full")), expected);
  EXPECT_THAT(result_.source_errors, IsEmpty());
  EXPECT_EQ(result_.input.records, 1);
}

}  // namespace
}  // namespace hark::pipeline
