#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hark/source.h"

#include "base/json_members.h"

// What an object is, judged by the names of its members.
namespace hark::parse {

// The members by which wrappers are known. Some stand for several names that mean the same.
enum class Member : std::uint8_t {
  kAuditId,       // of an event
  kStage,         //
  kTime,          // stageTimestamp, requestReceivedTimestamp
  kKind,          // of a Kubernetes object
  kApiVersion,    //
  kItems,         // lists
  kRecords,       // records, Records
  kLogEvents,     // CloudWatch Logs
  kMessageType,   //
  kLogGroup,      //
  kLogStream,     //
  kAwsLogs,       // Lambda
  kKinesis,       //
  kData,          // a payload in base64
  kDeliveryId,    // recordId, messageId, message_id: what a transport calls it
  kMessage,       // shippers
  kLog,           //
  kCategory,      // AKS
  kResourceId,    //
  kProperties,    //
  kProtoPayload,  // GKE
  kInsertId,      //
  kLogName,       //
  kGoEntry,       //
  kGoPayload,     //
  kUnknown,
};
constexpr std::size_t kMembers = static_cast<std::size_t>(Member::kUnknown);

// The JSON of the members that an object has; of duplicates the last one.
class Shape {
 public:
  // Reads an object, or the beginning of one. Stops at an auditID: no wrapper has one, so the
  // object is an event, whatever else it has.
  explicit Shape(std::string_view object);

  std::string_view operator[](Member member) const {
    return values_.at(static_cast<std::size_t>(member));
  }
  bool Has(Member member) const { return (*this)[member].data() != nullptr; }

  // kEnd if all of it was read, or an auditID was met.
  WalkStep end() const { return end_; }
  // The member that the text cuts, if it is a list; (*this)[member] is what is left of it.
  std::optional<Member> cut_list() const { return cut_list_; }

  // Should it be an audit event, good or bad? It has an auditID, or a stage and a time, or it says
  // that it is one.
  bool LooksLikeEvent() const;
  bool IsEventList() const;
  // The member that holds its records, if there is one.
  std::optional<Member> list() const;

  // The cluster's name in a log group /aws/eks/<name>/cluster; else empty.
  std::string EksCluster() const;
  // The cluster's name in a resource id .../managedClusters/<name>, in whatever case; else empty.
  std::string AksCluster() const;
  // Why none of its log events can be an audit event, if so.
  std::optional<SkipReason> SkipOfLogEvents() const;

 private:
  std::array<std::string_view, kMembers> values_{};
  WalkStep end_ = WalkStep::kEnd;
  std::optional<Member> cut_list_;
};

}  // namespace hark::parse
