#include "base/names.h"

#include <optional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "hark/event.h"

namespace hark {
namespace {

using ::testing::Optional;

TEST(NamesTest, StagesHaveTheNamesOfKubernetes) {
  EXPECT_EQ(StageName(Stage::kRequestReceived), "RequestReceived");
  EXPECT_EQ(StageName(Stage::kResponseStarted), "ResponseStarted");
  EXPECT_EQ(StageName(Stage::kResponseComplete), "ResponseComplete");
  EXPECT_EQ(StageName(Stage::kPanic), "Panic");
}

TEST(NamesTest, AlertStatesHaveTheNamesOfTheSchema) {
  EXPECT_EQ(AlertStateName(AlertState::kOpened), "opened");
  EXPECT_EQ(AlertStateName(AlertState::kEscalated), "escalated");
  EXPECT_EQ(AlertStateName(AlertState::kClosed), "closed");
}

TEST(NamesTest, EverySeverityParsesWhatItPrints) {
  for (const Severity severity : {Severity::kInformational, Severity::kLow, Severity::kMedium,
                                  Severity::kHigh, Severity::kCritical}) {
    EXPECT_THAT(ParseSeverity(SeverityName(severity)), Optional(severity));
  }
}

TEST(NamesTest, SeveritiesAreThoseOfSigma) {
  EXPECT_EQ(SeverityName(Severity::kInformational), "informational");
  EXPECT_EQ(SeverityName(Severity::kCritical), "critical");
}

TEST(NamesTest, RefusesAnUnknownSeverity) {
  EXPECT_EQ(ParseSeverity("warning"), std::nullopt);
  EXPECT_EQ(ParseSeverity("High"), std::nullopt);
  EXPECT_EQ(ParseSeverity(""), std::nullopt);
}

}  // namespace
}  // namespace hark
