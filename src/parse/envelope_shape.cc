#include "parse/envelope_shape.h"

#include <algorithm>

namespace hark::parse {
namespace {

struct NamedMember {
  std::string_view name;
  Member member;
};

constexpr std::array<NamedMember, 29> kNames = {{
    {"auditID", Member::kAuditId},
    {"stage", Member::kStage},
    {"stageTimestamp", Member::kTime},
    {"requestReceivedTimestamp", Member::kTime},
    {"kind", Member::kKind},
    {"apiVersion", Member::kApiVersion},
    {"items", Member::kItems},
    {"records", Member::kRecords},
    {"Records", Member::kRecords},
    {"logEvents", Member::kLogEvents},
    {"messageType", Member::kMessageType},
    {"logGroup", Member::kLogGroup},
    {"logStream", Member::kLogStream},
    {"awslogs", Member::kAwsLogs},
    {"kinesis", Member::kKinesis},
    {"data", Member::kData},
    {"recordId", Member::kDeliveryId},
    {"messageId", Member::kDeliveryId},
    {"message_id", Member::kDeliveryId},
    {"message", Member::kMessage},
    {"log", Member::kLog},
    {"category", Member::kCategory},
    {"resourceId", Member::kResourceId},
    {"properties", Member::kProperties},
    {"protoPayload", Member::kProtoPayload},
    {"insertId", Member::kInsertId},
    {"logName", Member::kLogName},
    {"Entry", Member::kGoEntry},
    {"AuditPayload", Member::kGoPayload},
}};

Member MemberOf(std::string_view key) {
  for (const NamedMember& named : kNames) {
    if (named.name == key) {
      return named.member;
    }
  }
  return Member::kUnknown;
}

bool IsList(Member member) {
  return member == Member::kItems || member == Member::kRecords || member == Member::kLogEvents;
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [lower](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

Shape::Shape(std::string_view object) {
  Walk walk(object);
  while ((end_ = walk.Next()) == WalkStep::kValue) {
    const Member member = MemberOf(walk.key());
    if (member != Member::kUnknown) {
      values_.at(static_cast<std::size_t>(member)) = walk.value();
    }
    if (member == Member::kAuditId) {
      end_ = WalkStep::kEnd;
      return;
    }
  }
  if (end_ != WalkStep::kEnd && IsArray(walk.value())) {
    const Member member = MemberOf(walk.key());
    if (IsList(member)) {
      cut_list_ = member;
      values_.at(static_cast<std::size_t>(member)) = walk.value();
    }
  }
}

bool Shape::LooksLikeEvent() const {
  if (Has(Member::kAuditId) || (Has(Member::kStage) && Has(Member::kTime))) {
    return true;
  }
  const bool other_group =
      Has(Member::kApiVersion) && TextOf((*this)[Member::kApiVersion]).find("audit.k8s.io/") != 0;
  return Reads((*this)[Member::kKind], "Event") && !other_group;
}

bool Shape::IsEventList() const {
  return Reads((*this)[Member::kKind], "EventList");
}

std::optional<Member> Shape::list() const {
  if (cut_list_.has_value()) {
    return cut_list_;
  }
  for (const Member member : {Member::kItems, Member::kRecords, Member::kLogEvents}) {
    if (IsArray((*this)[member])) {
      return member;
    }
  }
  return std::nullopt;
}

std::string Shape::EksCluster() const {
  constexpr std::string_view kPrefix = "/aws/eks/", kSuffix = "/cluster";
  const std::string group = TextOf((*this)[Member::kLogGroup]);
  const std::string_view view = group;
  if (!view.starts_with(kPrefix) || !view.ends_with(kSuffix) ||
      view.size() <= kPrefix.size() + kSuffix.size()) {
    return {};
  }
  return group.substr(kPrefix.size(), group.size() - kPrefix.size() - kSuffix.size());
}

std::string Shape::AksCluster() const {
  const std::string id = TextOf((*this)[Member::kResourceId]);
  std::string_view rest = id;
  while (!rest.empty()) {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
    if (EqualIgnoringCase(segment, "managedClusters")) {
      return std::string(rest.substr(0, rest.find('/')));
    }
  }
  return {};
}

std::optional<SkipReason> Shape::SkipOfLogEvents() const {
  if (Reads((*this)[Member::kMessageType], "CONTROL_MESSAGE")) {
    return SkipReason::kControlMessage;
  }
  // The log group of an EKS cluster has streams of its scheduler and authenticator too.
  if (IsString((*this)[Member::kLogStream]) && !EksCluster().empty() &&
      !TextOf((*this)[Member::kLogStream]).starts_with("kube-apiserver-audit")) {
    return SkipReason::kOtherCategory;
  }
  return std::nullopt;
}

}  // namespace hark::parse
