#include "ingest/open_files.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace hark::ingest {
namespace {

std::atomic<long> open_files = 0;

long MaxOpenFiles() {
  static const long limit = sysconf(_SC_OPEN_MAX);  // -1 if there is none
  return limit < 0 ? 256 : std::clamp(limit / 4, 1L, 256L);
}

}  // namespace

void CountOpenedFile() {
  ++open_files;
}

void CountClosedFile() {
  --open_files;
}

bool AreTooManyFilesOpen() {
  return open_files > MaxOpenFiles();
}

}  // namespace hark::ingest
