#include "alert/stream_destination.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "alert/revision.h"
#include "support/sample_alert.h"
#include "support/status_matchers.h"

namespace hark::alert {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::SampleAlert;
using ::testing::HasSubstr;

StoredRevision Stored(std::int64_t sequence, const Alert& alert) {
  return {.sequence = sequence, .revision = MakeRevision(alert, 0)};
}

Alert AlertIn(AlertState state) {
  Alert alert = SampleAlert();
  alert.opening.impersonator.clear();
  alert.state = state;
  return alert;
}

class StreamDestinationTest : public ::testing::Test {
 protected:
  StreamDestinationTest() {
    std::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(pipe2(pipe_.data(), O_CLOEXEC), 0);
  }
  ~StreamDestinationTest() override {
    CloseReader();
    close(pipe_[1]);
  }

  void Open(StreamFormat format, const TableOptions& options = {}) {
    absl::StatusOr<std::unique_ptr<Destination>> destination =
        StreamDestination::Open(pipe_[1], format, options);
    ASSERT_THAT(destination, IsOk());
    destination_ = *std::move(destination);
  }
  void CloseReader() {
    if (pipe_[0] >= 0) {
      close(std::exchange(pipe_[0], -1));
    }
  }
  void Begin(const StoredRevision& stored) {
    const std::array<const StoredRevision*, 1> batch = {&stored};
    result_.reset();
    destination_->Begin(batch, [this](const Attempt& attempt) { result_ = attempt; });
  }
  std::string ReadAll() {
    std::string text(1 << 20, '\0');
    text.resize(static_cast<std::size_t>(read(pipe_[0], text.data(), text.size())));
    return text;
  }

  std::array<int, 2> pipe_ = {-1, -1};
  std::unique_ptr<Destination> destination_;
  std::optional<Attempt> result_;
};

TEST_F(StreamDestinationTest, WritesTheStoredJsonALineEach) {
  Open(StreamFormat::kJsonl);
  const StoredRevision stored = Stored(1, SampleAlert());
  Begin(stored);
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(result_->outcome, Outcome::kDelivered);
  EXPECT_EQ(ReadAll(), stored.revision.json + "\n");
}

TEST_F(StreamDestinationTest, TheTableSaysWhatHasChangedAndWhen) {
  Open(StreamFormat::kTable, {.width = 131, .shows_changes = true});
  Begin(Stored(1, AlertIn(AlertState::kOpened)));
  Begin(Stored(2, AlertIn(AlertState::kEscalated)));
  Begin(Stored(3, AlertIn(AlertState::kClosed)));
  EXPECT_EQ(
      ReadAll(),
      R"(When                 Level     Change     Who                     What                             Count  From             Id
2026-11-23 18:04:22  high      opened     alice                   read 214 Secrets in 5m             214  203.0.113.7      3f2a9c01
2026-11-23 18:08:03  high      escalated  alice                   read 214 Secrets in 5m             214  203.0.113.7      3f2a9c01
2026-11-23 18:13:03  high      closed     alice                   read 214 Secrets in 5m             214  203.0.113.7      3f2a9c01
)");
}

TEST_F(StreamDestinationTest, OnANarrowTerminalTheChangeStandsBeforeTheSentence) {
  Open(StreamFormat::kTable, {.width = 80, .shows_changes = true});
  Begin(Stored(1, AlertIn(AlertState::kEscalated)));
  EXPECT_THAT(ReadAll(), HasSubstr("\n    escalated: read 214 Secrets in 5m\n"));
}

TEST_F(StreamDestinationTest, WhatIsNoAlertIsShownAsItIs) {
  Open(StreamFormat::kTable);
  StoredRevision stored = Stored(1, SampleAlert());
  stored.revision.json = R"({"schema":"hark.alert/v9"})";
  Begin(stored);
  EXPECT_THAT(ReadAll(), HasSubstr("\n{\"schema\":\"hark.alert/v9\"}\n"));
}

TEST_F(StreamDestinationTest, ASlowReaderIsWaitedForWithoutBlocking) {
  Open(StreamFormat::kJsonl);
  StoredRevision stored = Stored(1, SampleAlert());
  stored.revision.json.append(500'000, ' ');
  Begin(stored);
  EXPECT_FALSE(result_.has_value());
  destination_->Wait(absl::ZeroDuration());
  EXPECT_FALSE(result_.has_value());
  std::string got;
  while (!result_.has_value()) {
    got += ReadAll();
    destination_->Wait(absl::Seconds(20));
  }
  got += ReadAll();
  EXPECT_EQ(result_->outcome, Outcome::kDelivered);
  EXPECT_EQ(got, stored.revision.json + "\n");
}

TEST_F(StreamDestinationTest, AClosedPipeEndsTheOutput) {
  Open(StreamFormat::kJsonl);
  CloseReader();
  Begin(Stored(1, SampleAlert()));
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(result_->outcome, Outcome::kClosed);
}

TEST_F(StreamDestinationTest, AFullDiskIsRetried) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  destination_ = *StreamDestination::Open(full, StreamFormat::kJsonl);
  Begin(Stored(1, SampleAlert()));
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(result_->outcome, Outcome::kRetry);
  EXPECT_THAT(result_->reason, HasSubstr("No space left"));
  destination_.reset();
  close(full);
}

TEST_F(StreamDestinationTest, AWakeEndsTheNextWait) {
  Open(StreamFormat::kJsonl);
  destination_->Wake();
  const absl::Time begin = absl::Now();
  destination_->Wait(absl::Hours(1));
  EXPECT_LT(absl::Now() - begin, absl::Minutes(1));
}

}  // namespace
}  // namespace hark::alert
