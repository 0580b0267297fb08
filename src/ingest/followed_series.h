#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/source.h"

#include "ingest/file_chain.h"
#include "ingest/input_errors.h"
#include "ingest/record_source.h"
#include "ingest/rotated_files.h"

namespace hark::ingest {

// A log that is being written, followed for as long as it lives: through rotation by renaming, with
// or without compression, and by copying and truncating (docs/following.md). Its rotated files are
// those of its folder that are named after it (rotated_files.h).
//
// Read never waits. It gives whole records; the unfinished last line waits for its rest, or for
// the file to be over. Where there is nothing more now, batch.at_end(). Errors are not final:
//
//   NotFound   the path does not exist, no file of the series is left, and all was read; also if
//              there has been none yet
//   others     a file cannot be read; they name it, and the next Read tries again
//
// Offsets of batches and damages are those in the series: they count all bytes since it was first
// followed, those of earlier files and runs among them. Not thread-safe, but independent of others.
class FollowedSeries final : public Source {
 public:
  enum class From {
    kBeginning,  // of the oldest rotated file
    // Behind the last whole line there is now. A file that does not exist yet, or cannot be read
    // yet, is read from its beginning.
    kEnd,
    kCursor,  // where another one was, in this or an earlier run
  };
  struct Start {
    From from = From::kBeginning;
    std::string cursor = {};  // kCursor only
  };
  struct Options {
    RecordSource::Identity identity;
    std::string path;  // of the current file
    Start start;
    RecordSource::Limits limits = {};
    // The files, if somebody has just listed them: in a folder of very many logs that saves each of
    // them to look through it.
    std::optional<SeriesFiles> listing = {};
  };

  // InvalidArgument if the cursor is none. Looks at the files, to hold fast where they begin or
  // end, but keeps none open.
  //
  // `notices` is told, as DataLoss that names the path, when a file that was not read to its end is
  // nowhere to be found: some of what it held may be lost. All files that are there are read then.
  // It must outlive the source.
  static absl::StatusOr<std::unique_ptr<FollowedSeries>> Create(Options options,
                                                                InputErrors& notices);
  ~FollowedSeries() override;

  const std::string& name() const override { return options_.identity.name; }
  const std::string& cluster() const override { return options_.identity.cluster; }
  // The series' position at the end of the file that is open, as far as it has been seen: what is
  // over the end of the last batch waits to be read.
  std::uint64_t size_hint() const override;

  absl::Status Read(std::size_t max_bytes, RecordBatch& batch) override;
  // Behind the last batch, but before a long list or an over-long record in which that ends: such a
  // list is read again. Empty while no file is known: then the beginning is where to go on. Good
  // before the first Read, too.
  std::string cursor() const override;
  // Goes back to the start that Create has held fast.
  bool Rewind() override;

 private:
  FollowedSeries(Options options, InputErrors& notices);

  const Options options_;
  InputErrors& notices_;
  FileChain::Origin origin_;          // where the first Read begins
  std::uint64_t first_position_ = 0;  // of it in the series
  FileChain* chain_ = nullptr;        // owned by records_
  std::unique_ptr<RecordSource> records_;
  bool is_at_end_ = false;          // the last Read gave nothing
  std::uint64_t end_position_ = 0;  // of the last batch
};

}  // namespace hark::ingest
