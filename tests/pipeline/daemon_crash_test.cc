#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "pipeline/daemon_harness.h"
#include "support/fault_file_system.h"
#include "support/temp_dir.h"

// Promise 2 on disk: the machine loses its power at every operation of the fact log and of the
// snapshots, and what comes back goes on to the same alerts, or says why it does not.
namespace hark::pipeline {
namespace {

using hark::testing::FaultFileSystem;
using hark::testing::IsOk;
using hark::testing::LiveText;
using ::testing::HasSubstr;

// Fires at the third Secret of one actor within 5 minutes, and for each 401.
const std::vector<rules::RuleFile>& Rules() {
  static const std::vector<rules::RuleFile> files = {{.path = "r.yml", .content = R"(
title: Secret read
id: 11111111-2222-4333-8444-555555555555
name: secret_read
logsource: {product: kubernetes, service: audit}
detection:
  selection: {verb: get, objectRef.resource: secrets}
  condition: selection
---
title: Three Secrets read
id: 11111111-2222-4333-8444-666666666666
name: three_secrets
correlation:
  type: event_count
  rules: [secret_read]
  group-by: [actor.name]
  timespan: 5m
  condition: {gte: 3}
level: high
)"}};
  return files;
}

LiveText TextOf(int events) {
  LiveText text;
  for (int i = 0; i < events; ++i) {
    static const std::vector<std::string> users = {"alice", "bob", "carol"};
    text.text += hark::testing::ToJson({.second = 20 * i,
                                        .user = users[static_cast<std::size_t>(i * i % 7 % 3)],
                                        .resource = i % 5 == 0 ? "pods" : "secrets"});
  }
  return text;
}

class DaemonCrashTest : public ::testing::Test {
 protected:
  DaemonCrashTest() : text_(TextOf(60)) {}

  // A disk on which the folder of the data_dir exists.
  std::unique_ptr<FaultFileSystem> NewDisk() const {
    auto disk = std::make_unique<FaultFileSystem>();
    std::string path;
    for (const char c : folder_->Path("")) {
      if (c == '/' && !path.empty()) {
        disk->MakeDirectory(path).IgnoreError();
        disk->SyncDirectory(path.substr(0, std::max<std::size_t>(path.rfind('/'), 1)))
            .IgnoreError();
      }
      path += c;
    }
    return disk;
  }
  std::string DataDir() const { return folder_->Path("data"); }
  void NewFolder() {
    folder_ = std::make_unique<hark::testing::TempDir>();
    std::filesystem::create_directory(DataDir());
  }

  // One process that reads on as far as the disk lets it.
  void RunUntilItFails(FaultFileSystem& disk) {
    DaemonHarness daemon(disk, DataDir(), Rules());
    if (daemon.Open().ok() && daemon.Read(text_, 4)) {
      daemon.Stop().IgnoreError();
    }
  }

  // One that reads everything, ends, and tells the alerts.
  std::vector<std::string> RunToTheEnd(FaultFileSystem& disk) {
    DaemonHarness daemon(disk, DataDir(), Rules());
    EXPECT_THAT(daemon.Open(), IsOk());
    daemon.SetLast();
    EXPECT_TRUE(daemon.Read(text_, 4));
    EXPECT_THAT(daemon.Stop(), IsOk());
    return daemon.Alerts();
  }

  std::vector<std::string> Undisturbed() {
    NewFolder();
    const auto disk = NewDisk();
    std::vector<std::string> alerts = RunToTheEnd(*disk);
    EXPECT_GT(alerts.size(), 3U);
    return alerts;
  }

  LiveText text_;
  std::unique_ptr<hark::testing::TempDir> folder_ = std::make_unique<hark::testing::TempDir>();
};

TEST_F(DaemonCrashTest, EveryLossOfPowerLeadsToTheSameAlerts) {
  const std::vector<std::string> expected = Undisturbed();
  std::uint64_t operation = 1;
  for (bool crashed = true; crashed; operation += 3) {
    for (const std::uint64_t choice : {0U, 1U, 2U, 3U}) {
      NewFolder();
      const auto disk = NewDisk();
      disk->CrashAt(disk->operations() + operation + choice);
      RunUntilItFails(*disk);
      crashed = disk->crashed();
      const auto found = disk->AfterPowerLoss(choice);
      ASSERT_EQ(RunToTheEnd(*found), expected) << "power lost at operation " << operation + choice;
    }
  }
  EXPECT_GT(operation, 25U);
}

TEST_F(DaemonCrashTest, AFailedWriteOrSyncIsGoneOnFrom) {
  const std::vector<std::string> expected = Undisturbed();
  std::uint64_t operation = 1;
  for (bool reached = true; reached; operation += 5) {
    NewFolder();
    const auto disk = NewDisk();
    const std::uint64_t at = disk->operations() + operation;
    disk->FailAt(at, absl::ResourceExhaustedError("no space"));
    RunUntilItFails(*disk);
    reached = disk->operations() >= at;
    ASSERT_EQ(RunToTheEnd(*disk->AfterKill()), expected) << "failed at operation " << operation;
  }
  EXPECT_GT(operation, 25U);
}

TEST_F(DaemonCrashTest, ShortWritesChangeNothing) {
  const std::vector<std::string> expected = Undisturbed();
  NewFolder();
  const auto disk = NewDisk();
  disk->SetMaxWrite(7);
  EXPECT_EQ(RunToTheEnd(*disk), expected);
}

// The data_dir as a process leaves it that was stopped in the middle, after several snapshots.
class DaemonDamageTest : public DaemonCrashTest {
 protected:
  DaemonDamageTest() {
    expected_ = Undisturbed();
    NewFolder();
    disk_ = NewDisk();
    const LiveText all = text_;
    text_.text.resize(text_.text.find('\n', text_.text.size() / 2) + 1);
    DaemonHarness daemon(*disk_, DataDir(), Rules());
    EXPECT_THAT(daemon.Open(), IsOk());
    daemon.SetPatient();
    EXPECT_TRUE(daemon.Read(text_, 2));
    EXPECT_THAT(daemon.Stop(), IsOk());
    text_ = all;
  }

  std::vector<std::string> FilesIn(const std::string& folder) {
    std::vector<std::string> paths = *disk_->List(DataDir() + "/" + folder);
    for (std::string& path : paths) {
      path = JoinPath(JoinPath(DataDir(), folder), path);
    }
    return paths;
  }
  void Damage(const std::string& path) {
    std::string bytes = disk_->Content(path);
    bytes[bytes.size() / 2] ^= 1;
    disk_->SetContent(path, bytes);
  }
  absl::Status OpenStatus() { return DaemonHarness(*disk_, DataDir(), Rules()).Open(); }

  std::vector<std::string> expected_;
  std::unique_ptr<FaultFileSystem> disk_;
};

TEST_F(DaemonDamageTest, WithoutTheNewestSnapshotTheOneBeforeItIsUsed) {
  ASSERT_EQ(FilesIn("state").size(), 2U);
  Damage(FilesIn("state").back());
  EXPECT_EQ(RunToTheEnd(*disk_), expected_);
}

TEST_F(DaemonDamageTest, WithoutAnySnapshotItRefusesIfFactsWereCut) {
  for (const std::string& path : FilesIn("state")) {
    Damage(path);
  }
  const absl::Status status = OpenStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("there is no snapshot to go on from"));
}

TEST_F(DaemonDamageTest, WithoutTheDatabaseItRefusesIfFactsWereCut) {
  for (const char* const name : {"hark.db", "hark.db-wal", "hark.db-shm"}) {
    std::filesystem::remove(DataDir() + "/" + name);
  }
  const absl::Status status = OpenStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the database does not hold its number"));
}

TEST_F(DaemonDamageTest, WithoutTheFactLogItRefuses) {
  for (const std::string& path : FilesIn("facts")) {
    ASSERT_THAT(disk_->Remove(path), IsOk());
  }
  const absl::Status status = OpenStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a part of the fact log is gone"));
}

TEST_F(DaemonDamageTest, ItsOwnRulesItDoesNotNeedFromTheArchive) {
  for (const std::string& path : FilesIn("rules")) {
    Damage(path);
  }
  EXPECT_THAT(OpenStatus(), IsOk());
}

TEST_F(DaemonDamageTest, OneProcessAtATime) {
  DaemonHarness first(*disk_, DataDir(), Rules());
  ASSERT_THAT(first.Open(), IsOk());
  const absl::Status status = OpenStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("is in use"));
}

}  // namespace
}  // namespace hark::pipeline
