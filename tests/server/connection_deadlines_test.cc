#include "server/connection_deadlines.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>

#include "gtest/gtest.h"

namespace hark::server {
namespace {

class ConnectionDeadlinesTest : public ::testing::Test {
 protected:
  ConnectionDeadlinesTest() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, first_.data()), 0);
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, second_.data()), 0);
  }
  ~ConnectionDeadlinesTest() override {
    for (const int fd : {first_[0], first_[1], second_[0], second_[1]}) {
      close(fd);
    }
  }

  // Waits for the other side to be shut down.
  static bool Ends(int fd) {
    char byte = 0;
    return recv(fd, &byte, 1, 0) == 0;
  }
  static bool IsOpen(int fd) { return send(fd, "x", 1, MSG_NOSIGNAL) == 1; }

  std::array<int, 2> first_{}, second_{};
};

TEST_F(ConnectionDeadlinesTest, ShutsDownWhatIsOverdueAndNothingElse) {
  ConnectionDeadlines deadlines;
  deadlines.Set(second_[0], absl::Hours(1));
  deadlines.Set(first_[0], absl::Milliseconds(10));
  EXPECT_TRUE(Ends(first_[1]));
  EXPECT_TRUE(IsOpen(second_[0]));
}

TEST_F(ConnectionDeadlinesTest, ForgetsADeadlineThatIsReplacedOrRemoved) {
  ConnectionDeadlines deadlines;
  deadlines.Set(first_[0], absl::Milliseconds(20));
  deadlines.Set(first_[0], absl::Hours(1));
  int removed[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, removed), 0);
  deadlines.Set(removed[0], absl::Milliseconds(20));
  deadlines.Remove(removed[0]);
  // A later deadline that has passed shows that the earlier ones would have.
  deadlines.Set(second_[0], absl::Milliseconds(40));
  EXPECT_TRUE(Ends(second_[1]));
  EXPECT_TRUE(IsOpen(first_[0]));
  EXPECT_TRUE(IsOpen(removed[0]));
  close(removed[0]);
  close(removed[1]);
}

TEST_F(ConnectionDeadlinesTest, CallsWhatIsToBeCalledInPlaceOfShuttingDown) {
  std::promise<void> called;
  ConnectionDeadlines deadlines;
  deadlines.Set(first_[0], absl::Milliseconds(10), [&] { called.set_value(); });
  called.get_future().wait();
  EXPECT_TRUE(IsOpen(first_[0]));
}

TEST_F(ConnectionDeadlinesTest, WhatIsCalledMaySetTheNextDeadline) {
  ConnectionDeadlines deadlines;
  deadlines.Set(first_[0], absl::Milliseconds(10),
                [&] { deadlines.Set(first_[0], absl::ZeroDuration()); });
  EXPECT_TRUE(Ends(first_[1]));
}

}  // namespace
}  // namespace hark::server
