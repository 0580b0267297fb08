// Real samples of what the managed clouds and webhooks write (tests/data), and what each one holds.

#include <array>
#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "yaml-cpp/yaml.h"

#include "parse/envelope_helper.h"
#include "parse/event_parser.h"
#include "support/event_json.h"
#include "support/recorded_data.h"

namespace hark::parse {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::filesystem::path DataFolder() {
  // Nothing in a test changes the environment.
  const char* const root = std::getenv("HARK_SOURCE_DIR");  // NOLINT(concurrency-mt-unsafe)
  return std::filesystem::path(root == nullptr ? "." : root) / "tests" / "data";
}

// What a plain scalar of YAML is in JSON.
std::string JsonOfScalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  const bool is_plain = node.Tag() == "?";
  const bool is_number = !text.empty() && text.size() < 10 &&
                         text.find_first_not_of("0123456789") == std::string::npos;
  return is_plain && (is_number || text == "true" || text == "false") ? text
                                                                      : testing::JsonString(text);
}

std::string JsonOf(const YAML::Node& node) {
  if (node.IsMap()) {
    std::string text = "{";
    for (const auto& member : node) {
      text.append(text.size() == 1 ? "" : ",").append(testing::JsonString(member.first.Scalar()));
      text.append(":").append(JsonOf(member.second));
    }
    return text + "}";
  }
  if (node.IsSequence()) {
    std::string text = "[";
    for (const YAML::Node& item : node) {
      text.append(text.size() == 1 ? "" : ",").append(JsonOf(item));
    }
    return text + "]";
  }
  return node.IsNull() ? "null" : JsonOfScalar(node);
}

