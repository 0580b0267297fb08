#include "pipeline/file_watch.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

#include "support/temp_dir.h"

namespace hark::pipeline {
namespace {

namespace fs = std::filesystem;

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

class FileWatchTest : public ::testing::Test {
 protected:
  FileWatchTest() { fs::create_directory(Path("")); }
  std::string Path(const std::string& name) const { return folder_.Path("d/" + name); }

  // The change is seen, and reported when nothing has changed since.
  static void ExpectOneChange(FileWatch& watch) {
    EXPECT_FALSE(watch.HasChanged());
    EXPECT_TRUE(watch.HasChanged());
    EXPECT_FALSE(watch.HasChanged());
  }

  hark::testing::TempDir folder_;
};

TEST_F(FileWatchTest, IsQuietWhileNothingChanges) {
  Write(Path("a"), "x");
  FileWatch watch({Path("a"), Path("missing")});
  EXPECT_FALSE(watch.HasChanged());
  EXPECT_FALSE(watch.HasChanged());
}

TEST_F(FileWatchTest, SeesAFileThatIsWrittenMadeRenamedOrRemoved) {
  Write(Path("a"), "x");
  FileWatch watch({Path("")});
  Write(Path("a"), "longer");
  ExpectOneChange(watch);
  Write(Path("b"), "y");
  ExpectOneChange(watch);
  fs::rename(Path("b"), Path("a"));
  ExpectOneChange(watch);
  fs::remove(Path("a"));
  ExpectOneChange(watch);
}

TEST_F(FileWatchTest, SeesALinkThatIsSwitched) {
  for (const char* const version : {"v1", "v2"}) {
    fs::create_directory(Path(version));
    Write(Path(version) + "/rule", "same size");
  }
  fs::create_directory_symlink("v1", Path("data"));
  fs::create_symlink("data/rule", Path("rule"));
  FileWatch watch({Path("rule")});
  fs::create_directory_symlink("v2", Path("new"));
  fs::rename(Path("new"), Path("data"));
  ExpectOneChange(watch);
}

TEST_F(FileWatchTest, WaitsUntilTheWriterIsDone) {
  FileWatch watch({Path("")});
  Write(Path("a"), "1");
  EXPECT_FALSE(watch.HasChanged());
  Write(Path("b"), "2");
  EXPECT_FALSE(watch.HasChanged());
  EXPECT_TRUE(watch.HasChanged());
}

TEST_F(FileWatchTest, AChangeThatIsTakenBackIsNone) {
  Write(Path("a"), "x");
  FileWatch watch({Path("missing")});
  Write(Path("missing"), "1");
  EXPECT_FALSE(watch.HasChanged());
  fs::remove(Path("missing"));
  EXPECT_FALSE(watch.HasChanged());
  EXPECT_FALSE(watch.HasChanged());
}

}  // namespace
}  // namespace hark::pipeline
