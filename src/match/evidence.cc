#include "match/evidence.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "base/text.h"
#include "match/field_reader.h"
#include "match/redact.h"

namespace hark::match {
namespace {

constexpr std::string_view kCutMark = "…";
constexpr std::size_t kMostListed = 32;  // groups, addresses

std::vector<std::string> TakeAll(std::span<const std::string_view> texts, EvidenceBudget& budget) {
  std::vector<std::string> taken;
  taken.reserve(std::min(texts.size(), kMostListed));
  for (const std::string_view text : texts.first(std::min(texts.size(), kMostListed))) {
    std::string kept = budget.Take(text, 128);
    if (budget.exhausted()) {
      break;
    }
    taken.push_back(std::move(kept));
  }
  return taken;
}

}  // namespace

std::string EvidenceBudget::Take(std::string_view text, std::size_t max_bytes) {
  const std::size_t limit = std::min(max_bytes, left_);
  if (text.size() <= limit) {
    left_ -= text.size();
    return std::string(text);
  }
  if (limit < kCutMark.size()) {
    left_ = 0;
    return std::string();
  }
  std::string cut(CutUtf8(text, limit - kCutMark.size()));
  cut += kCutMark;
  left_ -= std::min(left_, cut.size());
  return cut;
}

std::string EvidenceBudget::TakeBuilt(std::string&& text, std::size_t max_bytes) {
  if (text.size() > std::min(max_bytes, left_)) {
    return Take(text, max_bytes);
  }
  left_ -= text.size();
  return std::move(text);
}

bool EvidenceBudget::Reserve(std::size_t bytes) {
  const bool fits = bytes <= left_;
  left_ -= fits ? bytes : 0;
  return fits;
}

Evidence MakeEvidence(const AuditEvent& event, std::string_view known, EvidenceBudget& budget) {
  Evidence evidence;
  evidence.code = event.code;
  evidence.audit_id = budget.TakeBuilt(KeyValue(event.audit_id), 256);
  evidence.actor_name = budget.Take(ActorName(event), 256);
  evidence.actor_type = budget.Take(ActorType(event), 64);
  evidence.actor_known = budget.Take(known, 64);
  evidence.outcome = budget.Take(Outcome(event), 64);
  evidence.source_ip = budget.Take(SourceIp(event), 64);
  evidence.verb = budget.Take(event.verb, 64);
  std::string resource(event.resource);
  if (!event.resource.empty() && !event.subresource.empty()) {
    resource.append("/").append(event.subresource);
  }
  evidence.resource = budget.TakeBuilt(std::move(resource), 256);
  evidence.namespace_name = budget.Take(event.namespace_name, 256);
  evidence.name = budget.Take(event.name, 256);
  evidence.uri = budget.TakeBuilt(RedactUri(event), 1024);
  evidence.reason = budget.Take(event.status_reason, 64);
  evidence.user_agent = budget.Take(event.user_agent, 256);
  const bool impersonated = !event.impersonated.username.empty();
  const UserView& actor = impersonated ? event.impersonated : event.user;
  if (impersonated) {
    evidence.impersonator = budget.Take(event.user.username, 256);
  }
  evidence.actor_uid = budget.Take(actor.uid, 128);
  evidence.actor_credential = budget.Take(event.user.credential, 128);
  evidence.actor_groups = TakeAll(actor.groups, budget);
  evidence.source_ips = TakeAll(event.source_ips, budget);
  return evidence;
}

}  // namespace hark::match
