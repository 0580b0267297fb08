// The stateless half over a log in memory: records split, parsed and matched with the shipped
// rules. The log is the file that HARK_BENCH_LOG names (JSON lines), or one that is made here: one
// event in twelve reads a Secret, the others are a component's.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "benchmark/benchmark.h"

#include "hark/source.h"

#include "base/check.h"
#include "base/diagnostics.h"
#include "base/rfc3339.h"
#include "pipeline/batch_judge.h"
#include "rules/loader.h"

namespace hark::pipeline {
namespace {

constexpr std::size_t kPadding = 64;
constexpr std::uint64_t kMadeEvents = 12'000;
constexpr std::uint64_t kFactEvery = 12;

std::string MadeEvent(std::uint64_t number) {
  const bool is_fact = number % kFactEvery == 0;
  const std::string time =
      FormatRfc3339(1'767'225'600'000'000 + static_cast<Micros>(number) * 10'000);
  return absl::StrFormat(
      R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata",)"
      R"("auditID":"2ca85b77-31cc-47f6-971b-%012d","stage":"ResponseComplete",)"
      R"("requestURI":"/api/v1/namespaces/shop/%s/name-%d?timeout=10s","verb":"get",)"
      R"("user":{"username":"%s","uid":"6d821c5b-0e56-4fe6-9c0a-0a615d221cbf",)"
      R"("groups":["system:authenticated"]},"sourceIPs":["192.0.2.10"],)"
      R"("userAgent":"kubectl/v1.37.0 (linux/amd64) kubernetes/faecb19",)"
      R"("objectRef":{"resource":"%s","namespace":"shop","name":"name-%d","apiVersion":"v1"},)"
      R"("responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"%s",)"
      R"("stageTimestamp":"%s","annotations":{"authorization.k8s.io/decision":"allow",)"
      R"("authorization.k8s.io/reason":""}})"
      "\n",
      number, is_fact ? "secrets" : "leases", number,
      is_fact ? "alice@example.com" : "system:kube-scheduler", is_fact ? "secrets" : "leases",
      number, time, time);
}

// Null if it is to be made.
const char* NamedLog() {
  return std::getenv("HARK_BENCH_LOG");  // NOLINT(concurrency-mt-unsafe): nobody sets it
}

std::string Log() {
  const char* const path = NamedLog();
  if (path != nullptr) {
    std::ifstream file(path, std::ios::binary);
    HARK_CHECK(file.good());
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  std::string log;
  for (std::uint64_t i = 0; i < kMadeEvents; ++i) {
    log += MadeEvent(i);
  }
  return log;
}

RecordBatch BatchOf(const std::string& log) {
  RecordBatch batch;
  batch.capacity = log.size() + kPadding;
  batch.buffer = std::make_unique<char[]>(batch.capacity);
  std::memcpy(batch.buffer.get(), log.data(), log.size());
  batch.data = std::string_view(batch.buffer.get(), log.size());
  return batch;
}

void CheckFindings(const InputStats& stats) {
  HARK_CHECK(stats.events > 0);
  HARK_CHECK(stats.rejected_total() == 0);
  if (NamedLog() == nullptr) {
    HARK_CHECK(stats.events == kMadeEvents);
    HARK_CHECK(stats.facts == kMadeEvents / kFactEvery);
  }
}

void BM_ParseAndMatch(benchmark::State& state) {
  Diagnostics diagnostics;
  const auto rules = rules::LoadRules(rules::ShippedRules(), diagnostics);
  HARK_CHECK(rules != nullptr);
  const RecordBatch batch = BatchOf(Log());
  BatchJudge judge(rules, JudgedTimes());
  FactRecord record;
  judge.Judge(batch, "default", record);
  CheckFindings(judge.stats());
  const std::uint64_t events = judge.stats().events;
  for ([[maybe_unused]] auto _ : state) {
    judge.Judge(batch, "default", record);
    benchmark::DoNotOptimize(record.facts.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events) * state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(batch.data.size()) * state.iterations());
}
BENCHMARK(BM_ParseAndMatch)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hark::pipeline
