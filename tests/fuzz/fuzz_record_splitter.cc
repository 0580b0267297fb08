// A source is cut into batches and these into records, whatever the bytes are. Properties: it ends;
// records are within the bytes, in order, and do not overlap; and where none is damaged, which
// there are does not depend on how many bytes a read or a batch has.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/json_scanner.h"
#include "base/record_scan.h"
#include "ingest/byte_stream.h"
#include "ingest/record_source.h"
#include "parse/record_splitter.h"

namespace {

using hark::RecordBatch;
using hark::ingest::RecordSource;
using hark::parse::RecordSplitter;

// Lists must be longer than batches, or a batch may hold what another one divides.
constexpr std::size_t kLongList = 300;
constexpr RecordSource::Limits kLimits = {
    .max_record_bytes = 1000, .long_list = kLongList, .long_read = 100};

class PieceStream final : public hark::ingest::ByteStream {
 public:
  PieceStream(std::string_view text, std::size_t piece) : rest_(text), piece_(piece) {}

  absl::StatusOr<std::size_t> Read(char* data, std::size_t size) override {
    const std::size_t count = rest_.copy(data, std::min(size, piece_));
    rest_.remove_prefix(count);
    return count;
  }
  std::uint64_t size_hint() const override { return 0; }

 private:
  std::string_view rest_;
  const std::size_t piece_;
};

// Is it no JSON although its brackets fit, and do its first lines look like objects of their own?
// In JSON there is more than a line feed between two values.
bool BeginsAsTwoObjects(std::string_view container) {
  const std::size_t first = std::min(container.find('\n'), container.size());
  const std::string_view rest = container.substr(std::min(first + 1, container.size()));
  return hark::LooksLikeObject(container.substr(0, first)) &&
         hark::LooksLikeObject(rest.substr(0, rest.find('\n')));
}

bool IsWholeContainer(std::string_view text) {
  const hark::Scan scan = hark::ScanContainer(text);
  return scan.end == hark::ScanEnd::kWhole && scan.length == text.size();
}

// Nothing but objects and arrays that have their ends.
bool IsUndamaged(std::string_view text) {
  hark::RecordSpan span = NextRecord(text, hark::Remainder::kNone);
  while (span.end == hark::RecordEnd::kWhole &&
         IsWholeContainer(text.substr(span.begin, span.length)) &&
         !BeginsAsTwoObjects(text.substr(span.begin, span.length))) {
    text.remove_prefix(span.after());
    span = NextRecord(text, hark::Remainder::kNone);
  }
  return span.end == hark::RecordEnd::kNone;
}

using Records = std::vector<std::pair<std::uint64_t, std::string>>;

Records Split(const RecordBatch& batch, std::span<const std::size_t> line_ends) {
  Records records;
  RecordSplitter splitter(batch.data, line_ends);
  RecordSplitter::Record record;
  while (splitter.Next(record)) {
    if (!record.scanned && !IsWholeContainer(record.text) && !splitter.NextScanned(record)) {
      break;
    }
    const std::uint64_t offset = batch.offset + record.offset;
    HARK_CHECK(record.text.data() == batch.data.data() + record.offset);
    HARK_CHECK(records.empty() || offset >= records.back().first + records.back().second.size());
    records.emplace_back(offset, record.text);
  }
  return records;
}

Records RecordsOf(std::string_view text, std::size_t piece, std::size_t max_bytes) {
  RecordSource source({.name = "fuzz", .cluster = {}}, std::make_unique<PieceStream>(text, piece),
                      kLimits);
  Records records;
  RecordBatch batch;
  while (true) {
    HARK_CHECK(source.Read(max_bytes, batch).ok());
    if (batch.at_end()) {
      return records;
    }
    HARK_CHECK(batch.end_offset() <= text.size());
    HARK_CHECK(std::memcmp(batch.data.data(), text.data() + batch.offset, batch.data.size()) == 0);
    const Records of_batch = Split(batch, batch.line_ends);
    HARK_CHECK(of_batch == Split(batch, {}));
    records.insert(records.end(), of_batch.begin(), of_batch.end());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Records records = RecordsOf(text, size + 1, kLongList);
  const bool is_undamaged = IsUndamaged(text);
  for (const std::size_t max_bytes : {std::size_t{1}, std::size_t{40}}) {
    const Records others = RecordsOf(text, 1 + size / 3, max_bytes);
    HARK_CHECK(!is_undamaged || others == records);
  }
  return 0;
}
