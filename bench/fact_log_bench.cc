// How fast facts become durable: eight threads that append records of 500 KB and wait for each,
// against a loop that does nothing but write as many bytes at the end of a file and sync them.
//
// The disk is that of the current folder.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "benchmark/benchmark.h"

#include "base/check.h"
#include "log/fact_log.h"

namespace hark::log {
namespace {

constexpr std::size_t kRecordBytes = 500'000;
constexpr benchmark::IterationCount kRecordsEach = 50;

// A folder in the current one, deleted at the end of the scope.
class ScratchDir {
 public:
  ScratchDir() : path_("fact_log_bench." + std::to_string(getpid())) {
    HARK_CHECK(std::filesystem::create_directory(path_));
  }
  ~ScratchDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;

  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

void Count(benchmark::State& state, std::size_t record_bytes) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(record_bytes));
}

void BareAppendAndSync(benchmark::State& state) {
  const ScratchDir dir;
  const std::string bytes(kRecordBytes, 'x');
  const auto file = FileSystem::Posix().Open(dir.Path("bare"), OpenMode::kCreate).value();
  std::uint64_t offset = 0;
  for ([[maybe_unused]] auto iteration : state) {
    HARK_CHECK(WriteAll(*file, offset, bytes).ok());
    HARK_CHECK(file->Sync().ok());
    offset += bytes.size();
  }
  Count(state, kRecordBytes);
}
BENCHMARK(BareAppendAndSync)->Iterations(8 * kRecordsEach)->UseRealTime();

// The log that the threads of one run share.
struct SharedLog {
  ScratchDir dir;
  std::unique_ptr<FactLog> log = FactLog::Open(FileSystem::Posix(), dir.Path("facts")).value();
};
std::unique_ptr<SharedLog> shared_log;

void GroupCommit(benchmark::State& state) {
  if (state.thread_index() == 0) {
    shared_log = std::make_unique<SharedLog>();
  }
  const auto bytes = static_cast<std::size_t>(state.range(0));
  FactRecord record;
  record.source = "bench";
  record.cursor = std::string(bytes, 'x');
  for ([[maybe_unused]] auto iteration : state) {
    const absl::StatusOr<Appended> appended = shared_log->log->Append(record);
    HARK_CHECK(shared_log->log->WaitDurable(*appended).ok());
  }
  Count(state, bytes);
  if (state.thread_index() == 0) {
    const auto expected = static_cast<std::uint64_t>(state.threads() * state.iterations());
    HARK_CHECK(shared_log->log->stats().durable_position == expected);
    shared_log.reset();
  }
}
BENCHMARK(GroupCommit)->Arg(kRecordBytes)->Threads(1)->Iterations(8 * kRecordsEach)->UseRealTime();
BENCHMARK(GroupCommit)->Arg(kRecordBytes)->Threads(8)->Iterations(kRecordsEach)->UseRealTime();
BENCHMARK(GroupCommit)->Arg(1'000)->Threads(1)->Iterations(400)->UseRealTime();
BENCHMARK(GroupCommit)->Arg(1'000)->Threads(8)->Iterations(400)->UseRealTime();

}  // namespace
}  // namespace hark::log
