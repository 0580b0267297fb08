#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hark::parse {

enum class GkeOutcome : std::uint8_t {
  kEvent,         // json() has it
  kOtherService,  // an entry of another Google service, or with no audit record in it
  kBroken,        // its audit record cannot be opened
};

// Turns a Google Cloud Logging LogEntry of GKE into the JSON of a native audit event, as far as the
// entry carries its fields. What the entry does not say is absent and never guessed; an entry
// without operation and insertId, or without timestamp, gives an event that EventParser rejects for
// it.
//
//   event                      entry
//   auditID                    operation.id, else insertId
//   stage                      ResponseStarted if operation.first and not operation.last, else
//                              ResponseComplete
//   level                      RequestResponse, Request or Metadata: by which bodies are there
//   verb                       the last part of methodName (io.k8s.core.v1.pods.exec.create)
//   user.username              authenticationInfo.principalEmail
//   sourceIPs, userAgent       requestMetadata.callerIp, callerSuppliedUserAgent
//   objectRef                  resourceName (core/v1/namespaces/NS/pods/P/exec/P)
//   responseStatus.code        response.code if the response is a Status, else by status.code
//   responseStatus.reason      response.reason if the response is a Status
//   responseStatus.message     status.message
//   annotations                labels
//   requestObject, responseObject   request and response without "@type"
//   stageTimestamp             timestamp
//   requestReceivedTimestamp   requestMetadata.requestAttributes.time, else timestamp
//
// status.code is a gRPC code, of which 0 is left out: an empty status means 200. Without a status
// there is no code. HTTP codes that gRPC has no word for are written as 2 (UNKNOWN), which gives no
// code either; only the start of an exec, attach or portforward is the 101 that a switched
// connection always is.
//
// The Go client writes an entry as {"Entry":{"Timestamp":...},"AuditPayload":"<protoPayload>"},
// which is read as well.
//
// Not thread-safe; reuses its buffers.
class GkeConverter {
 public:
  // REQUIRES: IsObject(entry), whole.
  GkeOutcome Convert(std::string_view entry);

  // Of the last entry that was kEvent, until the next Convert. 64 readable bytes follow json().
  std::string_view json() const { return {json_.data(), json_size_}; }
  // resource.labels.cluster_name; empty if there is none.
  std::string_view cluster() const { return cluster_; }

  // Gives large buffers back.
  void Shrink();

 private:
  std::string json_, cluster_, payload_;
  std::size_t json_size_ = 0;
};

}  // namespace hark::parse
