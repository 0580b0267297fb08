// The engine's state is frozen, written and restored.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

#include "base/codec.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "detect/engine_impl.h"
#include "detect/section_stream.h"
#include "detect/snapshot_time.h"

namespace hark::detect {
namespace {

// The sections; each rule has one more, "rule/" and its id.
constexpr std::string_view kRules = "rules";
constexpr std::string_view kStatistics = "statistics";
constexpr std::string_view kWatermark = "watermark";
constexpr std::string_view kPending = "pending";
constexpr std::string_view kCopies = "copies";
constexpr std::string_view kRequests = "requests";
constexpr std::uint32_t kVersion = 1;  // of each of them

std::string RuleSectionName(const rules::AlertRule& rule) {
  return "rule/" + rule.info.id;
}

template <typename AnyStats>
auto NumbersOf(AnyStats& stats) {
  return std::array{&stats.facts,    &stats.judged,    &stats.duplicate, &stats.late,
                    &stats.too_late, &stats.evictions, &stats.forgotten, &stats.early};
}

// What takes no time to encode is encoded when the engine is frozen.
struct SmallSection {
  std::string_view name;
  std::string bytes;
};

struct FrozenRuleSection {
  std::string name;
  FrozenRule rule;
};

class FrozenEngine final : public FrozenState {
 public:
  // The state must be frozen; it is thawed when this is destroyed.
  explicit FrozenEngine(std::shared_ptr<Freezer> freezer) : freezer_(std::move(freezer)) {}
  ~FrozenEngine() override { freezer_->Thaw(); }
  FrozenEngine(const FrozenEngine&) = delete;
  FrozenEngine& operator=(const FrozenEngine&) = delete;

  absl::Status Save(SectionWriter& writer) const override {
    for (const SmallSection& section : small) {
      writer.BeginSection(section.name, kVersion);
      RETURN_IF_ERROR(writer.Append(section.bytes));
    }
    RETURN_IF_ERROR(SavePart(kPending, pending, writer));
    RETURN_IF_ERROR(SavePart(kCopies, copies, writer));
    RETURN_IF_ERROR(SavePart(kRequests, requests, writer));
    for (const FrozenRuleSection& section : rules) {
      RETURN_IF_ERROR(SavePart(section.name, section.rule, writer));
    }
    return absl::OkStatus();
  }

  std::vector<SmallSection> small;
  FrozenFacts pending;
  FrozenKeys copies, requests;
  std::vector<FrozenRuleSection> rules;

 private:
  template <typename Frozen>
  static absl::Status SavePart(std::string_view name, const Frozen& part, SectionWriter& writer) {
    writer.BeginSection(name, kVersion);
    SectionStream stream(writer);
    part.Save(stream);
    return stream.End();
  }

  const std::shared_ptr<Freezer> freezer_;
};

template <typename SaveTo>
SmallSection Encoded(std::string_view name, SaveTo save) {
  ByteWriter writer;
  save(writer);
  return {.name = name, .bytes = writer.Take()};
}

// Reads the section with `restore`, which has to read all of it.
template <typename RestoreFrom>
absl::Status RestoreSection(std::string_view name, SectionReader& reader, RestoreFrom restore) {
  ASSIGN_OR_RETURN(const std::string section, reader.Section(name));
  ByteReader bytes(section);
  restore(bytes);
  return bytes.ok() && bytes.at_end()
             ? absl::OkStatus()
             : absl::DataLossError(absl::StrFormat(
                   "the section \"%s\" of the detector state is damaged", EscapeForTerminal(name)));
}

}  // namespace

std::vector<StateSection> Engine::Sections() const {
  std::vector<StateSection> sections;
  for (const std::string_view name :
       {kRules, kStatistics, kWatermark, kPending, kCopies, kRequests}) {
    sections.push_back({.name = std::string(name), .version = kVersion});
  }
  for (const rules::AlertRule& rule : rules_->alert_rules) {
    sections.push_back({.name = RuleSectionName(rule), .version = kVersion});
  }
  return sections;
}

std::unique_ptr<FrozenState> Engine::Freeze() {
  context_.freezer->Freeze();
  auto frozen = std::make_unique<FrozenEngine>(context_.freezer);
  frozen->small.push_back(Encoded(kRules, [&](auto& bytes) { bytes.Text(rules_->version); }));
  frozen->small.push_back(Encoded(kStatistics, [&](auto& bytes) {
    for (const std::uint64_t* number : NumbersOf(stats_)) {
      bytes.Unsigned(*number);
    }
  }));
  frozen->small.push_back(Encoded(kWatermark, [&](auto& bytes) {
    watermark_.Save(bytes);
    bytes.Signed(released_);
    bytes.Signed(forgotten_);
  }));
  frozen->pending = pending_.Freeze();
  frozen->copies = judged_.Freeze();
  frozen->requests = pairs_.Freeze();
  for (std::size_t i = 0; i < states_.size(); ++i) {
    frozen->rules.push_back(
        {.name = RuleSectionName(rules_->alert_rules[i]), .rule = states_[i]->Freeze()});
  }
  return frozen;
}

absl::Status Engine::Restore(SectionReader& reader) {
  std::string version;
  RETURN_IF_ERROR(RestoreSection(kRules, reader, [&](auto& bytes) { version = bytes.Text(); }));
  if (version != rules_->version) {
    return absl::FailedPreconditionError("the detector state is of another rule set");
  }
  RETURN_IF_ERROR(RestoreSection(kStatistics, reader, [&](auto& bytes) {
    for (std::uint64_t* number : NumbersOf(stats_)) {
      *number = bytes.Unsigned();
    }
  }));
  RETURN_IF_ERROR(RestoreSection(kWatermark, reader, [&](auto& bytes) {
    watermark_.Restore(bytes);
    released_ = ReadTimeOrBound(bytes);
    forgotten_ = ReadTimeOrBound(bytes);
  }));
  RETURN_IF_ERROR(RestoreSection(kPending, reader, [&](auto& bytes) { pending_.Restore(bytes); }));
  RETURN_IF_ERROR(RestoreSection(kCopies, reader, [&](auto& bytes) { judged_.Restore(bytes); }));
  RETURN_IF_ERROR(RestoreSection(kRequests, reader, [&](auto& bytes) { pairs_.Restore(bytes); }));
  context_.timers.clear();
  for (std::size_t i = 0; i < states_.size(); ++i) {
    RETURN_IF_ERROR(RestoreSection(RuleSectionName(rules_->alert_rules[i]), reader,
                                   [&](auto& bytes) { states_[i]->Restore(bytes); }));
  }
  return absl::OkStatus();
}

}  // namespace hark::detect
