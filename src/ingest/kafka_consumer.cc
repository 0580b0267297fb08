#include "ingest/kafka_consumer.h"

#include <utility>

#include "base/status_macros.h"
#include "ingest/kafka_group.h"
#include "ingest/kafka_source.h"

namespace hark::ingest {

class KafkaConsumer::Impl {
 public:
  Impl(KafkaOptions options, std::unique_ptr<KafkaGroup> group)
      : options_(std::move(options)), group_(std::move(group)) {}

  KafkaGroup& group() { return *group_; }

  std::unique_ptr<Source> SourceAt(KafkaGroup::Place place) const {
    return std::make_unique<KafkaSource>(
        std::move(place.partition), place.source, std::move(place.cursor),
        KafkaSource::Options{.cluster = options_.cluster, .limits = options_.limits});
  }

 private:
  const KafkaOptions options_;
  const std::unique_ptr<KafkaGroup> group_;
};

absl::StatusOr<std::unique_ptr<KafkaConsumer>> KafkaConsumer::Create(const KafkaOptions& options,
                                                                     Past past, Logger& logger) {
  ASSIGN_OR_RETURN(
      std::unique_ptr<KafkaGroup> group,
      KafkaGroup::Create(
          options, {.knows_entry = past.knows_entry, .cursors = std::move(past.cursors)}, logger));
  return std::unique_ptr<KafkaConsumer>(
      new KafkaConsumer(std::make_unique<Impl>(options, std::move(group))));
}

KafkaConsumer::KafkaConsumer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

KafkaConsumer::~KafkaConsumer() = default;

std::vector<std::unique_ptr<Source>> KafkaConsumer::FindNew() {
  std::vector<std::unique_ptr<Source>> sources;
  for (KafkaGroup::Place& place : impl_->group().FindNew()) {
    sources.push_back(impl_->SourceAt(std::move(place)));
  }
  return sources;
}

absl::StatusOr<std::unique_ptr<Source>> KafkaConsumer::Reopen(const std::string& name,
                                                              const std::string& cursor) {
  ASSIGN_OR_RETURN(KafkaGroup::Place place, impl_->group().Reopen(name, cursor));
  return impl_->SourceAt(std::move(place));
}

void KafkaConsumer::Commit(const std::map<std::string, std::string>& cursors) {
  impl_->group().Commit(cursors);
}

std::string KafkaConsumer::why_not_ready() const {
  return impl_->group().WhyNotReady();
}

std::vector<KafkaConsumer::Lag> KafkaConsumer::lags() const {
  std::vector<Lag> lags;
  for (const KafkaGroup::Lag& lag : impl_->group().Lags()) {
    lags.push_back({.topic = lag.partition.topic,
                    .partition = lag.partition.partition,
                    .records = lag.records});
  }
  return lags;
}

}  // namespace hark::ingest
