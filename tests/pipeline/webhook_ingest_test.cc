#include "pipeline/webhook_ingest.h"

#include <chrono>
#include <cstring>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "pipeline/live_test.h"
#include "pipeline/replay_helper.h"

namespace hark::pipeline {
namespace {

using hark::testing::EventLine;
using hark::testing::kSecond;
using hark::testing::kStart;
using hark::testing::SecretReadRules;
using hark::testing::ToJson;
using server::AuditOutcome;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = FactRecord::Kind;

constexpr std::string_view kListener = "127.0.0.1:9880";
constexpr std::size_t kBudget = std::size_t{64} << 20;

std::string ListOf(const std::vector<EventLine>& lines) {
  std::string items;
  for (const EventLine& line : lines) {
    absl::StrAppend(&items, items.empty() ? "" : ",", ToJson(line));
  }
  return absl::StrCat(
      R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[)", items, "]}");
}

class WebhookIngestTest : public hark::testing::LiveTest {
 protected:
  WebhookIngest& Make(WebhookIngest::Options options = {}, const SourceTable& past = {}) {
    options.listeners = {{.name = std::string(kListener), .lateness = 35 * kSecond}};
    ingest_ =
        std::make_unique<WebhookIngest>(std::move(options), context_, SecretReadRules(), past);
    ingest_->Start();
    return *ingest_;
  }

  // What will become of the body, posted as by one request.
  std::future<AuditOutcome> Post(std::string_view text, std::string_view cluster = "prod") {
    server::AuditBody body;
    body.listener = kListener;
    body.cluster = cluster;
    body.bytes = std::make_unique<char[]>(text.size() + server::AuditBody::kPadding);
    std::memcpy(body.bytes.get(), text.data(), text.size());
    body.size = text.size();
    body.memory = *budget_.Reserve(text.size() + server::AuditBody::kPadding);
    auto promise = std::make_shared<std::promise<AuditOutcome>>();
    std::future<AuditOutcome> outcome = promise->get_future();
    ingest_->Take(std::move(body), [promise](AuditOutcome got) { promise->set_value(got); });
    return outcome;
  }

  server::MemoryBudget budget_{kBudget};
  std::unique_ptr<WebhookIngest> ingest_;
};

TEST_F(WebhookIngestTest, ABodyIsStoredOnceItsFactsAreDurable) {
  Make();
  EXPECT_EQ(Post(ListOf({{.second = 1}, {.second = 2, .resource = "pods"}})).get(),
            AuditOutcome::kStored);
  const std::vector<FactRecord> records = Records();
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].kind, Kind::kDeclare);
  EXPECT_EQ(records[0].source, "prod=webhook:127.0.0.1:9880");
  EXPECT_EQ(records[0].lateness, 35 * kSecond);
  EXPECT_EQ(records[1].kind, Kind::kBatch);
  EXPECT_EQ(records[1].events, 2U);
  EXPECT_EQ(records[1].highest_time, kStart + 2 * kSecond);
  ASSERT_THAT(records[1].facts, SizeIs(1));
  EXPECT_EQ(records[1].facts[0].cluster, "prod");
  EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(WebhookIngestTest, NothingIsStoredBeforeTheDiskHasIt) {
  Make();
  ASSERT_EQ(Post(ListOf({{.second = 1}})).get(), AuditOutcome::kStored);
  disk_.Hold();
  std::future<AuditOutcome> outcome = Post(ListOf({{.second = 2}}));
  disk_.AwaitHeld();
  EXPECT_EQ(outcome.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  disk_.Release();
  EXPECT_EQ(outcome.get(), AuditOutcome::kStored);
}

TEST_F(WebhookIngestTest, BodiesThatComeDuringASyncShareTheNext) {
  Make();
  ASSERT_EQ(Post(ListOf({{.second = 1}})).get(), AuditOutcome::kStored);
  disk_.Hold();
  std::vector<std::future<AuditOutcome>> outcomes;
  outcomes.push_back(Post(ListOf({{.second = 2}})));
  disk_.AwaitHeld();
  for (int i = 0; i < 20; ++i) {
    outcomes.push_back(Post(ListOf({{.second = 3 + i}})));
  }
  while (ingest_->Status().front().events < 22) {
    std::this_thread::yield();
  }
  const std::uint64_t before = disk_.operations();
  disk_.Release();
  for (std::future<AuditOutcome>& outcome : outcomes) {
    EXPECT_EQ(outcome.get(), AuditOutcome::kStored);
  }
  EXPECT_LE(disk_.operations() - before, 6U);
}

TEST_F(WebhookIngestTest, WhatTheDiskRefusesIsUnavailableAndMayBeSentAgain) {
  Make();
  ASSERT_EQ(Post(ListOf({{.second = 1}})).get(), AuditOutcome::kStored);
  disk_.FailAt(disk_.operations() + 1, absl::ResourceExhaustedError("no space"));
  EXPECT_EQ(Post(ListOf({{.second = 2}})).get(), AuditOutcome::kUnavailable);
  EXPECT_EQ(ingest_->Status().front().state, metrics::SourceState::kUnreadable);
  EXPECT_EQ(Post(ListOf({{.second = 2}})).get(), AuditOutcome::kStored);
  EXPECT_EQ(ingest_->Status().front().state, metrics::SourceState::kReading);
  EXPECT_THAT(Records(), SizeIs(3));
}

TEST_F(WebhookIngestTest, ADeclarationThatFailsIsTriedAgain) {
  Make();
  // Operations of the empty log come first: any of them may fail.
  for (int i = 1; i <= 4; ++i) {
    disk_.FailAt(disk_.operations() + 1, absl::ResourceExhaustedError("no space"));
    EXPECT_EQ(Post(ListOf({{.second = i}})).get(), AuditOutcome::kUnavailable) << i;
  }
  EXPECT_EQ(Post(ListOf({{.second = 9}})).get(), AuditOutcome::kStored);
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDeclare, Kind::kBatch));
}

