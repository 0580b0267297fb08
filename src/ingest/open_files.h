#pragma once

namespace hark::ingest {

// The regular files that are kept open from one read to the next. Of very many that are read at a
// time only some may be: a quarter of the descriptors that the process may have, and 256. Whoever
// has read closes its file while there are too many, and opens it again for the next read.
// Thread-safe.
void CountOpenedFile();
void CountClosedFile();
bool AreTooManyFilesOpen();

}  // namespace hark::ingest
