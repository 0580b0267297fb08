#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/log.h"
#include "metrics/receiver_metrics.h"
#include "metrics/registry.h"
#include "server/audit_receiver.h"
#include "server/memory_budget.h"
#include "support/captured_file.h"
#include "support/fake_audit_sink.h"
#include "support/http_client.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::server {

// A receiver on loopback, over a sink that the test holds.
class AuditReceiverFixture : public ::testing::Test {
 protected:
  void Start() {
    auto receiver = AuditReceiver::Start(options_, sink_, budget_, metrics_, log_);
    ASSERT_THAT(receiver, hark::testing::IsOk());
    receiver_ = *std::move(receiver);
  }

  hark::testing::HttpClient Connect() {
    return hark::testing::HttpClient("127.0.0.1", receiver_->port());
  }
  hark::testing::HttpAnswer Post(const std::string& target, const std::string& body,
                                 const std::string& headers = "") {
    return Connect().Request("POST " + target, headers, body);
  }

  // The value of a series of the metrics, as text; empty if there is none.
  std::string Metric(const std::string& series) const {
    const std::string text = *registry_.Text();
    const std::size_t begin = text.find("\n" + series + " ");
    if (begin == std::string::npos) {
      return "";
    }
    const std::size_t value = begin + series.size() + 2;
    return text.substr(value, text.find('\n', value) - value);
  }
  std::string Requests(const std::string& cluster, const std::string& code) const {
    return Metric("hark_receiver_requests_total{cluster=\"" + cluster + "\",code=\"" + code +
                  "\"}");
  }

  // Waits for what happens on the receiver's threads.
  template <typename Condition>
  static bool Eventually(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > limit) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  hark::testing::TempDir dir_;
  hark::testing::CapturedFile log_file_;
  Logger log_{{.level = LogLevel::kDebug,
               .repeat_interval = absl::ZeroDuration(),
               .file = log_file_.file()}};
  metrics::Registry registry_;
  metrics::ReceiverMetrics metrics_{registry_};
  hark::testing::FakeAuditSink sink_;
  MemoryBudget budget_{std::size_t{64} << 20};
  AuditReceiverOptions options_{
      .listen = "127.0.0.1:0",
      // Where it does not matter, a machine that is busy may take its time.
      .limits = {.max_body_bytes = std::size_t{32} << 20, .drain_time = absl::Seconds(30)},
      .stop_grace = absl::Milliseconds(200)};
  std::unique_ptr<AuditReceiver> receiver_;
};

}  // namespace hark::server
