#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "simdjson.h"

#include "parse/envelope_impl.h"

namespace hark::parse {

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
  text.reserve(json.size() + kPadding);
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
  simdjson::error_code error = checker_.parse(json.data(), json.size(), true).error();
  if (error == simdjson::UTF8_ERROR) {
    // An API server logs the bytes of a client as they come; JSON must be sound around them.
    std::string ascii(json);
    std::replace_if(
        ascii.begin(), ascii.end(), [](char c) { return (c & 0x80) != 0; }, '?');
    error = checker_.parse(ascii).error();
  }
  switch (error) {
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

}  // namespace hark::parse
