#include "alert/jsonl_output.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "alert/alert_json.h"
#include "support/alert_lines.h"
#include "support/captured_file.h"
#include "support/sample_alert.h"
#include "support/status_matchers.h"

namespace hark::alert {
namespace {

using ::hark::testing::CapturedFile;
using ::hark::testing::IsOk;
using ::hark::testing::RecordAlertLines;
using ::hark::testing::SampleAlert;
using ::hark::testing::SampleSparseAlert;
using ::hark::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(JsonlOutputTest, WritesALineForEachAlert) {
  CapturedFile captured;
  JsonlOutput output(captured.file());
  ASSERT_THAT(output.Write(SampleAlert()), IsOk());
  ASSERT_THAT(output.Write(SampleSparseAlert()), IsOk());
  ASSERT_THAT(output.Flush(), IsOk());
  EXPECT_EQ(captured.text(), ToJson(SampleAlert()) + "\n" + ToJson(SampleSparseAlert()) + "\n");
  RecordAlertLines(captured.text());
}

TEST(JsonlOutputTest, AFullDiskIsAnErrorAtTheLatestWhenFlushed) {
  std::FILE* const full = std::fopen("/dev/full", "w");
  if (full == nullptr) {
    GTEST_SKIP() << "there is no /dev/full";
  }
  JsonlOutput output(full);
  absl::Status status = output.Write(SampleAlert());
  status.Update(output.Flush());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("alerts")));
  std::fclose(full);
}

TEST(JsonlOutputTest, AClosedPipeIsAnErrorThatStays) {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  close(ends[0]);
  std::FILE* const file = fdopen(ends[1], "w");
  ASSERT_NE(file, nullptr);

  JsonlOutput output(file);
  ASSERT_THAT(output.Write(SampleAlert()), IsOk());  // still in the buffer
  const absl::Status status = output.Flush();
  EXPECT_EQ(status.code(), absl::ErrnoToStatusCode(EPIPE));
  EXPECT_THAT(output.Write(SampleAlert()), Not(IsOk()));
  EXPECT_EQ(output.Flush(), status);
  std::fclose(file);
}

}  // namespace
}  // namespace hark::alert
