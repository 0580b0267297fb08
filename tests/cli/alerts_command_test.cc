#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "CLI/CLI.hpp"
#include "alert/alert_json.h"
#include "alert/alert_store.h"
#include "cli/command.h"
#include "support/sample_alert.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::cli {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::SampleAlert;
using ::hark::testing::SampleSparseAlert;
using ::hark::testing::TempDir;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Outcome {
  ExitCode code = ExitCode::kDone;
  std::string out, err;
};

class AlertsCommandTest : public ::testing::Test {
 protected:
  AlertsCommandTest() {
    Alert opened = SampleAlert();
    opened.n = 1;
    opened.state = AlertState::kOpened;
    const std::vector<alert::Revision> revisions = {alert::MakeRevision(opened, 1),
                                                    alert::MakeRevision(SampleSparseAlert(), 2),
                                                    alert::MakeRevision(SampleAlert(), 3)};
    absl::StatusOr<alert::AlertStore> store = alert::AlertStore::Open(folder_.Path("hark.db"));
    EXPECT_THAT(store, IsOk());
    EXPECT_THAT(store->Commit({.revisions = revisions}), IsOk());
    folder_.Write("lock", "");
  }

  // hark alerts --data-dir ... for these words.
  Outcome Run(std::vector<std::string> words) const {
    CLI::App app("hark");
    Command command;
    AddAlertsCommand(app, command);
    words.insert(words.begin(), "alerts");
    words.insert(words.end(), {"--data-dir", folder_.Path("")});
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const ExitCode code = command();
    return {code, ::testing::internal::GetCapturedStdout(),
            ::testing::internal::GetCapturedStderr()};
  }

  TempDir folder_;
};

TEST_F(AlertsCommandTest, ListShowsTheNewestAlertFirst) {
  const Outcome outcome = Run({"list"});
  EXPECT_EQ(outcome.code, ExitCode::kDone);
  EXPECT_THAT(outcome.out, AllOf(StartsWith("When"), HasSubstr("Command run in a container"),
                                 HasSubstr("read 214 Secrets in 5m")));
  EXPECT_LT(outcome.out.find("Command run"), outcome.out.find("read 214"));
  EXPECT_EQ(outcome.err, "");
}

TEST_F(AlertsCommandTest, ListSaysWhenThereIsMore) {
  const Outcome outcome = Run({"list", "--limit", "1"});
  EXPECT_THAT(outcome.out, Not(HasSubstr("read 214")));
  EXPECT_THAT(outcome.err, HasSubstr("the newest 1 of 2 alerts"));
}

TEST_F(AlertsCommandTest, ExportWritesTheNewestRevisionsAsReplayDoes) {
  EXPECT_EQ(Run({"export"}).out,
            alert::ToJson(SampleSparseAlert()) + "\n" + alert::ToJson(SampleAlert()) + "\n");
}

TEST_F(AlertsCommandTest, EveryFilterIsUnderstood) {
  const std::string sample = alert::ToJson(SampleAlert()) + "\n";
  EXPECT_EQ(Run({"export", "--rule", "secret_read_burst", "--level", "high", "--actor", "alice",
                 "--cluster", "prod-eu", "--from", "2026-11-23T18:00:00Z", "--to",
                 "2026-11-23T19:00:00Z", "--state", "closed", "--limit", "5"})
                .out,
            sample);
  EXPECT_EQ(Run({"export", "--to", "2026-11-23T18:00:00Z"}).out,
            alert::ToJson(SampleSparseAlert()) + "\n");
  EXPECT_EQ(Run({"export", "--actor", "eve"}).out, "");
}

TEST_F(AlertsCommandTest, ShowTakesTheBeginningOfAnId) {
  const Outcome outcome = Run({"show", "3f2a"});
  EXPECT_THAT(outcome.out, AllOf(StartsWith("alice read 214 Secrets in 5m\n"),
                                 HasSubstr("Revision 1  opened"), HasSubstr("Revision 4  closed")));
}

TEST_F(AlertsCommandTest, AnAlertThatIsNotThereIsAFailure) {
  const Outcome outcome = Run({"show", "ffff"});
  EXPECT_EQ(outcome.code, ExitCode::kInputOutput);
  EXPECT_EQ(outcome.err, "hark: there is no alert ffff\n");
}

TEST_F(AlertsCommandTest, AMistakeInAnOptionIsOneOfUsage) {
  const Outcome outcome = Run({"list", "--level", "loud"});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_THAT(outcome.err, StartsWith("hark: --level: \"loud\" is none of"));
}

TEST_F(AlertsCommandTest, AFolderThatIsNoDataDirIsAFailure) {
  std::filesystem::remove(folder_.Path("lock"));
  EXPECT_EQ(Run({"list"}).code, ExitCode::kInputOutput);
}

}  // namespace
}  // namespace hark::cli
