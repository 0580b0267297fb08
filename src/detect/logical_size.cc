#include "detect/logical_size.h"

#include <optional>
#include <string>

namespace hark::detect {
namespace {

constexpr std::uint64_t kInlineText = 15;  // std::string keeps so many bytes in itself
constexpr std::uint64_t kGroupValueBytes = 40;
constexpr std::uint64_t kMatchedFieldBytes = 64;
constexpr std::uint64_t kFactMatchBytes = 104;
constexpr std::uint64_t kFactBytes = 784;  // with the node and the key of the map

// Of a piece of memory: its header, rounded up to the allocator's grain.
std::uint64_t Allocated(std::uint64_t size) {
  constexpr std::uint64_t kHeader = 8;
  constexpr std::uint64_t kGrain = 16;
  return size == 0 ? 0 : (size + kHeader + kGrain - 1) / kGrain * kGrain;
}

std::uint64_t HeapBytesOfTexts(const std::vector<std::string>& texts) {
  std::uint64_t bytes = Allocated(texts.size() * kTextBytes);
  for (const std::string& text : texts) {
    bytes += HeapBytesOf(text);
  }
  return bytes;
}

}  // namespace

std::uint64_t HeapBytesOf(std::string_view text) {
  return text.size() <= kInlineText ? 0 : Allocated(text.size() + 1);
}

std::uint64_t HeapBytesOf(const std::vector<GroupValue>& group) {
  std::uint64_t bytes = Allocated(group.size() * kGroupValueBytes);
  for (const GroupValue& value : group) {
    bytes += value ? HeapBytesOf(*value) : 0;
  }
  return bytes;
}

std::uint64_t HeapBytesOf(const std::vector<MatchedField>& matched) {
  std::uint64_t bytes = Allocated(matched.size() * kMatchedFieldBytes);
  for (const MatchedField& field : matched) {
    bytes += HeapBytesOf(field.field) + HeapBytesOf(field.value);
  }
  return bytes;
}

std::uint64_t HeapBytesOf(const Evidence& evidence) {
  std::uint64_t bytes =
      HeapBytesOfTexts(evidence.actor_groups) + HeapBytesOfTexts(evidence.source_ips);
  for (const std::string* text :
       {&evidence.audit_id, &evidence.actor_name, &evidence.actor_type, &evidence.actor_known,
        &evidence.actor_uid, &evidence.actor_credential, &evidence.impersonator,
        &evidence.source_ip, &evidence.user_agent, &evidence.verb, &evidence.resource,
        &evidence.namespace_name, &evidence.name, &evidence.uri, &evidence.outcome,
        &evidence.reason}) {
    bytes += HeapBytesOf(*text);
  }
  return bytes;
}

std::uint64_t BytesOf(const Fact& fact) {
  std::uint64_t bytes = kFactBytes + HeapBytesOf(fact.cluster) + HeapBytesOf(fact.evidence) +
                        Allocated(fact.matches.size() * kFactMatchBytes);
  for (const FactMatch& match : fact.matches) {
    bytes += HeapBytesOf(match.group) + HeapBytesOf(match.matched);
    bytes += match.counted ? HeapBytesOf(*match.counted) : 0;
  }
  return bytes;
}

}  // namespace hark::detect
