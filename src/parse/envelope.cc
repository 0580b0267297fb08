#include "parse/envelope.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "simdjson.h"

#include "base/json_scanner.h"
#include "parse/envelope_shape.h"
#include "parse/gke.h"
#include "parse/json_members.h"
#include "parse/log_line.h"
#include "parse/payload.h"

namespace hark::parse {
namespace {

constexpr std::size_t kPadding = 64;
constexpr std::size_t kKeptBytes = std::size_t{4} << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

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

std::string_view SkipBlanks(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

bool IsContainer(std::string_view text) {
  return IsObject(text) || IsArray(text);
}

// A number or a word of JSON.
bool IsScalar(std::string_view text) {
  if (text == "true" || text == "false" || text == "null") {
    return true;
  }
  return text.find_first_not_of("0123456789+-.eE") == std::string_view::npos &&
         text.find_first_of("0123456789") != std::string_view::npos;
}

}  // namespace

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

  static constexpr std::size_t kMaxChecked = std::size_t{4} << 20;

  const std::size_t max_payload_bytes_;
  EnvelopeVisitor* visitor_ = nullptr;
  std::array<std::string, kMaxDepth + 2> buffers_;  // by the depth of the text that each one holds
  PayloadReader payloads_;
  GkeConverter gke_;
  simdjson::dom::parser checker_{kMaxChecked};
};

std::string_view EnvelopeOpener::Impl::Padded(std::string& text) {
  const std::size_t size = text.size();
  text.append(kPadding, '\0');
  return std::string_view(text).substr(0, size);
}

void EnvelopeOpener::Impl::Open(std::string_view record, std::string_view context,
                                EnvelopeVisitor& visitor) {
  visitor_ = &visitor;
  Frame frame;
  std::string cluster;
  if (context.starts_with(kByteOrderMark)) {
    context.remove_prefix(kByteOrderMark.size());
  }
  context = SkipBlanks(context);
  if (!context.empty()) {
    frame.depth = 1;
  }
  if (IsObject(context)) {
    const Shape shape(context);
    cluster = shape.EksCluster();
    frame.cluster = cluster;
    frame.skip_items = shape.SkipOfLogEvents();
  }
  if (record.starts_with(kByteOrderMark)) {
    record.remove_prefix(kByteOrderMark.size());
  }
  if (frame.skip_items.has_value()) {
    visitor.OnSkip(*frame.skip_items);
  } else {
    OpenText(record, frame);
  }
  Shrink();
}

void EnvelopeOpener::Impl::Shrink() {
  for (std::string& buffer : buffers_) {
    if (buffer.capacity() > kKeptBytes) {
      buffer = std::string();
    }
  }
  payloads_.Shrink();
  gke_.Shrink();
}

void EnvelopeOpener::Impl::OpenText(std::string_view text, const Frame& frame) {
  if (frame.depth > kMaxDepth) {
    visitor_->OnReject(RejectReason::kTooDeep);
    return;
  }
  text = SkipBlanks(text);
  if (text.empty()) {
    visitor_->OnSkip(SkipReason::kNoAuditEvent);
    return;
  }
  while (!text.empty()) {
    const std::size_t used = IsContainer(text)     ? OpenDocument(text, frame)
                             : text.front() == '"' ? OpenQuoted(text, frame)
                                                   : OpenLine(text, frame);
    text = SkipBlanks(text.substr(std::min(used, text.size())));
  }
}

std::size_t EnvelopeOpener::Impl::OpenDocument(std::string_view text, const Frame& frame) {
  const Scan scan = ScanContainer(text);
  const std::string_view json = text.substr(0, scan.length);
  std::optional<RejectReason> damage;
  if (scan.end == ScanEnd::kTooDeep) {
    // Where it ends cannot be told; the next line may be whole.
    visitor_->OnReject(RejectReason::kTooDeep);
    const std::size_t line_end = text.find('\n', scan.length);
    return line_end == std::string_view::npos ? text.size() : line_end;
  }
  if (scan.end == ScanEnd::kOpen) {
    damage = RejectReason::kTruncated;
  } else if (scan.end != ScanEnd::kWhole) {
    damage = scan.end == ScanEnd::kCutOff ? RejectReason::kTruncated : frame.BrokenJson();
  }
  OpenContainer(json, damage, frame);
  return std::max<std::size_t>(scan.length, 1);
}

std::size_t EnvelopeOpener::Impl::OpenQuoted(std::string_view text, const Frame& frame) {
  const Scan scan = ScanValue(text);
  if (scan.end == ScanEnd::kWhole) {
    OpenItem(text.substr(0, scan.length), frame);
    return scan.length;
  }
  visitor_->OnReject(frame.NoJson());
  return std::max<std::size_t>(scan.length, 1);
}

std::size_t EnvelopeOpener::Impl::OpenLine(std::string_view text, const Frame& frame) {
  std::string& message = Buffer(frame.depth + 1);
  if (const std::size_t used = JoinCriLines(text, message); used > 0) {
    OpenText(Padded(message), frame.Inner(Origin::kText));
    return used;
  }
  const std::size_t prefix = TimePrefix(text);
  if (prefix > 0 && IsContainer(text.substr(prefix))) {
    return prefix + OpenDocument(text.substr(prefix), frame);
  }
  const std::string_view line = text.substr(0, text.find('\n'));
  if (prefix == 0 && IsScalar(Trim(line))) {
    visitor_->OnReject(RejectReason::kNotAnObject);
    return line.size();
  }
  // Lines of one text, a stack trace for example, are one record.
  std::size_t end = line.size();
  while (end < text.size()) {
    const std::string_view next = text.substr(end + 1);
    if (IsContainer(next) || TimePrefix(next) > 0) {
      break;
    }
    end = std::min(text.find('\n', end + 1), text.size());
  }
  visitor_->OnReject(frame.NoJson());
  return end;
}

void EnvelopeOpener::Impl::OpenContainer(std::string_view json, std::optional<RejectReason> damage,
                                         const Frame& frame) {
  if (frame.depth > kMaxDepth) {
    visitor_->OnReject(RejectReason::kTooDeep);
  } else if (IsArray(json)) {
    OpenItems(json, damage, frame);
  } else {
    OpenObject(json, damage, frame);
  }
}

void EnvelopeOpener::Impl::OpenItem(std::string_view json, const Frame& frame) {
  if (IsContainer(json)) {
    OpenContainer(json, std::nullopt, frame);
    return;
  }
  if (!IsString(json)) {
    visitor_->OnReject(IsScalar(json) ? RejectReason::kNotAnObject : frame.BrokenJson());
    return;
  }
  const std::string_view raw = SkipBlanks(Unquoted(json));
  if (IsContainer(raw) || raw.starts_with("\\")) {  // perhaps an escaped line feed before it
    OpenInner(json, frame);
  } else {
    visitor_->OnReject(RejectReason::kNotAnObject);
  }
}

void EnvelopeOpener::Impl::OpenItems(std::string_view array, std::optional<RejectReason> damage,
                                     const Frame& frame) {
  const Frame inner = frame.Inner();
  Walk walk(array);
  WalkStep step = walk.Next();
  for (; step == WalkStep::kValue; step = walk.Next()) {
    if (frame.skip_items.has_value()) {
      visitor_->OnSkip(*frame.skip_items);
    } else {
      OpenItem(walk.value(), inner);
    }
  }
  if (step == WalkStep::kEnd && !damage.has_value()) {
    return;
  }
  const RejectReason reason = damage.value_or(frame.BrokenJson());
  if (IsContainer(walk.value()) && !frame.skip_items.has_value()) {
    OpenContainer(walk.value(), reason, inner);
  } else {
    visitor_->OnReject(reason);
  }
}

void EnvelopeOpener::Impl::OpenObject(std::string_view json, std::optional<RejectReason> damage,
                                      const Frame& frame) {
  const Shape shape(json);
  if (!damage.has_value() && shape.end() != WalkStep::kEnd) {
    damage = frame.BrokenJson();
  }
  if (shape.LooksLikeEvent()) {
    if (damage.has_value()) {
      visitor_->OnReject(*damage);
    } else {
      visitor_->OnCandidate(json, frame.cluster);
    }
    return;
  }
  if (!damage.has_value() && shape.SkipOfLogEvents() == SkipReason::kControlMessage) {
    visitor_->OnSkip(SkipReason::kControlMessage);
  } else if (shape.list().has_value() || shape.IsEventList()) {
    OpenList(shape, damage, frame);
  } else if (damage.has_value()) {
    visitor_->OnReject(*damage);
  } else if (!OpenWrapper(json, shape, frame)) {
    if (IsSound(json)) {
      visitor_->OnSkip(SkipReason::kNoAuditEvent);
    } else {
      visitor_->OnReject(frame.BrokenJson());
    }
  }
}

void EnvelopeOpener::Impl::OpenList(const Shape& shape, std::optional<RejectReason> damage,
                                    const Frame& frame) {
  const std::string own_cluster = shape.EksCluster();
  Frame list = frame;
  list.cluster = own_cluster.empty() ? frame.cluster : own_cluster;
  const std::optional<Member> member = shape.list();
  if (member == Member::kLogEvents) {
    list.skip_items = shape.SkipOfLogEvents();
  }
  if (!member.has_value()) {
    // Kubernetes takes a list without items, or with null, for an empty one.
    const std::string_view items = shape[Member::kItems];
    if (damage.has_value() || (!items.empty() && items != "null")) {
      visitor_->OnReject(damage.value_or(RejectReason::kBadEnvelope));
    }
    return;
  }
  if (shape.cut_list().has_value()) {
    OpenItems(shape[*member], damage, list);
    return;
  }
  OpenItems(shape[*member], std::nullopt, list);
  if (damage.has_value()) {
    visitor_->OnReject(*damage);
  }
}

bool EnvelopeOpener::Impl::OpenWrapper(std::string_view json, const Shape& shape,
                                       const Frame& frame) {
  if (shape.Has(Member::kKind) && shape.Has(Member::kApiVersion)) {
    return false;  // a Kubernetes object; some have a "message" or "data" too
  }
  if (shape.Has(Member::kAwsLogs) || shape.Has(Member::kKinesis)) {
    OpenPayload(shape[shape.Has(Member::kAwsLogs) ? Member::kAwsLogs : Member::kKinesis], frame);
    return true;
  }
  const bool is_go_entry = IsObject(shape[Member::kGoEntry]) && shape.Has(Member::kGoPayload);
  if (shape.Has(Member::kProtoPayload) || is_go_entry) {
    OpenGke(json, frame);
    return true;
  }
  if (shape.Has(Member::kLogName) && shape.Has(Member::kInsertId)) {
    visitor_->OnSkip(SkipReason::kOtherCategory);  // a LogEntry of text or of another JSON
    return true;
  }
  if (IsString(shape[Member::kCategory]) &&
      (shape.Has(Member::kProperties) || shape.Has(Member::kResourceId))) {
    OpenAks(shape, frame);
    return true;
  }
  return OpenShipped(shape, frame);
}

bool EnvelopeOpener::Impl::OpenShipped(const Shape& shape, const Frame& frame) {
  // Filebeat has the file of a message as "log", so strings come first.
  for (const Member member : {Member::kMessage, Member::kLog}) {
    if (IsString(shape[member])) {
      OpenInner(shape[member], frame);
      return true;
    }
  }
  // Anything may have a member "data"; within a wrapper, or with an id beside it, it is a payload.
  if (IsString(shape[Member::kData]) && (frame.depth > 0 || shape.Has(Member::kDeliveryId))) {
    OpenPayload(shape[Member::kData], frame);
    return true;
  }
  for (const Member member : {Member::kMessage, Member::kLog}) {
    if (IsObject(shape[member])) {
      OpenInner(shape[member], frame);
      return true;
    }
  }
  return false;
}

void EnvelopeOpener::Impl::OpenAks(const Shape& shape, const Frame& frame) {
  const std::string_view category = shape[Member::kCategory];
  if (!Reads(category, "kube-audit") && !Reads(category, "kube-audit-admin")) {
    visitor_->OnSkip(SkipReason::kOtherCategory);
    return;
  }
  const auto [log] = MembersOf(shape[Member::kProperties], std::array<std::string_view, 1>{"log"});
  if (!IsString(log) && !IsObject(log)) {
    visitor_->OnReject(RejectReason::kBadEnvelope);
    return;
  }
  const std::string own_cluster = shape.AksCluster();
  Frame record = frame;
  record.cluster = own_cluster.empty() ? frame.cluster : own_cluster;
  OpenInner(log, record);
}

void EnvelopeOpener::Impl::OpenGke(std::string_view json, const Frame& frame) {
  // The event is put together from parts, so EventParser would not see what is malformed between.
  if (!IsSound(json)) {
    visitor_->OnReject(frame.BrokenJson());
    return;
  }
  switch (gke_.Convert(json)) {
    case GkeOutcome::kEvent:
      visitor_->OnCandidate(gke_.json(), gke_.cluster().empty() ? frame.cluster : gke_.cluster());
      return;
    case GkeOutcome::kOtherService:
      visitor_->OnSkip(SkipReason::kOtherCategory);
      return;
    case GkeOutcome::kBroken:
      visitor_->OnReject(RejectReason::kBadEnvelope);
      return;
  }
}

void EnvelopeOpener::Impl::OpenInner(std::string_view json, const Frame& frame) {
  if (frame.depth >= kMaxDepth) {
    visitor_->OnReject(RejectReason::kTooDeep);
    return;
  }
  if (!IsString(json)) {
    OpenContainer(json, std::nullopt, frame.Inner());
    return;
  }
  std::string& text = Buffer(frame.depth + 1);
  text.clear();
  if (AppendUnescaped(Unquoted(json), text)) {
    OpenText(Padded(text), frame.Inner(Origin::kText));
  } else {
    visitor_->OnReject(RejectReason::kBadEnvelope);
  }
}

void EnvelopeOpener::Impl::OpenPayload(std::string_view json, const Frame& frame) {
  if (IsObject(json)) {
    const auto [data] = MembersOf(json, std::array<std::string_view, 1>{"data"});
    json = data;
  }
  if (frame.depth >= kMaxDepth) {
    visitor_->OnReject(RejectReason::kTooDeep);
    return;
  }
  // A payload is larger than its base64 by far: it is opened from the text, not from a copy.
  const bool has_escapes = json.find('\\') != std::string_view::npos;
  const std::string unescaped = has_escapes ? TextOf(json) : std::string();
  const std::string_view base64 = has_escapes      ? std::string_view(unescaped)
                                  : IsString(json) ? Unquoted(json)
                                                   : std::string_view();
  std::string& text = Buffer(frame.depth + 1);
  const std::size_t limit = max_payload_bytes_ - frame.payload_bytes;
  const PayloadState state = payloads_.Open(base64, limit, text);
  if (state != PayloadState::kOpened) {
    visitor_->OnReject(state == PayloadState::kBomb ? RejectReason::kBomb
                                                    : RejectReason::kBadEnvelope);
    return;
  }
  Frame inner = frame.Inner(Origin::kPayload);
  inner.payload_bytes += text.size();
  OpenText(Padded(text), inner);
}

bool EnvelopeOpener::Impl::IsSound(std::string_view json) {
  if (json.size() > kMaxChecked) {
    return true;
  }
  switch (checker_.parse(json.data(), json.size(), true).error()) {
    case simdjson::TAPE_ERROR:
    case simdjson::STRING_ERROR:
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
    case simdjson::UNCLOSED_STRING:
    case simdjson::UNESCAPED_CHARS:
      return false;
    default:
      return true;
  }
}

EnvelopeOpener::EnvelopeOpener(std::size_t max_payload_bytes)
    : impl_(std::make_unique<Impl>(max_payload_bytes)) {}

EnvelopeOpener::~EnvelopeOpener() = default;

void EnvelopeOpener::Open(std::string_view record, std::string_view context,
                          EnvelopeVisitor& visitor) {
  impl_->Open(record, context, visitor);
}

}  // namespace hark::parse
