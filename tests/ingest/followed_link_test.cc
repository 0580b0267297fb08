#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/follow_cursor.h"
#include "ingest/follow_helper.h"
#include "ingest/followed_series.h"
#include "support/open_descriptors.h"

namespace hark::ingest {
namespace {

using ::hark::testing::OpenDescriptors;
using ::hark::testing::StatusIs;
using ::testing::HasSubstr;

using FollowedSeriesTest = FollowTest;

TEST_F(FollowedSeriesTest, ALinkIsFollowedToItsNewTarget) {
  Append(Line(0), "a");
  std::filesystem::create_symlink(Path("a"), Path("audit.log"));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Line(0));
  Append(Line(1), "a");
  Append(Line(2), "b");
  std::filesystem::create_symlink(Path("b"), Path("new"));
  Rename("new", "audit.log");
  EXPECT_EQ(ReadOn(*source).text, Lines(1, 3));
}

TEST_F(FollowedSeriesTest, RotatedFilesOfALinkLieBesideItsTarget) {
  std::filesystem::create_directory(Path("pod"));
  Append(Line(1), "pod/0.log");
  Append(Line(0), "pod/0.log.1");
  std::filesystem::create_symlink(Path("pod/0.log"), Path("audit.log"));
  EXPECT_EQ(ReadOn(*Follow()).text, Lines(0, 2));
}

TEST_F(FollowedSeriesTest, ADamagedCursorIsAnError) {
  for (const std::string cursor : {"", "file1", "file1 0 0 0 0 0", "nonsense"}) {
    EXPECT_THAT(FollowedSeries::Create({.identity = {.name = "log", .cluster = {}},
                                        .path = Path("audit.log"),
                                        .start = {.from = From::kCursor, .cursor = cursor},
                                        .limits = {},
                                        .listing = {}},
                                       notices_),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("read to")));
  }
}

TEST_F(FollowedSeriesTest, ASourceThatIsNotReadHoldsNoDescriptor) {
  Append(Line(0));
  const std::size_t before = OpenDescriptors();
  const auto source = Follow({.from = From::kEnd});
  EXPECT_EQ(OpenDescriptors(), before);
}

}  // namespace
}  // namespace hark::ingest
