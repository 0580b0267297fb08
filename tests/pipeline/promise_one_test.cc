// Promise 1 of the design: the same set of events, none later than the lateness bound, gives the
// same alerts, byte for byte, whatever the source, thread count, batch size, arrival order, and
// however often an event is delivered.

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "hark/alert.h"

#include "base/rfc3339.h"
#include "pipeline/batch_judge.h"
#include "pipeline/replay.h"
#include "rules/loader.h"
#include "support/alert_lines.h"
#include "support/case_count.h"
#include "support/memory_source.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::MemorySource;
using ::hark::testing::RenderAlertLine;
using Random = std::mt19937_64;

constexpr Micros kSecond = 1'000'000;
constexpr Micros kLateness = 60 * kSecond;
constexpr Micros kStart = 1'700'000'000 * kSecond;

std::uint64_t Pick(Random& random, std::uint64_t bound) {
  return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random);
}

// One line of a log, and when its event happened.
struct Line {
  Micros time = 0;
  std::string json;
  std::string truncated;  // what the API server's truncation leaves of it; empty if it is small
};

struct Request {
  std::string user, verb, resource, name;
  std::uint64_t place = 0;  // which namespace
  int code = 200;
  std::string stage = "ResponseComplete";
};

std::string Json(const Request& request, std::uint64_t id, Micros received, Micros time,
                 const std::string& body) {
  const std::string object_name =
      request.name.empty() ? "" : absl::StrFormat(R"(,"name":"%s")", request.name);
  const std::string user =
      request.code == 401 ? "{}" : absl::StrFormat(R"({"username":"%s"})", request.user);
  return absl::StrFormat(
      R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"id-%d",)"
      R"("stage":"%s","requestURI":"/api/v1/namespaces/ns-%d/%s/%s","verb":"%s","user":%s,)"
      R"("sourceIPs":["10.0.0.%d"],"objectRef":{"resource":"%s","namespace":"ns-%d"%s},)"
      R"("responseStatus":{"metadata":{},"code":%d}%s,"requestReceivedTimestamp":"%s",)"
      R"("stageTimestamp":"%s"})",
      id, request.stage, request.place, request.resource, request.name, request.verb, user, id % 2,
      request.resource, request.place, object_name, request.code, body, FormatRfc3339(received),
      FormatRfc3339(time));
}

Request RandomRequest(Random& random) {
  Request request;
  request.user = absl::StrFormat("user-%d", Pick(random, 3));
  request.place = Pick(random, 4);
  switch (Pick(random, 6)) {
    case 0:
      request.verb = "list";
      request.resource = "secrets";
      break;
    case 1:
      request.verb = "list";
      request.resource = "pods";
      request.code = 403;
      break;
    case 2:
      request.verb = "get";
      request.resource = "nodes";
      request.code = 401;
      request.stage = "ResponseStarted";
      break;
    case 3:
      request.verb = "watch";
      request.resource = "secrets";
      request.stage = "ResponseStarted";
      break;
    default:
      request.verb = "get";
      request.resource = "secrets";
      request.name = absl::StrFormat("secret-%d", Pick(random, 12));
  }
  return request;
}

// A log with many events at one instant, and pairs of stages; in the order of time.
std::vector<Line> RandomLog(Random& random) {
  std::vector<Line> log;
  Micros now = kStart;
  for (std::uint64_t id = 0; id < 400; ++id) {
    now += static_cast<Micros>(Pick(random, 4)) * kSecond;
    Request request = RandomRequest(random);
    const std::string body =
        Pick(random, 3) == 0 ? R"(,"requestObject":{"padding":")" + std::string(300, 'x') + R"("})"
                             : "";
    const auto add = [&](Micros time) {
      Line line{.time = time, .json = Json(request, id, now, time, body), .truncated = ""};
      if (!body.empty()) {
        line.truncated =
            Json(request, id, now, time, R"(,"annotations":{"audit.k8s.io/truncated":"true"})");
      }
      log.push_back(std::move(line));
    };
    add(now);
    if (request.verb == "watch") {
      request.stage = "ResponseComplete";
      add(now + static_cast<Micros>(Pick(random, 300)) * kSecond);
    }
  }
  std::ranges::stable_sort(log, {}, &Line::time);
  return log;
}

class LineSink final : public RevisionSink {
 public:
  void OnRevision(const Alert& alert) override { lines += RenderAlertLine(alert) + "\n"; }
  std::string lines;
};

std::shared_ptr<const rules::RuleSet> ShippedRuleSet() {
  static const std::shared_ptr<const rules::RuleSet> rule_set = [] {
    Diagnostics diagnostics;
    return rules::LoadRules(rules::ShippedRules(), diagnostics);
  }();
  return rule_set;
}

ReplayOptions Options() {
  ReplayOptions options;
  options.rules = ShippedRuleSet();
  options.lateness = kLateness;
  return options;
}

