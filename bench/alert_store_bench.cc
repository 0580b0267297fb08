// What a commit of revisions costs beside the least that any durable write costs on the same disk:
// a bare append with fdatasync. Compare the ratio, not the times. TMPDIR says which disk.

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "benchmark/benchmark.h"

#include "alert/alert_store.h"
#include "base/check.h"
#include "support/sample_alert.h"
#include "support/temp_dir.h"

namespace hark::alert {
namespace {

using ::hark::testing::SampleAlert;
using ::hark::testing::TempDir;

std::vector<Revision> MakeRevisions(std::size_t count, std::uint64_t& next) {
  std::vector<Revision> revisions;
  Alert alert = SampleAlert();
  for (std::size_t i = 0; i < count; ++i) {
    alert.id = absl::StrFormat("%032x", ++next * 0x9e3779b97f4a7c15U);
    revisions.push_back(MakeRevision(alert, 0));
  }
  return revisions;
}

// The bytes of as many revisions, in one append.
void BM_Fdatasync(benchmark::State& state) {
  const TempDir folder;
  std::uint64_t next = 0;
  std::string bytes;
  for (const Revision& revision : MakeRevisions(static_cast<std::size_t>(state.range(0)), next)) {
    bytes += revision.json;
  }
  const int file = open(folder.Path("file").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  for ([[maybe_unused]] auto _ : state) {
    HARK_CHECK(write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    HARK_CHECK(fdatasync(file) == 0);
  }
  close(file);
}
BENCHMARK(BM_Fdatasync)->Arg(1)->Arg(1000)->UseRealTime()->Unit(benchmark::kMicrosecond);

void BM_Commit(benchmark::State& state) {
  const TempDir folder;
  absl::StatusOr<AlertStore> store = AlertStore::Open(folder.Path("hark.db"));
  HARK_CHECK(store.ok());
  std::uint64_t next = 0;
  for ([[maybe_unused]] auto _ : state) {
    state.PauseTiming();
    const std::vector<Revision> revisions =
        MakeRevisions(static_cast<std::size_t>(state.range(0)), next);
    state.ResumeTiming();
    HARK_CHECK(store->Commit({.revisions = revisions, .position = next}).ok());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(next));
  const absl::StatusOr<std::int64_t> last = store->OpenReader()->LastSequence();
  HARK_CHECK(last.ok() && *last == static_cast<std::int64_t>(next));
}
BENCHMARK(BM_Commit)->Arg(1)->Arg(1000)->UseRealTime()->Unit(benchmark::kMicrosecond);

// The first page of a filter that the oldest of 100,000 alerts meet.
void BM_QueryRareRule(benchmark::State& state) {
  const TempDir folder;
  AlertStore store = *AlertStore::Open(folder.Path("hark.db"));
  std::uint64_t next = 0;
  for (int i = 0; i < 100; ++i) {
    std::vector<Revision> revisions = MakeRevisions(1000, next);
    for (Revision& revision : revisions) {
      revision.rule_name = i == 0 ? "rare" : "common";
    }
    HARK_CHECK(store.Commit({.revisions = revisions}).ok());
  }
  AlertReader reader = *store.OpenReader();
  for ([[maybe_unused]] auto _ : state) {
    HARK_CHECK(reader.Query({.rule = "rare"})->alerts.size() == AlertQuery::kDefaultLimit);
  }
}
BENCHMARK(BM_QueryRareRule)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hark::alert
