#include "log/memory_fact_log.h"

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::log {
namespace {

using ::testing::ElementsAre;

FactRecord RecordAt(std::uint64_t position) {
  FactRecord record;
  record.position = position;
  return record;
}

void PutAt(MemoryFactLog& log, std::uint64_t place) {
  ASSERT_TRUE(log.WaitForRoom(place));
  FactRecord record = RecordAt(place);
  log.Put(place, record);
}

std::vector<std::uint64_t> ReadAll(MemoryFactLog& log) {
  std::vector<std::uint64_t> positions;
  FactRecord record;
  while (log.Next(record)) {
    positions.push_back(record.position);
  }
  return positions;
}

TEST(MemoryFactLogTest, RecordsComeInTheOrderOfTheirPlaces) {
  MemoryFactLog log(4);
  PutAt(log, 2);
  PutAt(log, 0);
  PutAt(log, 1);
  log.EndAt(3);
  EXPECT_THAT(ReadAll(log), ElementsAre(0, 1, 2));
}

TEST(MemoryFactLogTest, AnEmptyLogEnds) {
  MemoryFactLog log(1);
  log.EndAt(0);
  EXPECT_THAT(ReadAll(log), ElementsAre());
}

TEST(MemoryFactLogTest, AWriterGetsBackTheMemoryOfARecordThatWasRead) {
  MemoryFactLog log(1);
  FactRecord record = RecordAt(0);
  record.facts.reserve(100);
  log.Put(0, record);
  EXPECT_TRUE(log.Next(record));
  FactRecord empty;
  EXPECT_TRUE(log.WaitForRoom(1));
  log.Put(1, empty);
  EXPECT_TRUE(log.Next(record));
  EXPECT_TRUE(log.WaitForRoom(2));
  FactRecord reused;
  log.Put(2, reused);
  EXPECT_GE(reused.facts.capacity(), 100);
}

TEST(MemoryFactLogTest, CancelWakesAWaitingWriter) {
  MemoryFactLog log(1);
  PutAt(log, 0);
  std::thread writer([&log] { EXPECT_FALSE(log.WaitForRoom(1)); });
  log.Cancel();
  writer.join();
}

TEST(MemoryFactLogTest, CancelWakesAWaitingReader) {
  MemoryFactLog log(1);
  std::thread reader([&log] {
    FactRecord record;
    EXPECT_FALSE(log.Next(record));
  });
  log.Cancel();
  reader.join();
}

TEST(MemoryFactLogTest, ManyWritersKeepTheOrderAndTheBound) {
  constexpr std::uint64_t kRecords = 10'000;
  constexpr std::size_t kCapacity = 8;
  MemoryFactLog log(kCapacity);
  std::atomic<std::uint64_t> next_place = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&log, &next_place] {
      for (std::uint64_t place = next_place++; place < kRecords; place = next_place++) {
        PutAt(log, place);
      }
    });
  }
  FactRecord record;
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    ASSERT_TRUE(log.Next(record));
    ASSERT_EQ(record.position, i);
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
}

}  // namespace
}  // namespace hark::log
