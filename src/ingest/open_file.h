#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "ingest/byte_stream.h"
#include "ingest/file_stream.h"

namespace hark::ingest {

// Opens a file as the bytes that it holds. Fails, and `stop` is used, as FileStream::Open says.
inline absl::StatusOr<std::unique_ptr<ByteStream>> OpenFile(const std::string& path,
                                                            const std::atomic<bool>* stop) {
  return FileStream::Open(path, stop);
}

}  // namespace hark::ingest