TEST_F(WebhookIngestTest, WhatIsNoEventListIsRefusedAndCounted) {
  Make();
  EXPECT_EQ(Post("{\"kind\":\"EventList\"").get(), AuditOutcome::kNotEvents);
  EXPECT_EQ(Post("{\"hello\":1}").get(), AuditOutcome::kNotEvents);
  EXPECT_THAT(*registry_.Text(),
              AllOf(HasSubstr("hark_records_rejected_total{reason=\"malformed\",source=\"prod="
                              "webhook:127.0.0.1:9880\"} 1"),
                    HasSubstr("hark_records_skipped_total{reason=\"no_audit_event\",source=\"prod="
                              "webhook:127.0.0.1:9880\"} 1")));
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDeclare));
}

TEST_F(WebhookIngestTest, OneBadItemDoesNotFailItsBatch) {
  Make();
  const std::string list =
      absl::StrCat(R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{"auditID":5},)",
                   ToJson(EventLine{.second = 1}),
                   R"(,null,{"kind":"Event","auditID":"x","stage":"Nowhere"}]})");
  EXPECT_EQ(Post(list).get(), AuditOutcome::kStored);
  const std::vector<FactRecord> records = Records();
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[1].events, 1U);
  EXPECT_THAT(records[1].facts, SizeIs(1));
}

TEST_F(WebhookIngestTest, ALongListIsSeveralRecordsAndTooLongItemsAreCounted) {
  Make({.listeners = {}, .max_record_bytes = std::size_t{256} << 10});
  std::string items;
  for (int i = 0; i < 5000; ++i) {
    absl::StrAppend(&items, items.empty() ? "" : ",", ToJson(EventLine{.second = i}));
  }
  absl::StrAppend(&items, ",{\"auditID\":\"", std::string(std::size_t{300} << 10, 'x'), "\"}");
  EXPECT_EQ(Post(absl::StrCat(R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[)",
                              items, "]}"))
                .get(),
            AuditOutcome::kStored);
  std::uint64_t events = 0;
  for (const FactRecord& record : Records()) {
    events += record.events;
  }
  EXPECT_EQ(events, 5000U);
  EXPECT_GT(Records().size(), 2U);
  EXPECT_THAT(*registry_.Text(), HasSubstr("reason=\"too_large\",source=\"prod=webhook:127.0.0.1:"
                                           "9880\"} 1"));
}

TEST_F(WebhookIngestTest, WhatIsTooMuchIsBusyAtOnce) {
  Make({.listeners = {}, .max_waiting = 2});
  ASSERT_EQ(Post(ListOf({{.second = 1}})).get(), AuditOutcome::kStored);
  disk_.Hold();
  std::future<AuditOutcome> first = Post(ListOf({{.second = 2}}));
  std::future<AuditOutcome> second = Post(ListOf({{.second = 3}}));
  EXPECT_EQ(Post(ListOf({{.second = 4}})).get(), AuditOutcome::kBusy);
  disk_.Release();
  EXPECT_EQ(first.get(), AuditOutcome::kStored);
  EXPECT_EQ(second.get(), AuditOutcome::kStored);
}

TEST_F(WebhookIngestTest, AFullFactLogIsBusy) {
  context_.max_fact_log_bytes = 0;
  Make();
  ASSERT_EQ(Post(ListOf({{.second = 1}})).get(), AuditOutcome::kStored) << "it is empty still";
  EXPECT_EQ(Post(ListOf({{.second = 2}})).get(), AuditOutcome::kBusy);
}

