#include "ingest/input.h"

#include <cstdint>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

#include "base/string_map.h"
#include "ingest/file_series.h"
#include "ingest/file_source.h"
#include "ingest/file_stream.h"
#include "ingest/find_files.h"
#include "ingest/open_file.h"
#include "ingest/record_source.h"

namespace hark::ingest {
namespace {

// Takes the inputs one by one, then makes their sources.
class InputReader {
 public:
  InputReader(const std::atomic<bool>* stop, InputErrors& errors,
              const RecordSource::Limits& limits)
      : stop_(stop), errors_(errors), limits_(limits) {}

  void Add(const InputArgument& input) {
    if (input.is_stdin()) {
      AddStream(input);
      return;
    }
    const absl::StatusOr<FileInfo> info = InfoOf(input.path);
    if (info.ok() && info->kind != FileInfo::Kind::kFolder) {
      AddFile(input, *info);
    } else if (info.ok()) {
      AddFound(input, FilesInFolder);
    } else if (absl::IsNotFound(info.status()) && IsPattern(input.path)) {
      AddFound(input, FilesOfPattern);
    } else {
      errors_.Add(info.status());
    }
  }

  std::vector<std::unique_ptr<Source>> TakeSources() {
    for (FileSeries& series : GroupIntoSeries(std::move(files_))) {
      sources_.push_back(std::make_unique<FileSource>(
          RecordSource::Identity{.name = UniqueName(std::move(series.name)),
                                 .cluster = std::move(series.cluster)},
          FileSource::Files{.paths = std::move(series.paths), .size = series.size}, stop_, errors_,
          limits_));
    }
    return std::move(sources_);
  }

 private:
  using FileIdentity = std::tuple<std::string, std::uint64_t, std::uint64_t>;

  // What can be read only once is opened now.
  void AddStream(const InputArgument& input) {
    absl::StatusOr<std::unique_ptr<ByteStream>> stream = OpenFile(input.path, stop_);
    if (!stream.ok()) {
      errors_.Add(std::move(stream).status());
      return;
    }
    sources_.push_back(std::make_unique<RecordSource>(
        RecordSource::Identity{.name = UniqueName(input.text), .cluster = input.cluster},
        *std::move(stream), limits_));
  }

  void AddFile(const InputArgument& input, const FileInfo& info) {
    if (!IsNew(input.cluster, info)) {
      return;
    }
    if (info.kind != FileInfo::Kind::kRegular) {
      AddStream(input);
    } else if (const auto opened = FileStream::Open(input.path, stop_); !opened.ok()) {
      errors_.Add(opened.status());
    } else {
      files_.push_back(
          {.name = input.text, .path = input.path, .cluster = input.cluster, .size = info.size});
    }
  }

  void AddFound(const InputArgument& input,
                std::vector<FoundFile> (*find)(const std::string&, InputErrors&)) {
    const std::size_t errors_before = errors_.count();
    std::vector<FoundFile> found = find(input.path, errors_);
    if (found.empty() && errors_.count() == errors_before) {
      errors_.Add(absl::NotFoundError(absl::StrFormat("%s names no file", input.path)));
    }
    const std::string prefix = input.cluster.empty() ? "" : input.cluster + "=";
    for (FoundFile& file : found) {
      if (IsNew(input.cluster, file.info)) {
        files_.push_back({.name = prefix + file.path,
                          .path = std::move(file.path),
                          .cluster = input.cluster,
                          .size = file.info.size});
      }
    }
  }

  bool IsNew(const std::string& cluster, const FileInfo& info) {
    return known_.emplace(cluster, info.device, info.inode).second;
  }

  std::string UniqueName(std::string name) {
    const int use = ++uses_[name];
    return use == 1 ? std::move(name) : absl::StrFormat("%s#%d", name, use);
  }

  const std::atomic<bool>* const stop_;
  InputErrors& errors_;
  const RecordSource::Limits limits_;
  absl::flat_hash_set<FileIdentity> known_;
  std::vector<InputFile> files_;
  StringMap<int> uses_;
  std::vector<std::unique_ptr<Source>> sources_;
};

}  // namespace

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
                                                const std::atomic<bool>* stop, InputErrors& errors,
                                                const RecordSource::Limits& limits) {
  InputReader reader(stop, errors, limits);
  for (const InputArgument& input : inputs) {
    reader.Add(input);
  }
  return reader.TakeSources();
}

}  // namespace hark::ingest
