#include "ingest/fingerprint.h"

#include <string>

#include "gtest/gtest.h"

namespace hark::ingest {
namespace {

ContentHead Head(const std::string& bytes, std::uint64_t start = 0) {
  return {.start = start, .bytes = bytes};
}

TEST(FingerprintTest, AFileThatHasGrownIsTheSame) {
  const Fingerprint fingerprint = FingerprintOf(Head("{\"n\":1}\n"));
  EXPECT_TRUE(fingerprint.Fits(Head("{\"n\":1}\n{\"n\":2}\n")));
  EXPECT_FALSE(fingerprint.Fits(Head("{\"n\":2}\n{\"n\":2}\n")));
  EXPECT_FALSE(fingerprint.Fits(Head("{\"n\":1}")));
}

TEST(FingerprintTest, APartOfARecordFitsNoOtherFile) {
  const Fingerprint fingerprint = FingerprintOf(Head("{\"n\""));
  EXPECT_TRUE(fingerprint.Fits(Head("{\"n\"")));
  EXPECT_FALSE(fingerprint.Fits(Head("{\"n\":1}\n")));
  EXPECT_TRUE(fingerprint.IsBeginningOf(Head("{\"n\":1}\n")));
}

TEST(FingerprintTest, ContentBeginsWhereTheHoleEnds) {
  const Fingerprint fingerprint = FingerprintOf(Head("{}\n", 4096));
  EXPECT_TRUE(fingerprint.Fits(Head("{}\n", 4096)));
  EXPECT_FALSE(fingerprint.Fits(Head("{}\n", 4095)));
}

TEST(FingerprintTest, ARecordTellsAFileFromOthers) {
  EXPECT_FALSE(Head("").IsDistinct());
  EXPECT_FALSE(Head("{\"n\":{}").IsDistinct());
  EXPECT_FALSE(Head("text").IsDistinct());
  EXPECT_TRUE(Head("text\n").IsDistinct());
  EXPECT_TRUE(Head("{\"n\":{}}").IsDistinct());
  EXPECT_TRUE(Head(std::string(Fingerprint::kMaxBytes, 'x')).IsDistinct());
}

TEST(FingerprintTest, NothingIsNoFingerprint) {
  EXPECT_FALSE(FingerprintOf(Head("")).is_known());
  EXPECT_TRUE(FingerprintOf(Head("x")).is_known());
}

}  // namespace
}  // namespace hark::ingest
