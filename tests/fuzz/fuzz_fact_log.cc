// The last segment file of a fact log holds bytes that may be anything. Property: the log is
// refused, or it holds some records, takes another one, and then holds exactly one more.
//
// If the first byte of the input is odd, the checksums of the rest are made right first: else no
// changed byte would come past them.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/checksum.h"
#include "base/codec.h"
#include "log/fact_log.h"
#include "log/fact_log_reader.h"
#include "log/segment_format.h"
#include "support/fault_file_system.h"

namespace {

using hark::Checksum;
using hark::FactRecord;
using hark::log::FactLog;
using hark::log::kRecordHeaderBytes;
using hark::log::kSegmentHeaderBytes;

constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kSaltOffset = 36;
constexpr std::size_t kLengthOffset = 16;
constexpr std::size_t kPayloadChecksumOffset = 20;

void Put(std::string& bytes, std::size_t offset, std::uint64_t checksum) {
  hark::ByteWriter writer;
  writer.Fixed64(checksum);
  bytes.replace(offset, kChecksumBytes, writer.bytes());
}

// Makes the checksums right of all that looks like a header or a record by its length.
void Repair(std::string& bytes) {
  if (bytes.size() < kSegmentHeaderBytes) {
    return;
  }
  const std::string_view view = bytes;
  Put(bytes, kSegmentHeaderBytes - kChecksumBytes,
      Checksum(view.substr(0, kSegmentHeaderBytes - kChecksumBytes)));
  const std::uint64_t salt = hark::ByteReader(view.substr(kSaltOffset)).Fixed64();
  std::size_t offset = kSegmentHeaderBytes;
  while (bytes.size() - offset >= kRecordHeaderBytes) {
    const std::size_t length = hark::ByteReader(view.substr(offset + kLengthOffset)).Fixed32();
    const std::size_t payload = offset + kRecordHeaderBytes;
    if (length > bytes.size() - payload) {
      return;
    }
    Put(bytes, offset + kPayloadChecksumOffset, Checksum(view.substr(payload, length)));
    Put(bytes, payload - kChecksumBytes,
        Checksum(view.substr(offset, kRecordHeaderBytes - kChecksumBytes), salt));
    offset = payload + length;
  }
}

// How many records a reader gets, or nullopt if it finds one that it cannot take.
std::optional<std::uint64_t> CountRecords(FactLog& log) {
  const hark::log::FactLogStats stats = log.stats();
  hark::log::FactLogReader reader = log.Read(stats.oldest_position).value();
  FactRecord record;
  while (reader.position() <= stats.durable_position) {
    const absl::StatusOr<bool> found = reader.Next(record);
    if (!found.ok()) {
      return std::nullopt;
    }
    HARK_CHECK(*found);
  }
  return stats.durable_position + 1 - stats.oldest_position;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) {
    return 0;
  }
  const bool repair = (bytes.front() & 1) != 0;
  bytes.erase(0, 1);
  if (repair) {
    Repair(bytes);
  }
  hark::testing::FaultFileSystem files;
  HARK_CHECK(files.MakeDirectory("/facts").ok());
  const std::uint64_t first = bytes.size() < kSegmentHeaderBytes
                                  ? 1
                                  : hark::ByteReader(std::string_view(bytes).substr(12)).Fixed64();
  files.SetContent("/facts/" + hark::log::SegmentName(first), bytes);

  std::optional<std::uint64_t> records;
  {
    const absl::StatusOr<std::unique_ptr<FactLog>> log = FactLog::Open(files, "/facts");
    if (!log.ok()) {
      return 0;
    }
    records = CountRecords(**log);
    HARK_CHECK((*log)->WaitDurable((*log)->Append(FactRecord()).value()).ok());
  }
  const absl::StatusOr<std::unique_ptr<FactLog>> log = FactLog::Open(files, "/facts");
  HARK_CHECK(log.ok());
  HARK_CHECK((*log)->stats().cut_bytes == 0);
  const std::optional<std::uint64_t> records_later = CountRecords(**log);
  HARK_CHECK(records_later.has_value() == records.has_value());
  HARK_CHECK(!records.has_value() || *records_later == *records + 1);
  return 0;
}
