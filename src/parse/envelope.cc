#include "parse/envelope.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "base/json_scanner.h"
#include "parse/envelope_impl.h"
#include "parse/kept_bytes.h"
#include "parse/log_line.h"

namespace hark::parse {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view SkipBlanks(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
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
    ShrinkBuffer(buffer);
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

EnvelopeOpener::EnvelopeOpener(std::size_t max_payload_bytes)
    : impl_(std::make_unique<Impl>(max_payload_bytes)) {}

EnvelopeOpener::~EnvelopeOpener() = default;

void EnvelopeOpener::Open(std::string_view record, std::string_view context,
                          EnvelopeVisitor& visitor) {
  impl_->Open(record, context, visitor);
}

}  // namespace hark::parse