std::string RevisionsOf(const ReplayOptions& options, const std::vector<std::string>& files) {
  std::vector<std::unique_ptr<Source>> sources;
  for (std::size_t i = 0; i < files.size(); ++i) {
    sources.push_back(std::make_unique<MemorySource>(absl::StrFormat("source-%d", i), files[i]));
  }
  LineSink sink;
  const ReplayResult result = Replay(options, std::move(sources), sink);
  EXPECT_EQ(result.detector.late, 0U);
  EXPECT_EQ(result.input.records, result.input.events);
  return sink.lines;
}

std::string InOrder(const std::vector<Line>& log) {
  std::string text;
  for (const Line& line : log) {
    text += line.json + "\n";
  }
  return text;
}

// The log as it may arrive: late by less than the bound, some events more than once, some copies
// cut off by the API server, spread over several files.
std::vector<std::string> Scatter(const std::vector<Line>& log, Random& random) {
  std::vector<std::string> files(1 + Pick(random, 5));
  struct Arrival {
    Micros time = 0;
    std::size_t file = 0;
    const std::string* json = nullptr;
  };
  std::vector<Arrival> arrivals;
  const auto add = [&](const Line& line, const std::string& json) {
    const auto delay = static_cast<Micros>(Pick(random, kLateness));
    arrivals.push_back({line.time + delay, Pick(random, files.size()), &json});
  };
  for (const Line& line : log) {
    add(line, line.json);
    while (Pick(random, 4) == 0) {
      const bool cut = !line.truncated.empty() && Pick(random, 2) == 0;
      add(line, cut ? line.truncated : line.json);
    }
  }
  std::ranges::stable_sort(arrivals, {}, &Arrival::time);
  for (const Arrival& arrival : arrivals) {
    files[arrival.file] += *arrival.json + "\n";
  }
  return files;
}

// A case replays a log of 400 events twice.
std::size_t Cases() {
  return testing::CaseCount(150);
}

TEST(PromiseOneTest, ArrivalOrderCopiesFilesThreadsAndBatchesChangeNothing) {
  constexpr std::size_t kBatchBytes[] = {1, 1000, 4096, 256 << 10, 4 << 20};
  ASSERT_NE(ShippedRuleSet(), nullptr);
  std::size_t revisions = 0;
  for (std::size_t seed = 0; seed < Cases(); ++seed) {
    Random random(seed);
    const std::vector<Line> log = RandomLog(random);
    ReplayOptions options = Options();
    const std::string expected = RevisionsOf(options, {InOrder(log)});
    revisions += static_cast<std::size_t>(std::ranges::count(expected, '\n'));
    options.threads = 1 + static_cast<int>(Pick(random, 8));
    options.batch_bytes = kBatchBytes[Pick(random, std::size(kBatchBytes))];
    ASSERT_EQ(RevisionsOf(options, Scatter(log, random)), expected)
        << "seed " << seed << ", " << options.threads << " threads, batches of "
        << options.batch_bytes;
  }
  EXPECT_GT(revisions, 5 * Cases()) << "the logs raise too few alerts to prove anything";
}

// The records of a source, in batches of random sizes, between its declaration and its end.
std::vector<FactRecord> RecordsOf(const std::string& name, const std::string& lines,
                                  Random& random) {
  MemorySource source(name, lines);
  BatchJudge judge(ShippedRuleSet(), JudgedTimes());
  std::vector<FactRecord> records;
  while (true) {
    RecordBatch batch;
    EXPECT_TRUE(source.Read(1 + Pick(random, 20'000), batch).ok());
    FactRecord& record = records.emplace_back();
    if (batch.at_end()) {
      record.kind = FactRecord::Kind::kEnd;
      record.source = name;
      return records;
    }
    judge.Judge(batch, "default", record);
    record.source = name;
  }
}

TEST(PromiseOneTest, SourcesMayBeDelayedAgainstEachOtherByAnyTime) {
  ASSERT_NE(ShippedRuleSet(), nullptr);
  for (std::size_t seed = 0; seed < Cases(); ++seed) {
    Random random(1'000'000 + seed);
    const std::vector<Line> log = RandomLog(random);
    const std::string expected = RevisionsOf(Options(), {InOrder(log)});
    const std::vector<std::string> files = Scatter(log, random);
    const auto detector = detect::MakeEngine(ShippedRuleSet(), {});
    LineSink sink;
    std::vector<std::vector<FactRecord>> waiting;
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::string name = absl::StrFormat("source-%d", i);
      waiting.push_back(RecordsOf(name, files[i], random));
      FactRecord declaration;
      declaration.kind = FactRecord::Kind::kDeclare;
      declaration.source = name;
      declaration.lateness = kLateness;
      detector->Apply(declaration, sink);
    }
    while (!waiting.empty()) {
      // One source at a time may bring much before another one brings anything.
      const std::size_t source = Pick(random, waiting.size());
      std::vector<FactRecord>& records = waiting[source];
      const std::size_t count = 1 + Pick(random, records.size());
      for (std::size_t i = 0; i < count; ++i) {
        detector->Apply(records[i], sink);
      }
      records.erase(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(count));
      if (records.empty()) {
        waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(source));
      }
    }
    detector->Finish(sink);
    ASSERT_EQ(sink.lines, expected) << "seed " << seed;
    EXPECT_EQ(detector->stats().late, 0U);
  }
}

}  // namespace
}  // namespace hark::pipeline
