#include "alert/body_format.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

#include "base/json_writer.h"
#include "base/rfc3339.h"

namespace hark::alert {
namespace {

// For a segment of a URI's path.
std::string PercentEncoded(std::string_view text) {
  constexpr std::string_view kUnreserved = "-._~";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || kUnreserved.find(c) != std::string_view::npos) {
      encoded.push_back(c);
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", byte);
    }
  }
  return encoded;
}

}  // namespace

std::string EventType(const Revision& revision) {
  return absl::StrFormat("alert.%s", AlertStateName(revision.state));
}

std::string NativeBody(const Revision& revision) {
  JsonWriter json;
  json.BeginObject().Key("type").String(EventType(revision));
  json.Key("timestamp").String(FormatRfc3339(revision.detected));
  json.Key("data").Raw(revision.json).EndObject();
  return json.Take();
}

std::string CloudEventsBody(const Revision& revision, std::string_view id) {
  JsonWriter json;
  json.BeginObject().Key("specversion").String("1.0").Key("id").String(id);
  json.Key("source").String(absl::StrFormat("/clusters/%s/hark", PercentEncoded(revision.cluster)));
  json.Key("type").String(absl::StrFormat("io.hark.%s.v1", EventType(revision)));
  json.Key("subject").String(revision.id);
  json.Key("time").String(FormatRfc3339(revision.detected));
  json.Key("datacontenttype").String("application/json");
  json.Key("data").Raw(revision.json).EndObject();
  return json.Take();
}

}  // namespace hark::alert
