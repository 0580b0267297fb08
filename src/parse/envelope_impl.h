#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "simdjson.h"

#include "hark/source.h"

#include "base/json_members.h"
#include "parse/envelope.h"
#include "parse/envelope_shape.h"
#include "parse/gke.h"
#include "parse/payload.h"

// The parts of EnvelopeOpener: texts, documents and lists are in envelope.cc, the wrappers of one
// event in envelope_wrappers.cc. Included by these two alone.
namespace hark::parse {

// What a text was taken out of: it decides what a text that is no JSON is called.
enum class Origin : std::uint8_t {
  kRecord,
  kText,     // a string
  kPayload,  // base64
};

// Where a text stands.
struct Frame {
  int depth = 0;
  Origin origin = Origin::kRecord;
  std::string_view cluster;
  std::size_t payload_bytes = 0;         // of the payloads that hold it
  std::optional<SkipReason> skip_items;  // why its log events are none of hark's business

  Frame Inner(Origin new_origin) const {
    Frame inner = *this;
    ++inner.depth;
    inner.origin = new_origin;
    inner.skip_items.reset();
    return inner;
  }
  Frame Inner() const { return Inner(origin); }

  RejectReason NoJson() const {
    return origin == Origin::kPayload ? RejectReason::kBadEnvelope : RejectReason::kMalformed;
  }
  RejectReason BrokenJson() const {
    return origin == Origin::kRecord ? RejectReason::kMalformed : RejectReason::kBadEnvelope;
  }
};

inline bool IsContainer(std::string_view text) {
  return IsObject(text) || IsArray(text);
}

class EnvelopeOpener::Impl {
 public:
  explicit Impl(std::size_t max_payload_bytes) : max_payload_bytes_(max_payload_bytes) {}

  void Open(std::string_view record, std::string_view context, EnvelopeVisitor& visitor);

 private:
  // One document after another, and lines of other text between them.
  void OpenText(std::string_view text, const Frame& frame);
  // These open what stands at the start of `text` and return how many bytes it is.
  std::size_t OpenDocument(std::string_view text, const Frame& frame);
  std::size_t OpenQuoted(std::string_view text, const Frame& frame);
  std::size_t OpenLine(std::string_view text, const Frame& frame);

  // An object or an array. `damage`: why it is not whole, if so; it is then rejected once, with
  // what was whole within it opened before.
  void OpenContainer(std::string_view json, std::optional<RejectReason> damage, const Frame& frame);
  void OpenItems(std::string_view array, std::optional<RejectReason> damage, const Frame& frame);
  void OpenItem(std::string_view json, const Frame& frame);
  void OpenObject(std::string_view json, std::optional<RejectReason> damage, const Frame& frame);
  void OpenList(const Shape& shape, std::optional<RejectReason> damage, const Frame& frame);
  // An object that is whole and holds no list. False if it is no wrapper.
  bool OpenWrapper(std::string_view json, const Shape& shape, const Frame& frame);
  bool OpenShipped(const Shape& shape, const Frame& frame);
  void OpenAks(const Shape& shape, const Frame& frame);
  void OpenGke(std::string_view json, const Frame& frame);
  // A string that holds a text, or an object in its place.
  void OpenInner(std::string_view json, const Frame& frame);
  // A string in base64, or an object that has one as its "data".
  void OpenPayload(std::string_view json, const Frame& frame);

  // Is it JSON, all of it? What is large or deep is believed to be.
  bool IsSound(std::string_view json);
  std::string& Buffer(int depth) { return buffers_.at(static_cast<std::size_t>(depth)); }
  // Adds what has to be readable behind a text; the text without it.
  static std::string_view Padded(std::string& text);
  void Shrink();

  static constexpr std::size_t kPadding = 64;
  static constexpr std::size_t kMaxChecked = std::size_t{4} << 20;

  const std::size_t max_payload_bytes_;
  EnvelopeVisitor* visitor_ = nullptr;
  std::array<std::string, kMaxDepth + 2> buffers_;  // by the depth of the text that each one holds
  PayloadReader payloads_;
  GkeConverter gke_;
  simdjson::dom::parser checker_{kMaxChecked};
};

}  // namespace hark::parse
