// A record that may be anything is opened. The text up to the first NUL is its context if it begins
// with '@'. Properties: it ends; every candidate is a whole JSON object that begins where it
// should, lies within bounds and has 64 readable bytes behind it; what is given out is bounded by
// what came in; a record gives a call or is a container; the same record gives the same calls,
// whatever was opened before.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/hash128.h"
#include "base/json_scanner.h"
#include "parse/envelope.h"

namespace {

constexpr std::size_t kPadding = 64;
constexpr std::size_t kMaxPayload = std::size_t{1} << 16;

class CheckingVisitor final : public hark::parse::EnvelopeVisitor {
 public:
  void OnCandidate(std::string_view json, std::string_view cluster) override {
    const hark::Scan scan = hark::ScanContainer(json);
    HARK_CHECK(!json.empty() && json.front() == '{');
    HARK_CHECK(scan.end == hark::ScanEnd::kWhole && scan.length == json.size());
    std::size_t sum = 0;
    for (const char* byte = json.data(); byte != json.data() + json.size() + kPadding; ++byte) {
      sum += static_cast<unsigned char>(*byte);  // touches every byte
    }
    HARK_CHECK(sum >= '{');
    largest_ = std::max(largest_, json.size() + cluster.size());
    bytes_ += json.size() + cluster.size();
    calls_.push_back(hark::ToHex(hark::HashParts({json, cluster})));
  }
  void OnSkip(hark::SkipReason reason) override { calls_.emplace_back(SkipReasonName(reason)); }
  void OnReject(hark::RejectReason reason) override {
    calls_.emplace_back(RejectReasonName(reason));
  }

  const std::vector<std::string>& calls() const { return calls_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t largest() const { return largest_; }

 private:
  std::vector<std::string> calls_;
  std::size_t bytes_ = 0, largest_ = 0;
};

// Whether nothing in it can be compressed, or read as a payload at all.
bool HasNoPayload(std::string_view text) {
  return text.find("data") == std::string_view::npos && text.find('\\') == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto& opener = *new hark::parse::EnvelopeOpener(kMaxPayload);
  const std::string input(data, data + size);
  std::string_view record = input, context;
  if (const std::size_t end = input.find('\0');
      input.starts_with('@') && end != std::string::npos) {
    context = record.substr(1, end - 1);
    record.remove_prefix(end + 1);
  }
  std::vector<char> padded(record.begin(), record.end());
  padded.resize(record.size() + kPadding, '}');
  const std::string_view text(padded.data(), record.size());

  CheckingVisitor visitor;
  opener.Open(text, context, visitor);
  const bool may_be_empty_list = text.find_first_of("[{\"") != std::string_view::npos;
  HARK_CHECK(!visitor.calls().empty() || may_be_empty_list);

  // A GKE entry names things more than once, and what is escaped takes up to six bytes.
  constexpr std::size_t kGrowth = 16, kFixed = 1024;
  HARK_CHECK(visitor.largest() <= kGrowth * std::max(size, kMaxPayload) + kFixed);
  if (HasNoPayload(text)) {
    HARK_CHECK(visitor.calls().size() <= size + 1);
    HARK_CHECK(visitor.bytes() <= (kGrowth * size + kFixed) * (1 + size / 16));
  }

  hark::parse::EnvelopeOpener fresh(kMaxPayload);
  CheckingVisitor again;
  fresh.Open(text, context, again);
  HARK_CHECK(again.calls() == visitor.calls());
  return 0;
}
