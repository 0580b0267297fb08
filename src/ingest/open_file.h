#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "ingest/byte_stream.h"

namespace hark::ingest {

// Opens a file, a named pipe or "-", and decompresses what is gzip or zstd: a regular file on a
// thread of its own (read_ahead_stream.h), a pipe within Read. `stop` and the errors are those of
// FileStream::Open: a pipe that is stopped within a gzip member ends as if it were truncated.
absl::StatusOr<std::unique_ptr<ByteStream>> OpenFile(const std::string& path,
                                                     const std::atomic<bool>* stop);

}  // namespace hark::ingest
