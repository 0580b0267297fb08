// Inputs that end, or fail to be read, anywhere: all that came before is judged, what was cut
// through is one rejected record, and each record of the input is counted once.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"

#include "ingest/decompress_stream.h"
#include "ingest/record_source.h"
#include "pipeline/replay.h"
#include "pipeline/replay_helper.h"
#include "support/collecting_sink.h"
#include "support/compression.h"
#include "support/event_json.h"
#include "support/scripted_stream.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::EventLine;
using ::hark::testing::JsonString;
using ::hark::testing::ScriptedStream;

constexpr int kEvents = 6;
constexpr std::string_view kBlanks = " \r\n,";

// A text in one of the shapes, and what it says of itself.
struct Shape {
  std::string name;
  std::string text;
  std::vector<std::size_t> ends = {};  // behind each event
  bool is_list = false;                // whose end is missed if it is missing

  void Add(std::string_view before, std::string_view event, std::string_view after) {
    text.append(before).append(event);
    ends.push_back(text.size());
    text += after;
  }
  // What a reader makes of the first `length` bytes.
  std::uint64_t EventsIn(std::size_t length) const {
    std::uint64_t events = 0;
    for (const std::size_t end : ends) {
      events += end <= length ? 1 : 0;
    }
    return events;
  }
  std::uint64_t CutOffIn(std::size_t length) const {
    if (is_list) {
      return length > 0 && length < text.size() ? 1 : 0;
    }
    const std::uint64_t events = EventsIn(length);
    const std::size_t begin = events > 0 ? ends[events - 1] : 0;
    const std::string_view rest = std::string_view(text).substr(begin, length - begin);
    return rest.find_first_not_of(kBlanks) == std::string_view::npos ? 0 : 1;
  }
};

std::string Event(int second) {
  std::string line = ToJson(EventLine{.second = second});
  line.pop_back();
  return line;
}

std::vector<Shape> Shapes() {
  Shape lines{.name = "lines", .text = {}};
  Shape together{.name = "nothing between them", .text = {}};
  Shape messages{.name = "messages of a shipper", .text = {}};
  Shape array{.name = "array", .text = "[", .is_list = true};
  Shape list{.name = "EventList",
             .text = R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[)",
             .is_list = true};
  for (int i = 0; i < kEvents; ++i) {
    const std::string event = Event(i);
    lines.Add("", event, "\r\n");
    together.Add("", event, "");
    messages.Add("", R"({"time":"t","message":)" + JsonString(event) + "}", "\n");
    array.Add(i > 0 ? ", " : "", event, "\n");
    list.Add(i > 0 ? "," : "", event, "");
  }
  array.text += "]";
  list.text += R"(],"metadata":{}})";
  return {lines, together, messages, array, list};
}

class InputFaultsTest : public ::testing::Test {
 protected:
  InputFaultsTest() { options_.rules = testing::SecretReadRules(); }

  // Replays what the script gives; limits under which six events are a long list, or a short one.
  ReplayResult Run(ScriptedStream::Script script, std::size_t long_list) {
    ingest::RecordSource::Limits limits;
    limits.long_list = long_list;
    std::vector<std::unique_ptr<Source>> sources;
    sources.push_back(std::make_unique<ingest::RecordSource>(
        ingest::RecordSource::Identity{.name = "audit.log", .cluster = {}},
        ingest::Decompress(std::make_unique<ScriptedStream>(std::move(script))), limits));
    testing::CollectingSink sink;
    ReplayResult result = Replay(options_, std::move(sources), sink);
    EXPECT_EQ(result.input.records,
              result.input.events + result.input.skipped_total() + result.input.rejected_total());
    return result;
  }

  ReplayOptions options_;
};

TEST_F(InputFaultsTest, WhereverAnInputEndsOrFailsNothingBeforeThatIsLost) {
  const absl::Status failures[] = {absl::OkStatus(), absl::DataLossError("the disk is gone")};
  int round = 0;
  for (const Shape& shape : Shapes()) {
    for (std::size_t length = 0; length <= shape.text.size(); length += 29) {
      for (const absl::Status& failure : failures) {
        ++round;
        options_.batch_bytes = round % 3 == 0 ? 1 : 1000;
        const ReplayResult result =
            Run({.text = shape.text.substr(0, length),
                 .piece = round % 2 == 0 ? std::size_t{61} : std::size_t{1} << 20,
                 .end = failure,
                 .damages = {}},
                round % 5 == 0 ? 700 : 100'000);
        const std::string where = absl::StrFormat("%s, %d bytes", shape.name, length);
        ASSERT_EQ(result.input.events, shape.EventsIn(length)) << where;
        ASSERT_EQ(result.input.rejected_total(), shape.CutOffIn(length)) << where;
        ASSERT_EQ(result.input.skipped_total(), 0) << where;
        ASSERT_EQ(result.source_errors.size(), failure.ok() ? 0 : 1) << where;
      }
    }
  }
}

TEST_F(InputFaultsTest, WhereverACompressedInputEndsOrFailsWhatCameBeforeIsRead) {
  const Shape lines = Shapes().front();
  const std::string whole = lines.text;
  for (const std::string& first : {testing::Gzip(whole), testing::Zstd(whole)}) {
    const std::string packed = first + testing::Gzip(whole);
    for (std::size_t length = 0; length <= packed.size(); length += 7) {
      for (const bool fails : {false, true}) {
        const ReplayResult result =
            Run({.text = packed.substr(0, length),
                 .end = fails ? absl::DataLossError("the disk is gone") : absl::OkStatus(),
                 .damages = {}},
                100'000);
        ASSERT_GE(result.input.events, length >= first.size() ? kEvents : 0) << length;
        ASSERT_LE(result.input.events, 2 * kEvents) << length;
        // The member that is cut off, and the line that is.
        ASSERT_LE(result.input.rejected_total(), 2) << length;
        const bool is_cut = length % packed.size() != 0 && length != first.size();
        ASSERT_GE(result.input.rejected_total() + result.source_errors.size(), is_cut ? 1 : 0)
            << length;
      }
    }
    EXPECT_EQ(Run({.text = packed, .end = {}, .damages = {}}, 100'000).input.events, 2 * kEvents);
  }
}

}  // namespace
}  // namespace hark::pipeline
