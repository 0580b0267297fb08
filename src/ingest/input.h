#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "hark/source.h"

namespace hark::ingest {

// An input as a user names it: `[NAME=]PATH`.
struct InputArgument {
  std::string text;     // as given: the name of the source
  std::string path;     // "-" is standard input
  std::string cluster;  // NAME; empty if none was given

  bool is_stdin() const { return path == "-"; }
};

// Splits NAME=PATH. A path that exists as it is written is never split, so that a file
// "a=b.log" can be named; nor is a "=" after a "/".
InputArgument ParseInputArgument(std::string_view text);

// Opens the inputs as sources, in their order. One that cannot be opened is left out and its
// error, which names the path, added to `errors`. A source is named as its input was given; of
// equal names the second one gets "#2". `stop` as for FileStream::Open.
std::vector<std::unique_ptr<Source>> OpenInputs(const std::vector<InputArgument>& inputs,
                                                const std::atomic<bool>* stop,
                                                std::vector<absl::Status>& errors);

}  // namespace hark::ingest