TEST_F(WebhookIngestTest, AnEventThatNeedsALargeParserTakesItFromTheBudget) {
  Make();
  const std::string large = absl::StrCat(R"({"kind":"Event","auditID":")",
                                         std::string(std::size_t{20} << 20, 'x'), R"("})");
  EXPECT_EQ(Post(absl::StrCat(R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[)",
                              large, "]}"))
                .get(),
            AuditOutcome::kBusy);
  EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(WebhookIngestTest, IsIdleOnlyWithoutAnOpenRequest) {
  Make();
  ASSERT_EQ(Post(ListOf({{.second = 1}})).get(), AuditOutcome::kStored);
  highest_time_ = kStart + 90 * kSecond;
  now_ += 34 * kSecond;
  ingest_->Tick();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDeclare, Kind::kBatch));
  ingest_->OnOpen(kListener, "prod");
  now_ += 10 * kSecond;
  ingest_->Tick();
  ingest_->OnClose(kListener, "prod");
  ingest_->Tick();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDeclare, Kind::kBatch));
  now_ += 35 * kSecond;
  ingest_->Tick();
  ASSERT_EQ(Post(ListOf({{.second = 2}})).get(), AuditOutcome::kStored);
  const std::vector<FactRecord> records = Records();
  ASSERT_THAT(records, SizeIs(4));
  EXPECT_EQ(records[2].kind, Kind::kIdle);
  EXPECT_EQ(records[2].highest_time, kStart + 90 * kSecond);
}

TEST_F(WebhookIngestTest, ASourceOfAnEarlierRunIsGoneOnWith) {
  SourceTable past;
  FactRecord record;
  record.kind = Kind::kDeclare;
  record.source = "prod=webhook:127.0.0.1:9880";
  record.lateness = 35 * kSecond;
  record.cursor = WebhookSource::kCursor;
  record.position = 77;
  past.Apply(record);
  Make({}, past);
  EXPECT_TRUE(ingest_->Owns(record.source));
  EXPECT_FALSE(ingest_->Owns("prod=/var/log/audit.log"));
  EXPECT_THAT(ingest_->Status(), ElementsAre(Field(&LiveSourceStatus::position, 77)));
  highest_time_ = kStart;
  now_ += 35 * kSecond;
  ingest_->Tick();
  ASSERT_EQ(Post(ListOf({{.second = 2}})).get(), AuditOutcome::kStored);
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kIdle, Kind::kBatch));
  EXPECT_GT(Records().back().position, 77U);
}

TEST_F(WebhookIngestTest, ClustersAreSourcesOfTheirOwnAndBounded) {
  Make();
  for (std::size_t i = 0; i < WebhookIngest::kMaxSources; ++i) {
    ingest_->OnOpen(kListener, absl::StrCat("c", i));
  }
  EXPECT_EQ(Post(ListOf({{.second = 1}}), "c0").get(), AuditOutcome::kStored);
  EXPECT_EQ(Post(ListOf({{.second = 1}}), "one_more").get(), AuditOutcome::kUnavailable);
}

TEST_F(WebhookIngestTest, RulesChangeBetweenBodies) {
  Make();
  ASSERT_EQ(Post(ListOf({{.second = 1}})).get(), AuditOutcome::kStored);
  const auto none = std::make_shared<rules::RuleSet>();
  ingest_->Pause([&]() -> std::shared_ptr<const rules::RuleSet> { return none; });
  ASSERT_EQ(Post(ListOf({{.second = 2}})).get(), AuditOutcome::kStored);
  const std::vector<FactRecord> records = Records();
  EXPECT_THAT(records[1].facts, SizeIs(1));
  EXPECT_THAT(records[2].facts, IsEmpty());
}

TEST_F(WebhookIngestTest, AStopAnswersWhatWaits) {
  Make();
  std::future<AuditOutcome> outcome;
  ingest_->Pause([&]() -> std::shared_ptr<const rules::RuleSet> { return nullptr; });
  disk_.Hold();
  outcome = Post(ListOf({{.second = 1}}));
  disk_.AwaitHeld();
  std::future<AuditOutcome> second = Post(ListOf({{.second = 2}}));
  std::thread stop([this] { ingest_->Stop(); });
  disk_.Release();
  stop.join();
  EXPECT_EQ(outcome.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_EQ(second.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  EXPECT_EQ(Post(ListOf({{.second = 3}})).get(), AuditOutcome::kUnavailable);
}

}  // namespace
}  // namespace hark::pipeline
