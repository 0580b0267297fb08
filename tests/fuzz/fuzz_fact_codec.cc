// A fact record is read from bytes that may be anything. Property: no read beyond them, and what
// is accepted has exactly these bytes.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/codec.h"
#include "log/record_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  hark::ByteReader reader(bytes);
  while (!reader.at_end()) {
    const std::size_t start = size - reader.remaining();
    const absl::StatusOr<hark::FactRecord> record = hark::log::DecodeRecord(reader);
    if (!record.ok()) {
      break;
    }
    hark::ByteWriter writer;
    hark::log::EncodeRecord(*record, writer);
    HARK_CHECK(bytes.substr(start, writer.bytes().size()) == writer.bytes());
    HARK_CHECK(size - reader.remaining() == start + writer.bytes().size());
  }
  return 0;
}
