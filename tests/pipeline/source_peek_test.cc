#include "pipeline/source_peek.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "pipeline/replay_helper.h"
#include "support/memory_source.h"
#include "support/status_matchers.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::EventLine;
using ::hark::testing::IsOk;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;
using ::hark::testing::MemorySource;
using ::hark::testing::ToJson;
using ::testing::ElementsAre;

// A source that can be read only once, as a pipe, and fails the test if it is read at all.
class Pipe final : public Source {
 public:
  const std::string& name() const override { return name_; }
  const std::string& cluster() const override { return name_; }
  std::uint64_t size_hint() const override { return 0; }
  absl::Status Read(std::size_t /*max_bytes*/, RecordBatch& /*batch*/) override {
    ADD_FAILURE() << "what is read of a pipe is gone";
    return absl::OkStatus();
  }
  bool Rewind() override { return false; }

 private:
  const std::string name_ = "pipe";
};

class SourcePeekTest : public ::testing::Test {
 protected:
  void AddSource(std::string lines) {
    sources_.push_back(std::make_unique<MemorySource>("source", std::move(lines)));
  }

  std::vector<std::unique_ptr<Source>> sources_;
  PeekOptions options_;
};

TEST_F(SourcePeekTest, FindsTheFirstEventNotTheEarliest) {
  AddSource(ToJson({{.second = 5}, {.second = 1}}));
  AddSource("garbage\n{}\n" + ToJson(EventLine{.second = 7}));
  EXPECT_THAT(FirstEventTimes(sources_, options_),
              ElementsAre(kStart + 5 * kSecond, kStart + 7 * kSecond));
}

TEST_F(SourcePeekTest, LeavesTheSourcesAtTheirBeginning) {
  const std::string lines = ToJson({{.second = 5}, {.second = 6}});
  AddSource(lines);
  FirstEventTimes(sources_, options_);
  RecordBatch batch;
  ASSERT_THAT(sources_[0]->Read(10'000, batch), IsOk());
  EXPECT_EQ(batch.data, lines);
}

TEST_F(SourcePeekTest, WithoutAnEventNothingIsKnown) {
  AddSource("");
  AddSource("garbage\n");
  EXPECT_THAT(FirstEventTimes(sources_, options_), ElementsAre(kBeginningOfTime, kBeginningOfTime));
}

TEST_F(SourcePeekTest, OnlyTheBeginningIsLookedAt) {
  AddSource(std::string(100'000, 'x') + "\n" + ToJson(EventLine{.second = 1}));
  EXPECT_THAT(FirstEventTimes(sources_, options_), ElementsAre(kBeginningOfTime));
}

TEST_F(SourcePeekTest, AnEventOfTheFutureSaysNothing) {
  AddSource(ToJson({{.second = 900}, {.second = 5}}));
  options_.latest_legal = kStart + 100 * kSecond;
  EXPECT_THAT(FirstEventTimes(sources_, options_), ElementsAre(kStart + 5 * kSecond));
}

TEST_F(SourcePeekTest, WhatCanBeReadOnlyOnceIsNotTouched) {
  sources_.push_back(std::make_unique<Pipe>());
  EXPECT_THAT(FirstEventTimes(sources_, options_), ElementsAre(kBeginningOfTime));
}

TEST_F(SourcePeekTest, StopEndsTheLook) {
  const std::atomic<bool> stop = true;
  AddSource(ToJson(EventLine{.second = 5}));
  options_.stop = &stop;
  EXPECT_THAT(FirstEventTimes(sources_, options_), ElementsAre(kBeginningOfTime));
}

}  // namespace
}  // namespace hark::pipeline
