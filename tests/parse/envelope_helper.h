#pragma once

#include <zlib.h>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"

#include "hark/source.h"

#include "parse/envelope.h"
#include "parse/event_parser.h"
#include "support/event_json.h"

namespace hark::parse {

// What became of a record, in words, one for each call: the auditID of an event ("a", or "a@prod"
// if the envelope names the cluster), "skipped: <reason>" or "rejected: <reason>". Candidates are
// judged by EventParser.
class WordsOfRecord final : public EnvelopeVisitor {
 public:
  void OnCandidate(std::string_view json, std::string_view cluster) override {
    candidates_.emplace_back(json);
    AuditEvent event;
    switch (parser_.Parse(json, event)) {
      case ParseOutcome::kEvent:
        words_.emplace_back(event.audit_id).append(cluster.empty() ? "" : "@").append(cluster);
        return;
      case ParseOutcome::kSkipped:
        words_.emplace_back("a candidate that is no event");
        return;
      case ParseOutcome::kRejected:
        OnReject(parser_.reject_reason());
        return;
    }
  }
  void OnSkip(SkipReason reason) override {
    words_.push_back("skipped: " + std::string(SkipReasonName(reason)));
  }
  void OnReject(RejectReason reason) override {
    words_.push_back("rejected: " + std::string(RejectReasonName(reason)));
  }

  const std::vector<std::string>& words() const { return words_; }
  const std::vector<std::string>& candidates() const { return candidates_; }

 private:
  EventParser parser_{kAllEventParts};
  std::vector<std::string> words_, candidates_;
};

inline std::vector<std::string> Opened(std::string_view record, std::string_view context = "") {
  const testing::PaddedText text(record);
  EnvelopeOpener opener;
  WordsOfRecord visitor;
  opener.Open(text.view(), context, visitor);
  return visitor.words();
}

// The candidates themselves.
inline std::vector<std::string> Candidates(std::string_view record) {
  const testing::PaddedText text(record);
  EnvelopeOpener opener;
  WordsOfRecord visitor;
  opener.Open(text.view(), "", visitor);
  return visitor.candidates();
}

inline std::string Base64(std::string_view bytes) {
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

inline std::string Gzip(std::string_view bytes) {
  constexpr int kGzip = 16;
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + kGzip, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// The texts that records are made of.

inline std::string Event(std::string_view id) {
  return testing::EventBuilder().AuditId(id).Json();
}

inline std::string Wrap(std::string_view key, std::string_view json) {
  return "{\"" + std::string(key) + "\":" + std::string(json) + "}";
}

// A shipper's object around a text.
inline std::string Shipped(std::string_view key, std::string_view text) {
  return Wrap(key, testing::JsonString(text));
}

inline std::string List(std::initializer_list<std::string_view> items) {
  std::string text = "[";
  for (const std::string_view item : items) {
    text.append(text.size() == 1 ? "" : ",").append(item);
  }
  return text + "]";
}

inline std::string EventList(std::initializer_list<std::string_view> items) {
  return R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":)" +
         List(items) + "}";
}

inline std::string LogEvents(std::initializer_list<std::string_view> messages) {
  std::string text;
  for (const std::string_view message : messages) {
    text.append(text.empty() ? "[" : ",");
    text.append(R"({"id":"1","timestamp":1690768691751,"message":)");
    text.append(testing::JsonString(message)).append("}");
  }
  return text + "]";
}

// What CloudWatch Logs sends to a subscriber.
inline std::string CloudWatch(std::initializer_list<std::string_view> messages) {
  return R"({"messageType":"DATA_MESSAGE","owner":"1","logGroup":"/aws/eks/prod/cluster",)"
         R"("logStream":"kube-apiserver-audit-9001","logEvents":)" +
         LogEvents(messages) + "}";
}

inline std::string AksRecord(std::string_view category, std::string_view log_json) {
  return R"({"time":"2020-05-05T16:16:37Z","category":)" + testing::JsonString(category) +
         R"(,"resourceId":"/SUBSCRIPTIONS/A/PROVIDERS/MICROSOFT.CONTAINERSERVICE/)"
         R"(MANAGEDCLUSTERS/Web1","properties":{"log":)" +
         std::string(log_json) + R"(,"stream":"stdout"}})";
}

}  // namespace hark::parse
