#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hark/source.h"

#include "ingest/input_errors.h"
#include "ingest/record_source.h"

namespace hark::ingest {

// An input as a user names it: `[NAME=]PATH`.
struct InputArgument {
  std::string text;     // as given
  std::string path;     // a file, a folder or a pattern; "-" is standard input
  std::string cluster;  // NAME; empty if none was given

  bool is_stdin() const { return path == "-"; }
};

// Splits NAME=PATH. A path that exists as it is written is never split, so that a file
// "a=b.log" can be named; nor is a "=" after a "/".
InputArgument ParseInputArgument(std::string_view text);

// Makes sources of the inputs. An input's path is
//
//   -            standard input
//   a file       or a named pipe
//   a folder     all regular files in it and below it (find_files.h says which)
//   a pattern    with * ? or [...]: the regular files, and the folders, that match it. A path that
//                exists as it is written is no pattern.
//
// Rotated files of one log are one source, in the order of time, whether a folder, a pattern or
// several arguments name them (file_series.h); all others are independent sources. A file that is
// named twice, by whatever path, is read once; under two clusters it is read for each of them.
//
// A source is named [NAME=]PATH of its file, a series as file_series.h says; names are unique, of
// equal ones the second gets "#2". Standard input and pipes come first, then the others in the
// order in which their first files are named.
//
// What a user names and cannot be opened, and an input that names no file at all, is told to
// `errors` at once and left out. The files of a folder or a pattern are told of when they are
// read: by Source::Read or, if they are part of a series, to `errors`.
//
// Regular files are opened only while they are read (FileSource). `stop` as for FileStream::Open;
// it and `errors` must outlive the sources.
std::vector<std::unique_ptr<Source>> OpenInputs(const std::vector<InputArgument>& inputs,
                                                const std::atomic<bool>* stop, InputErrors& errors,
                                                const RecordSource::Limits& limits = {});

}  // namespace hark::ingest
