#pragma once

#include "absl/status/statusor.h"

#include "hark/fact.h"

#include "base/codec.h"

namespace hark::log {

// A FactRecord as bytes, in a form that does not depend on the machine:
//
//   record = version kind source lateness position events highest_time cursor rules count fact*
//
// with each fact as in base/fact_codec.h. Equal records give equal bytes, and bytes that decode
// give a record that encodes to the same bytes.
void EncodeRecord(const FactRecord& record, ByteWriter& writer);

// Reads one record and leaves the reader after it. Fails with DataLoss if the bytes are damaged,
// cut off or of a version that this program does not know; never reads beyond them, and never
// allocates more than a small multiple of their length.
absl::StatusOr<FactRecord> DecodeRecord(ByteReader& reader);

}  // namespace hark::log
