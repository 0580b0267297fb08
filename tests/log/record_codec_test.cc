#include "log/record_codec.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"

namespace hark::log {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::testing::_;

FactRecord SomeRecord() {
  Fact fact;
  fact.key.fill(0x11);
  fact.pair_key.fill(0xfe);
  fact.time = 1'795'457'924'123'456;
  fact.received_time = -1;
  fact.stage = Stage::kPanic;
  fact.level = Level::kRequestResponse;
  fact.long_running = true;
  fact.raw_length = 4'000'000'000;
  fact.cluster = "prod";
  fact.evidence.audit_id = "2ca85b77";
  fact.evidence.actor_groups = {"system:masters", ""};
  fact.evidence.source_ips = {"192.0.2.1"};
  fact.evidence.reason = std::string("\0\xff", 2);
  fact.evidence.code = -404;
  fact.matches.push_back({.alert_rule = 3,
                          .event_rule = 700,
                          .group = {"alice", std::nullopt, ""},
                          .counted = "kube-system/token",
                          .downgraded = true,
                          .matched = {{.field = "verb", .value = "get"}}});
  FactRecord record;
  record.source = "prod=/var/log/audit.log";
  record.lateness = 60'000'000;
  record.position = 1ULL << 40;
  record.events = 700;
  record.highest_time = fact.time;
  record.cursor = std::string("\0\xfe 7", 4);
  record.facts = {fact, Fact()};
  return record;
}

std::string Encoded(const FactRecord& record) {
  ByteWriter writer;
  EncodeRecord(record, writer);
  return writer.Take();
}

absl::StatusOr<FactRecord> Decoded(std::string_view bytes) {
  ByteReader reader(bytes);
  return DecodeRecord(reader);
}

TEST(RecordCodecTest, ARecordComesBackAsItWas) {
  const absl::StatusOr<FactRecord> record = Decoded(Encoded(SomeRecord()));
  ASSERT_THAT(record, IsOk());
  EXPECT_EQ(*record, SomeRecord());
}

TEST(RecordCodecTest, AnEmptyRecordComesBackAsItWas) {
  const absl::StatusOr<FactRecord> record = Decoded(Encoded(FactRecord()));
  ASSERT_THAT(record, IsOk());
  EXPECT_EQ(*record, FactRecord());
}

TEST(RecordCodecTest, AReloadComesBackAsItWas) {
  FactRecord reload;
  reload.kind = FactRecord::Kind::kReload;
  reload.rules = "0123456789abcdef";
  const absl::StatusOr<FactRecord> record = Decoded(Encoded(reload));
  ASSERT_THAT(record, IsOk());
  EXPECT_EQ(*record, reload);
}

TEST(RecordCodecTest, RecordsCanStandOneAfterTheOther) {
  ByteWriter writer;
  EncodeRecord(SomeRecord(), writer);
  EncodeRecord(FactRecord(), writer);
  ByteReader reader(writer.bytes());
  EXPECT_EQ(DecodeRecord(reader).value(), SomeRecord());
  EXPECT_EQ(DecodeRecord(reader).value(), FactRecord());
  EXPECT_TRUE(reader.at_end());
}

TEST(RecordCodecTest, ARecordThatIsCutOffAnywhereIsRefused) {
  const std::string bytes = Encoded(SomeRecord());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THAT(Decoded(std::string_view(bytes).substr(0, length)),
                StatusIs(absl::StatusCode::kDataLoss, _))
        << "cut after " << length << " of " << bytes.size() << " bytes";
  }
}

TEST(RecordCodecTest, AChangedByteIsRefusedOrGivesARecordOfTheSameBytes) {
  const std::string bytes = Encoded(SomeRecord());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const char change : {'\x01', '\x80', '\xff'}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ change);
      ByteReader reader(damaged);
      const absl::StatusOr<FactRecord> record = DecodeRecord(reader);
      if (record.ok()) {
        EXPECT_EQ(Encoded(*record), damaged.substr(0, damaged.size() - reader.remaining()));
      }
    }
  }
}

TEST(RecordCodecTest, AnotherVersionIsRefused) {
  std::string bytes = Encoded(SomeRecord());
  bytes[0] = 2;
  EXPECT_THAT(Decoded(bytes), StatusIs(absl::StatusCode::kDataLoss, _));
}

}  // namespace
}  // namespace hark::log
