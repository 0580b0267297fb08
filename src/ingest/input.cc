#include "ingest/input.h"

#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

#include "ingest/file_stream.h"
#include "ingest/record_source.h"

namespace hark::ingest {

InputArgument ParseInputArgument(std::string_view text) {
  InputArgument input{.text = std::string(text), .path = std::string(text), .cluster = {}};
  const std::size_t equals = text.find('=');
  const bool has_name = equals != std::string_view::npos && equals > 0 &&
                        text.substr(0, equals).find('/') == std::string_view::npos;
  std::error_code ignored;
  if (has_name && !std::filesystem::exists(input.path, ignored)) {
    input.cluster = text.substr(0, equals);
    input.path = text.substr(equals + 1);
  }
  return input;
}

std::vector<std::unique_ptr<Source>> OpenInputs(const std::vector<InputArgument>& inputs,
                                                const std::atomic<bool>* stop,
                                                std::vector<absl::Status>& errors) {
  std::vector<std::unique_ptr<Source>> sources;
  std::map<std::string, int> uses;
  for (const InputArgument& input : inputs) {
    absl::StatusOr<std::unique_ptr<FileStream>> stream = FileStream::Open(input.path, stop);
    if (!stream.ok()) {
      errors.push_back(std::move(stream).status());
      continue;
    }
    const int use = ++uses[input.text];
    RecordSource::Identity identity{
        .name = use == 1 ? input.text : absl::StrFormat("%s#%d", input.text, use),
        .cluster = input.cluster};
    sources.push_back(std::make_unique<RecordSource>(std::move(identity), *std::move(stream)));
  }
  return sources;
}

}  // namespace hark::ingest
