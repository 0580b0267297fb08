#include "alert/silence_list.h"

#include "absl/status/statusor.h"

#include "base/status_macros.h"

namespace hark::alert {

absl::Status SilenceList::Load(AlertReader& reader) {
  ASSIGN_OR_RETURN(std::vector<Silence> silences, reader.Silences(std::nullopt));
  silences.insert(silences.end(), configured_.begin(), configured_.end());
  auto list = std::make_shared<List>();
  for (const Silence& silence : silences) {
    absl::StatusOr<SilenceMatchers> matchers = SilenceMatchers::Parse(silence.matchers);
    if (matchers.ok()) {
      list->push_back({silence.created, silence.until, *std::move(matchers)});
    }
  }
  const MutexLock lock(mutex_);
  list_ = std::move(list);
  return absl::OkStatus();
}

bool SilenceList::Silences(const Revision& revision, absl::Time now) const {
  std::shared_ptr<const List> list;
  {
    const MutexLock lock(mutex_);
    list = list_;
  }
  const Micros moment = absl::ToUnixMicros(now);
  simdjson::dom::parser parser;
  bool is_parsed = false;
  simdjson::dom::element alert;
  for (const Compiled& silence : *list) {
    if (moment < silence.created || moment >= silence.until) {
      continue;
    }
    if (!is_parsed && parser.parse(revision.json).get(alert) != simdjson::SUCCESS) {
      return false;
    }
    is_parsed = true;
    if (silence.matchers.Match(alert)) {
      return true;
    }
  }
  return false;
}

}  // namespace hark::alert