std::string BytesOf(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// A sample as JSON, as it stands in the file or converted from YAML.
std::string Sample(const std::string& name) {
  const std::filesystem::path path = DataFolder() / name;
  const std::string text = BytesOf(path);
  return path.extension() == ".yaml" ? JsonOf(YAML::Load(text)) : text;
}

// "auditID@cluster verb", or why not.
class Summary final : public EnvelopeVisitor {
 public:
  void OnCandidate(std::string_view json, std::string_view cluster) override {
    AuditEvent event;
    if (parser_.Parse(json, event) != ParseOutcome::kEvent) {
      OnReject(parser_.reject_reason());
      return;
    }
    std::string line(event.audit_id);
    line.append(cluster.empty() ? "" : "@").append(cluster).append(" ").append(event.verb);
    lines_.push_back(line);
  }
  void OnSkip(SkipReason reason) override {
    lines_.push_back("skipped: " + std::string(SkipReasonName(reason)));
  }
  void OnReject(RejectReason reason) override {
    lines_.push_back("rejected: " + std::string(RejectReasonName(reason)));
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  EventParser parser_{kAllEventParts};
  std::vector<std::string> lines_;
};

std::vector<std::string> SummaryOf(std::string_view json) {
  const testing::PaddedText text(json);
  EnvelopeOpener opener;
  Summary summary;
  opener.Open(text.view(), "", summary);
  return summary.lines();
}

struct ExpectedSample {
  const char* name;
  std::vector<std::string> lines;
};

// Written by hand from the files. The event lists without any time are made up by their authors.
const std::vector<ExpectedSample>& Lists() {
  static const auto& samples = *new std::vector<ExpectedSample>{
      {"eventlists/aggregated-flunder-create-eventlist.yaml", {"rejected: missing_field"}},
      {"eventlists/audit-deletecollection-official-raw-hollow.json",
       {"5b41e1ef-d0a5-4df0-b0bd-d5c317cbad8b deletecollection"}},
      {"eventlists/audit-deletecollection-official-teardown-hollow.json",
       {"097dcb8c-c4d1-4e72-94f9-794cc2681e24 deletecollection"}},
      {"eventlists/audit-deletecollection-proxy-raw-listbody.json",
       {"5b41e1ef-d0a5-4df0-b0bd-d5c317cbad8b deletecollection"}},
      {"eventlists/audit-deletecollection-proxy-teardown-deleteoptions.json",
       {"097dcb8c-c4d1-4e72-94f9-794cc2681e24 deletecollection"}},
      {"eventlists/config-deletecollection.yaml",
       {"db66e325-c427-4fe7-89ee-b65673b9e167 deletecollection"}},
      {"eventlists/config-update.yaml", {"89e50d9e-7963-4836-87ab-a18685930369 patch"}},
      {"eventlists/deployment-scale-subresource.json", {"rejected: missing_field"}},
      {"eventlists/flux-secret-dryrun-patch-eventlist.yaml",
       {"474929c5-3efb-4e77-8773-b5c15f152aa2 patch"}},
      {"eventlists/flux-secret-persisted-patch-eventlist.yaml", {"rejected: missing_field"}},
      {"eventlists/k3s-addon-unchanged-rv-update-eventlist.yaml",
       {"14b03863-03c3-4527-b291-64efbc8eb73d update"}},
  };
  return samples;
}

const std::vector<ExpectedSample>& Clouds() {
  static const auto& samples = *new std::vector<ExpectedSample>{
      {"envelopes/aks/sample_EventHubs_event.json",
       {"4e2a4193-cb3d-4ff7-bf37-32c392fbc23b@KUBEAUDITLOGTESTCLUSTER get"}},
      {"envelopes/aks/sample_KubeAuditLog_event.json",
       {"71749feb-8e92-43e6-a72f-af6171f811ee update"}},
      {"envelopes/eks/eks_cloudwatch_subscription_constructed.json",
       {"ff666369-8ea8-4fd9-8c54-64a49dc90e1d@demo list"}},
      {"envelopes/eks/eks_event_message_awsworkshop.json",
       {"ff666369-8ea8-4fd9-8c54-64a49dc90e1d list"}},
      {"envelopes/eks/eks_kinesis_lambda_payload_constructed.json",
       {"ff666369-8ea8-4fd9-8c54-64a49dc90e1d@demo list"}},
      {"envelopes/gke/logentries/container_recorder_test_1_1.yaml",
       {"85371f7c-2383-4041-96e8-dad63d2d1990@sample-cluster create"}},
      {"envelopes/gke/logentries/container_recorder_test_1_2.yaml",
       {"c7842d26-11fe-446a-b985-b2b67ddbab09@sample-cluster patch"}},
      {"envelopes/gke/logentries/container_recorder_test_1_3.yaml",
       {"7bf65423-5d85-43a0-aaf7-30a2ce7475df@sample-cluster patch"}},
      // The Pods that the entries are about.
      {"envelopes/gke/logentries/container_recorder_test_1_1_manifest.yaml",
       {"skipped: no_audit_event"}},
      {"envelopes/gke/logentries/container_recorder_test_1_2_manifest.yaml",
       {"skipped: no_audit_event"}},
      {"envelopes/gke/logentries/container_recorder_test_1_3_manifest.yaml",
       {"skipped: no_audit_event"}},
  };
  return samples;
}

// A folder of entries, and one of the events that another converter made of them.
struct ExpectedEntry {
  const char* name = nullptr;
  const char* audit_id = nullptr;
  const char* verb = nullptr;
  const char* cluster = "standard-cluster-1";
};

constexpr std::array<ExpectedEntry, 25> kEntries = {{
    {"attach_cluster_admin_role", "75769369-6f53-4da5-883e-75a5c8b593fb", "create",
     "test-cluster-2"},
    {"attach_pod", "1d4969b5-9833-4bd0-b4c9-028ff02b8038", "create"},
    {"create_cluster_role_pod_exec", "a6fe1425-b85a-49b2-8531-407ffd3fada0", "create"},
    {"create_cluster_role_wildcard_resources", "b09f9f90-65f1-40fe-a184-f6b316c65143", "create"},
    {"create_cluster_role_wildcard_verbs", "460a6b45-d8a9-4c98-895f-0d86d6c10d21", "create"},
    {"create_cluster_role_write_privileges", "65e17b6b-f32f-41f1-8e25-7dc3ef52e3eb", "create"},
    {"create_clusterrole", "9ae8655d-994e-4199-a26e-036ebab88117", "create"},
    {"create_clusterrolebinding", "b97e7b1c-4a08-4969-bd39-8f014c797f27", "create"},
    {"create_configmap", "e1340b29-dc86-47a4-9099-15840e9977f8", "create"},
    {"create_deployment", "1d461975-93be-4845-a646-2fa158d4f22a", "create"},
    {"create_hostnetwork_pod", "88eae4d3-7987-490f-b9c1-e802ea0284cc", "create"},
    {"create_namespace", "50c27b45-f489-4921-8e74-97b0bdfe8857", "create"},
    {"create_serviceaccount", "41a71bbf-d6ce-4948-b947-96f845305c06", "create"},
    {"create_vanilla_pod", "db3be919-a079-41df-b347-ed534b2bbdf8", "create"},
    {"create_vanilla_service", "d98b4311-84d5-4d48-adcf-6389f7e967f9", "create"},
    {"delete_clusterrole", "cb95acae-17af-40b8-9beb-dba1c8830769", "delete"},
    {"delete_clusterrolebinding", "4d69eee6-59b8-4a31-988e-397a89793037", "delete"},
    {"delete_configmap", "ee984a55-ec85-4e8c-82d8-3e3783a36a4c", "delete"},
    {"delete_deployment", "be65c6d7-8800-4bdf-8799-746d4cabe0df", "delete"},
    {"delete_namespace", "95d2bde9-751f-40bd-a092-cbb66b189fb4", "delete"},
    {"delete_service", "ce14a7de-8e2c-4fb9-8e50-e29a7aa93a80", "delete"},
    {"delete_service_failed_not_found", "06c3df59-1360-43c7-99c9-dddbcc1c2548", "delete"},
    {"delete_serviceaccount", "f699eea8-c5cc-4147-967b-aa9e2bf6bcb8", "delete"},
    {"exec_pod", "fc7b6727-7e61-4fc8-9a10-1287b3180d47", "create"},
    {"modify_system_cluster_role", "4094b1f7-7257-4156-b499-07ab9d665362", "patch"},
}};

std::string EntryFile(const ExpectedEntry& entry) {
  return "envelopes/gke/log_entries/" + std::string(entry.name) + ".json";
}
std::string EventFile(const ExpectedEntry& entry) {
  return "envelopes/gke/k8s_audit_events/" + std::string(entry.name) + ".json";
}

TEST(EnvelopeDataTest, EventListsAreTheEventsTheyHold) {
  for (const ExpectedSample& sample : Lists()) {
    EXPECT_THAT(SummaryOf(Sample(sample.name)), ElementsAreArray(sample.lines)) << sample.name;
  }
}

TEST(EnvelopeDataTest, CloudEnvelopesAreTheEventsTheyHold) {
  for (const ExpectedSample& sample : Clouds()) {
    EXPECT_THAT(SummaryOf(Sample(sample.name)), ElementsAreArray(sample.lines)) << sample.name;
  }
}

TEST(EnvelopeDataTest, AnEventHubMessageHasTwentyTwoRecordsOfOneCluster) {
  const std::vector<std::string> lines = SummaryOf(Sample("envelopes/aks/event.json"));
  ASSERT_THAT(lines, SizeIs(22));
  EXPECT_EQ(lines.front(), "55ffceaa-b7c3-478e-98c6-e509cd2f0dd7@KUBETEST get");
  EXPECT_EQ(lines.back(), "7a40bd92-240e-4cbc-aa74-36226844ab9d@KUBETEST get");
  EXPECT_THAT(lines, Each(HasSubstr("@KUBETEST ")));
}

TEST(EnvelopeDataTest, GkeEntriesAndTheirConvertedEventsAreOneEventEach) {
  for (const ExpectedEntry& entry : kEntries) {
    EXPECT_THAT(SummaryOf(Sample(EntryFile(entry))),
                ElementsAre(absl::StrCat(entry.audit_id, "@", entry.cluster, " ", entry.verb)))
        << entry.name;
    EXPECT_THAT(SummaryOf(Sample(EventFile(entry))),
                ElementsAre(absl::StrCat(entry.audit_id, " ", entry.verb)))
        << entry.name;
  }
}

// The first event of a sample, for as long as this lives.
class FirstEvent {
 public:
  explicit FirstEvent(const std::string& name)
      : candidate_(Candidates(Sample(name)).at(0)), text_(candidate_) {
    parser_.Parse(text_.view(), event_);
  }
  const AuditEvent& operator*() const { return event_; }
  const AuditEvent* operator->() const { return &event_; }

 private:
  const std::string candidate_;
  const testing::PaddedText text_;
  EventParser parser_{kAllEventParts};
  AuditEvent event_;
};

// The other converter writes the group of the core as "core".
std::string_view GroupOf(const AuditEvent& event) {
  return event.api_group == "core" ? "" : event.api_group;
}

// Of an event list's namespaces, the API server names the namespace twice, that converter once.
void ExpectSameRequest(const AuditEvent& ours, const AuditEvent& theirs) {
  EXPECT_EQ(ours.user.username, theirs.user.username);
  EXPECT_EQ(ours.user_agent, theirs.user_agent);
  EXPECT_THAT(ours.source_ips, ElementsAreArray(theirs.source_ips));
  EXPECT_EQ(ours.resource, theirs.resource);
  EXPECT_EQ(ours.subresource, theirs.subresource);
  EXPECT_EQ(GroupOf(ours), GroupOf(theirs));
  EXPECT_EQ(ours.api_version, theirs.api_version);
  EXPECT_EQ(ours.name, theirs.name);
  EXPECT_EQ(ours.namespace_name, ours.resource == "namespaces" ? ours.name : theirs.namespace_name);
  EXPECT_EQ(ours.decision, theirs.decision);
  EXPECT_EQ(ours.stage_time, theirs.stage_time);
  EXPECT_EQ(ours.received_time, theirs.received_time);
}

TEST(EnvelopeDataTest, GkeEntriesSayWhatAnotherConverterReadInThem) {
  for (const ExpectedEntry& entry : kEntries) {
    SCOPED_TRACE(entry.name);
    const FirstEvent ours(EntryFile(entry)), theirs(EventFile(entry));
    ExpectSameRequest(*ours, *theirs);
    // It tells 201 from 200 by the verb, which is a guess.
    EXPECT_EQ(ours->code, theirs->code == 201 ? 200 : theirs->code);
  }
}

TEST(EnvelopeDataTest, TheStagesOfLongRequestsAreTold) {
  EXPECT_EQ(FirstEvent("envelopes/gke/log_entries/exec_pod.json")->stage, Stage::kResponseStarted);
  EXPECT_EQ(FirstEvent("envelopes/gke/log_entries/attach_pod.json")->stage,
            Stage::kResponseComplete);
}

// The samples with which the project is handed on are those of the recorded data, where it is.
TEST(EnvelopeDataTest, TheSamplesAreThoseOfTheRecordedData) {
  std::size_t compared = 0;
  for (const char* const folder : {"envelopes", "eventlists"}) {
    const std::optional<std::string> recorded = testing::RecordedPath(folder);
    if (!recorded.has_value()) {
      GTEST_SKIP() << "HARK_DATA does not have them";
    }
    for (const auto& file : std::filesystem::recursive_directory_iterator(*recorded)) {
      const std::filesystem::path extension = file.path().extension();
      if (extension != ".json" && extension != ".yaml") {
        continue;
      }
      const std::filesystem::path ours =
          DataFolder() / folder / std::filesystem::relative(file.path(), *recorded);
      EXPECT_EQ(BytesOf(ours), BytesOf(file.path())) << ours;
      ++compared;
    }
  }
  EXPECT_GT(compared, 60);
}

TEST(EnvelopeDataTest, NoSampleIsForgotten) {
  std::set<std::string> expected = {"envelopes/aks/event.json"};
  for (const auto* const samples : {&Lists(), &Clouds()}) {
    for (const ExpectedSample& sample : *samples) {
      expected.insert(sample.name);
    }
  }
  for (const ExpectedEntry& entry : kEntries) {
    expected.insert({EntryFile(entry), EventFile(entry)});
  }
  std::set<std::string> found;
  for (const char* const folder : {"envelopes", "eventlists"}) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(DataFolder() / folder)) {
      const std::filesystem::path extension = file.path().extension();
      if (extension == ".json" || extension == ".yaml") {
        found.insert(std::filesystem::relative(file.path(), DataFolder()).string());
      }
    }
  }
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace hark::parse
