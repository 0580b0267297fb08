#include "pipeline/quarantine.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::Not;

class QuarantineTest : public ::testing::Test {
 protected:
  // The file after `fill` was called with a quarantine.
  template <typename Fill>
  std::string FileAfter(Quarantine::Raw raw, Fill fill) {
    absl::StatusOr<std::unique_ptr<Quarantine>> quarantine = Quarantine::Create(path_, raw);
    EXPECT_THAT(quarantine.status(), IsOk());
    fill(**quarantine);
    EXPECT_THAT((*quarantine)->Finish(), IsOk());
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  const TempDir folder_;
  const std::string path_ = folder_.Path("quarantine.jsonl");
  const RecordOrigin origin_ = {.offset = 12, .length = 6, .text = "secret"};
};

TEST_F(QuarantineTest, ARecordIsDescribedByItsHash) {
  EXPECT_EQ(FileAfter(Quarantine::Raw::kNo,
                      [this](Quarantine& quarantine) {
                        quarantine.Add(RejectReason::kMalformed, "a.log", origin_);
                      }),
            R"({"reason":"malformed","source":"a.log","offset":12,"length":6,"sha256":)"
            R"("2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"})"
            "\n");
}

TEST_F(QuarantineTest, BytesAreKeptOnlyIfAskedFor) {
  EXPECT_THAT(FileAfter(Quarantine::Raw::kYes,
                        [this](Quarantine& quarantine) {
                          quarantine.Add(RejectReason::kMalformed, "a.log", origin_);
                        }),
              HasSubstr(R"("raw":"c2VjcmV0")"));
}

TEST_F(QuarantineTest, WhatLeftNoBytesHasNoHash) {
  EXPECT_THAT(FileAfter(Quarantine::Raw::kYes,
                        [](Quarantine& quarantine) {
                          quarantine.Add(RejectReason::kTooLarge, "a.log",
                                         {.offset = 1, .length = 2, .text = {}});
                        }),
              Not(HasSubstr("sha256")));
}

TEST_F(QuarantineTest, OfARecordThatWasCutOutItsHashAndItsStartAreKnown) {
  const RecordOrigin origin{
      .offset = 1, .length = 70'000'000, .sha256 = "2bb80d53", .start = "secret"};
  const auto add = [&origin](Quarantine& quarantine) {
    quarantine.Add(RejectReason::kTooLarge, "a.log", origin);
  };
  EXPECT_EQ(FileAfter(Quarantine::Raw::kNo, add),
            R"({"reason":"too_large","source":"a.log","offset":1,"length":70000000,)"
            R"("sha256":"2bb80d53"})"
            "\n");
  EXPECT_THAT(FileAfter(Quarantine::Raw::kYes, add), HasSubstr(R"("raw":"c2VjcmV0")"));
}

TEST_F(QuarantineTest, AnEventThatCameTooLateIsNamedByItsKey) {
  Fact fact;
  fact.key.fill(0xab);
  EXPECT_EQ(FileAfter(Quarantine::Raw::kNo,
                      [&fact](Quarantine& quarantine) { quarantine.AddTooLate("a.log", fact); }),
            R"({"reason":"too_late","source":"a.log","time":"1970-01-01T00:00:00.000000Z",)"
            R"("key":"abababababababababababababababab"})"
            "\n");
}

TEST_F(QuarantineTest, OnlyTheFirstEntriesAreKept) {
  const std::string text = FileAfter(Quarantine::Raw::kNo, [this](Quarantine& quarantine) {
    for (std::uint64_t i = 0; i < Quarantine::kMaxEntries + 5; ++i) {
      quarantine.Add(RejectReason::kMalformed, "a.log", origin_);
    }
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), Quarantine::kMaxEntries);
}

TEST_F(QuarantineTest, TheFileIsItsOwnersAlone) {
  FileAfter(Quarantine::Raw::kNo, [](Quarantine& /*quarantine*/) {});
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600);
}

TEST_F(QuarantineTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_THAT(Quarantine::Create("/nonexistent/q", Quarantine::Raw::kNo).status(), Not(IsOk()));
}

TEST_F(QuarantineTest, AFullDiskIsAnErrorAtTheEnd) {
  absl::StatusOr<std::unique_ptr<Quarantine>> quarantine =
      Quarantine::Create("/dev/full", Quarantine::Raw::kNo);
  ASSERT_THAT(quarantine.status(), IsOk());
  (*quarantine)->Add(RejectReason::kMalformed, "a.log", origin_);
  EXPECT_THAT((*quarantine)->Finish(), Not(IsOk()));
}

}  // namespace
}  // namespace hark::pipeline
