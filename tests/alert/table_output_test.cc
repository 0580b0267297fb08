#include "alert/table_output.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/text.h"
#include "base/utf8.h"
#include "support/captured_file.h"
#include "support/hostile_texts.h"
#include "support/sample_alert.h"
#include "support/status_matchers.h"

namespace hark::alert {
namespace {

using ::hark::testing::CapturedFile;
using ::hark::testing::HostileTexts;
using ::hark::testing::IsOk;
using ::hark::testing::SampleAlert;
using ::hark::testing::SampleSparseAlert;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;

std::string TableOf(const std::vector<Alert>& alerts, const TableOptions& options = {}) {
  CapturedFile captured;
  TableOutput output(captured.file(), options);
  for (const Alert& alert : alerts) {
    EXPECT_THAT(output.Write(alert), IsOk());
  }
  EXPECT_THAT(output.Finish(), IsOk());
  return captured.text();
}

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

Alert AlertOf(std::string_view actor, std::string_view ip) {
  Alert alert = SampleAlert();
  alert.opening.actor_name = actor;
  alert.opening.impersonator.clear();
  alert.opening.source_ip = ip;
  return alert;
}

TEST(TableOutputTest, SaysThatThereWereNoAlerts) {
  EXPECT_EQ(TableOf({}), "no alerts\n");
}

TEST(TableOutputTest, WhoAndWhatReadAsOneSentence) {
  EXPECT_EQ(
      TableOf({AlertOf("alice", "203.0.113.7")}),
      R"(When                 Level     Who                     What                             Count  From             Id
2026-11-23 18:04:22  high      alice                   read 214 Secrets in 5m             214  203.0.113.7      3f2a9c01
)");
}

TEST(TableOutputTest, LongNamesAreContinuedInTheNextLine) {
  EXPECT_EQ(
      TableOf({AlertOf("system:serviceaccount:data:etl", "2001:db8:85a3::8a2e:370:7334")}),
      R"(When                 Level     Who                     What                             Count  From             Id
2026-11-23 18:04:22  high      system:serviceaccount:  read 214 Secrets in 5m             214  2001:db8:85a3::  3f2a9c01
                               data:etl                                                        8a2e:370:7334
)");
}

TEST(TableOutputTest, ANarrowTerminalGetsTheSentenceInALineOfItsOwn) {
  EXPECT_EQ(TableOf({AlertOf("alice", "203.0.113.7")}, {.width = 80}),
            R"(When                 Level     Who              Count  From             Id
2026-11-23 18:04:22  high      alice              214  203.0.113.7      3f2a9c01
    read 214 Secrets in 5m
)");
}

TEST(TableOutputTest, TheTitlesComeOnce) {
  const Alert alert = AlertOf("alice", "203.0.113.7");
  EXPECT_THAT(LinesOf(TableOf({alert, alert, alert})), ::testing::SizeIs(4));
}

TEST(TableOutputTest, ASentenceThatDoesNotBeginWithTheActorIsWhole) {
  EXPECT_THAT(TableOf({SampleSparseAlert()}, {.width = 80}),
              HasSubstr("\n    Command run in a container"));
}

TEST(TableOutputTest, TellsWhoImpersonatedTheActor) {
  EXPECT_THAT(TableOf({SampleAlert()}), HasSubstr("  alice (by bob)  "));
}

TEST(TableOutputTest, AnActorWithoutANameIsUnauthenticated) {
  EXPECT_THAT(TableOf({SampleSparseAlert()}), HasSubstr("  unauthenticated  "));
}

TEST(TableOutputTest, AnAddressThatIsMissingIsADash) {
  EXPECT_THAT(TableOf({AlertOf("alice", "")}), HasSubstr("  214  -  "));
}

TEST(TableOutputTest, MarksNumbersThatAreNotExactAndAlertsThatAreLate) {
  Alert alert = SampleAlert();
  alert.exact = false;
  alert.late = true;
  const std::string table = TableOf({alert});
  EXPECT_THAT(table, HasSubstr("  ~214  "));
  EXPECT_THAT(table, HasSubstr("in 5m (late)"));
}

TEST(TableOutputTest, CountsEventsWhereTheRuleCountsNoValues) {
  Alert alert = SampleAlert();
  alert.total = 0;
  EXPECT_THAT(TableOf({alert}), HasSubstr("  230  "));
}

TEST(TableOutputTest, ColorsTheLevelOnlyIfAsked) {
  EXPECT_THAT(TableOf({SampleAlert()}, {.color = true}), HasSubstr("\x1b[31mhigh\x1b[0m "));
  EXPECT_THAT(TableOf({SampleAlert()}, {.color = false}), Not(HasSubstr("\x1b")));
}

TEST(TableOutputTest, EveryLevelIsShownInFullAtEveryWidth) {
  for (const int width : {0, 72, 80, 100, 120, 300}) {
    Alert alert = SampleAlert();
    alert.level = Severity::kCritical;
    EXPECT_THAT(TableOf({alert}, {.width = width}), HasSubstr("  critical  ")) << width;
  }
}

TEST(TableOutputTest, NoLineIsWiderThanTheTerminalWhateverTheEventsHold) {
  for (const std::string& text : HostileTexts()) {
    for (const int width : {72, 99, 100, 120, 137, 200, 400}) {
      Alert alert = AlertOf(text, text);
      alert.opening.impersonator = text;
      for (const std::string& line : LinesOf(TableOf({alert}, {.width = width}))) {
        EXPECT_THAT(TerminalWidth(line), Le(static_cast<std::size_t>(width))) << line;
      }
    }
  }
}

TEST(TableOutputTest, NothingOfAnEventControlsTheTerminalOrForgesARow) {
  for (const std::string& text : HostileTexts()) {
    const std::vector<std::string> lines = LinesOf(TableOf({AlertOf(text, text)}));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (std::string_view rest = lines[i]; !rest.empty();) {
        const Utf8Character character = DecodeUtf8(rest);
        ASSERT_TRUE(character.valid && !IsInvisible(character.code_point)) << lines[i];
        rest.remove_prefix(character.length);
      }
      // Only one row has a time; what continues it is indented.
      EXPECT_TRUE(i < 2 || lines[i].empty() || lines[i][0] == ' ') << lines[i];
    }
  }
}

}  // namespace
}  // namespace hark::alert
