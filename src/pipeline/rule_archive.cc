#include "pipeline/rule_archive.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/checksum.h"
#include "base/codec.h"
#include "base/diagnostics.h"
#include "base/status_macros.h"

namespace hark::pipeline {
namespace {

constexpr std::string_view kEnding = ".rules";
constexpr std::string_view kTemporaryEnding = ".tmp";
constexpr std::uint32_t kMagic = 0x314c5548;  // "HUL1"

// {magic, checksum, {path, content}}
std::string Encode(const std::vector<rules::RuleFile>& files) {
  ByteWriter body;
  body.Unsigned(files.size());
  for (const rules::RuleFile& file : files) {
    body.Text(file.path);
    body.Text(file.content);
  }
  ByteWriter writer;
  writer.Fixed32(kMagic);
  writer.Fixed64(Checksum(body.bytes()));
  return writer.Take() + body.bytes();
}

absl::StatusOr<std::vector<rules::RuleFile>> Decode(std::string_view bytes,
                                                    const std::string& path) {
  constexpr std::size_t kHeaderBytes = 12;
  const absl::Status damaged = absl::DataLossError(
      absl::StrFormat("%s is damaged: it holds the rules that the fact log was made with", path));
  if (bytes.size() < kHeaderBytes) {
    return damaged;
  }
  ByteReader header(bytes.substr(0, kHeaderBytes));
  ByteReader reader(bytes.substr(kHeaderBytes));
  if (header.Fixed32() != kMagic || header.Fixed64() != Checksum(bytes.substr(kHeaderBytes))) {
    return damaged;
  }
  std::vector<rules::RuleFile> files;
  for (std::size_t left = reader.Count(2); left > 0 && reader.ok(); --left) {
    std::string name = reader.Text();
    files.push_back({std::move(name), reader.Text()});
  }
  if (!reader.ok() || !reader.at_end()) {
    return damaged;
  }
  return files;
}

absl::StatusOr<std::string> ReadFile(FileSystem& file_system, const std::string& path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, file_system.Open(path, OpenMode::kRead));
  ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  std::string bytes(size, '\0');
  ASSIGN_OR_RETURN(const std::size_t read, file->ReadAt(0, std::span<char>(bytes)));
  bytes.resize(read);
  return bytes;
}

}  // namespace

std::string RuleSetId(const rules::RuleSet& rules, const std::vector<rules::RuleFile>& files) {
  return absl::StrFormat("%s-%016x", rules.version, Checksum(Encode(files)));
}

absl::StatusOr<RuleArchive> RuleArchive::Open(FileSystem& file_system, std::string directory) {
  RETURN_IF_ERROR(MakeDurableDirectory(file_system, directory));
  return RuleArchive(file_system, std::move(directory));
}

absl::Status RuleArchive::Keep(const std::string& id, const std::vector<rules::RuleFile>& files) {
  const std::string path = JoinPath(directory_, id) + std::string(kEnding);
  if (file_system_->Info(path).ok()) {
    return absl::OkStatus();
  }
  const std::string temporary = path + std::string(kTemporaryEnding);
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                     file_system_->Open(temporary, OpenMode::kCreate));
    RETURN_IF_ERROR(WriteAll(*file, 0, Encode(files)));
    RETURN_IF_ERROR(file->Sync());
  }
  RETURN_IF_ERROR(file_system_->Rename(temporary, path));
  return file_system_->SyncDirectory(directory_);
}

absl::StatusOr<std::shared_ptr<const rules::RuleSet>> RuleArchive::Load(
    const std::string& id) const {
  const std::string path = JoinPath(directory_, id) + std::string(kEnding);
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(*file_system_, path));
  ASSIGN_OR_RETURN(const std::vector<rules::RuleFile> files, Decode(bytes, path));
  Diagnostics diagnostics;
  std::shared_ptr<const rules::RuleSet> rules = rules::LoadRules(files, diagnostics);
  if (rules == nullptr || rules->version != id.substr(0, id.find('-'))) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "this hark makes other rules of %s than the hark that wrote the data directory: go on with "
        "that one, or use another data directory",
        path));
  }
  return rules;
}

absl::StatusOr<std::vector<std::string>> RuleArchive::Ids() const {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, file_system_->List(directory_));
  std::vector<std::string> ids;
  for (const std::string& name : names) {
    if (name.ends_with(kEnding)) {
      ids.push_back(name.substr(0, name.size() - kEnding.size()));
    }
  }
  return ids;
}

void RuleArchive::RemoveAllBut(const std::set<std::string>& ids) {
  const absl::StatusOr<std::vector<std::string>> kept = Ids();
  if (!kept.ok()) {
    return;
  }
  for (const std::string& id : *kept) {
    if (!ids.contains(id)) {
      // It is tried again with the next snapshot.
      file_system_->Remove(JoinPath(directory_, id) + std::string(kEnding)).IgnoreError();
    }
  }
}

}  // namespace hark::pipeline
