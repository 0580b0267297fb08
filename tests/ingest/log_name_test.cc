#include "ingest/log_name.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::ingest {
namespace {

using Kind = LogName::Kind;

TEST(LogNameTest, AnyOtherNameIsThatOfACurrentFile) {
  for (const std::string name : {"audit.log", "audit", ".log", "-", "audit.log.", "x.log.old"}) {
    const LogName log = ParseLogName(name);
    EXPECT_EQ(log.kind, Kind::kCurrent) << name;
    EXPECT_EQ(log.family, name);
    EXPECT_FALSE(log.compressed) << name;
  }
}

TEST(LogNameTest, TheTimeOfTheRotationStandsBeforeTheExtension) {
  const LogName log = ParseLogName("kube.audit-2026-11-23T18-04-22.921.jsonl");
  EXPECT_EQ(log.kind, Kind::kTime);
  EXPECT_EQ(log.family, "kube.audit.jsonl");
  EXPECT_EQ(log.moment, "2026-11-23T18-04-22.921");
  EXPECT_EQ(log.Pattern(), "kube.audit-*.jsonl");
}

TEST(LogNameTest, ThereNeedBeNoExtension) {
  const LogName log = ParseLogName("audit-2026-11-23T18-04-22.921.gz");
  EXPECT_EQ(log.kind, Kind::kTime);
  EXPECT_EQ(log.family, "audit");
  EXPECT_TRUE(log.compressed);
  EXPECT_EQ(log.Pattern(), "audit-*");
}

TEST(LogNameTest, ADateOfLogrotateStandsAtTheEnd) {
  for (const std::string date : {"20261123", "2026112318", "20261123-1795457062"}) {
    const LogName log = ParseLogName("audit.log-" + date + ".zst");
    EXPECT_EQ(log.kind, Kind::kDate) << date;
    EXPECT_EQ(log.family, "audit.log") << date;
    EXPECT_EQ(log.moment, date);
    EXPECT_TRUE(log.compressed) << date;
    EXPECT_EQ(log.Pattern(), "audit.log-*");
  }
}

TEST(LogNameTest, ADateOfTheKubeletStandsBehindADot) {
  const LogName log = ParseLogName("0.log.20261123-180422.gz");
  EXPECT_EQ(log.kind, Kind::kDate);
  EXPECT_EQ(log.moment, "20261123-180422");
  EXPECT_EQ(log.family, "0.log");
  EXPECT_EQ(log.Pattern(), "0.log.*");
  EXPECT_TRUE(log.compressed);
}

TEST(LogNameTest, EightDigitsThatAreNoDateAreNone) {
  EXPECT_EQ(ParseLogName("audit.log-20261323").kind, Kind::kCurrent);
  EXPECT_EQ(ParseLogName("audit.log-12345678").kind, Kind::kCurrent);
}

TEST(LogNameTest, ANumberOfLogrotateStandsAtTheEnd) {
  const LogName log = ParseLogName("audit.log.12.gz");
  EXPECT_EQ(log.kind, Kind::kNumber);
  EXPECT_EQ(log.family, "audit.log");
  EXPECT_EQ(log.number, 12);
  EXPECT_EQ(log.Pattern(), "audit.log.*");
}

TEST(LogNameTest, ANumberWithLeadingZerosIsNoneOfLogrotate) {
  EXPECT_EQ(ParseLogName("audit.log.01").kind, Kind::kCurrent);
  EXPECT_EQ(ParseLogName("audit.log.1234567").kind, Kind::kCurrent);
}

TEST(LogNameTest, AHigherNumberAndAnEarlierTimeAreOlderAndTheCurrentFileIsLast) {
  const auto older = [](const char* a, const char* b) {
    return IsOlder(ParseLogName(a), ParseLogName(b));
  };
  EXPECT_TRUE(older("a.log.10", "a.log.9.gz"));
  EXPECT_FALSE(older("a.log.9", "a.log.10"));
  EXPECT_TRUE(older("a.log.1", "a.log"));
  EXPECT_FALSE(older("a.log", "a.log.1"));
  EXPECT_TRUE(older("a.log-20251231", "a.log-20260101"));
  EXPECT_TRUE(older("a-2026-11-23T18-04-22.921.log", "a-2026-11-23T18-04-22.922.log"));
}

}  // namespace
}  // namespace hark::ingest
