#include "pipeline/delivery_api.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "simdjson.h"

#include "alert/alert_reader.h"
#include "alert/outbox.h"
#include "alert/silence_matchers.h"
#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "base/status_macros.h"
#include "server/http_status.h"

namespace hark::pipeline {
namespace {

using alert::DeadLetter;
using alert::Silence;
using server::Request;
using server::Response;

constexpr std::int64_t kMaxLetters = 1'000;
constexpr std::int64_t kLettersByDefault = 100;
constexpr std::size_t kMaxTextBytes = 4'096;

Response Answer(const absl::StatusOr<std::string>& document) {
  return document.ok() ? Response{.body = *document}
                       : server::ErrorResponse(server::http::StatusOf(document.status().code()),
                                               std::string(document.status().message()));
}

absl::StatusOr<std::int64_t> ParseNumber(std::string_view name, std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) {
    return InvalidArgument("%s must be a number, not \"%s\"", name, text);
  }
  return number;
}

// The query of a request. Unknown keys are errors: a misspelt one would mean more than was meant.
class Query {
 public:
  Query(const Request& request, std::vector<std::string_view> known)
      : values_(request.query), known_(std::move(known)) {}

  absl::Status Check() const {
    for (const auto& [key, value] : values_) {
      if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
        return InvalidArgument("unknown parameter \"%s\"", key);
      }
    }
    return absl::OkStatus();
  }
  std::string Text(const std::string& key) const {
    const auto value = values_.find(key);
    return value == values_.end() ? "" : value->second;
  }
  absl::StatusOr<std::int64_t> Number(const std::string& key, std::int64_t otherwise) const {
    const auto value = values_.find(key);
    return value == values_.end() ? otherwise : ParseNumber(key, value->second);
  }

 private:
  const std::map<std::string, std::string>& values_;
  const std::vector<std::string_view> known_;
};

std::string NumberOf(std::string_view key, std::int64_t number) {
  return absl::StrFormat("{\"%s\":%d}", key, number);
}

void WriteSilence(const Silence& silence, JsonWriter& json) {
  json.BeginObject().Key("number").Signed(silence.number);
  json.Key("matchers").String(silence.matchers).Key("reason").String(silence.reason);
  json.Key("author").String(silence.author);
  json.Key("created").String(FormatRfc3339(silence.created));
  json.Key("until").String(FormatRfc3339(silence.until)).EndObject();
}

enum class Detail : std::uint8_t { kBrief, kWithAlert };

void WriteLetter(const DeadLetter& letter, Detail detail, JsonWriter& json) {
  json.BeginObject().Key("number").Signed(letter.number).Key("output").String(letter.output);
  json.Key("id").String(letter.id).Key("n").Unsigned(letter.n);
  json.Key("failed").String(FormatRfc3339(letter.failed));
  json.Key("attempts").Unsigned(letter.attempts).Key("status").Signed(letter.status);
  json.Key("reason").String(letter.reason).Key("answer").String(letter.answer);
  json.Key("detected").String(FormatRfc3339(letter.detected));
  if (detail == Detail::kWithAlert) {
    json.Key("alert").Raw(letter.json);
  }
  json.EndObject();
}

class DeliveryApi {
 public:
  explicit DeliveryApi(DeliveryApiSources sources) : sources_(std::move(sources)) {}

  absl::StatusOr<std::string> Silences(const Request& request) const {
    const Query query(request, {"all"});
    RETURN_IF_ERROR(query.Check());
    ASSIGN_OR_RETURN(alert::AlertReader reader, sources_.store->OpenReader());
    ASSIGN_OR_RETURN(const std::vector<Silence> silences, reader.Silences(std::nullopt));
    JsonWriter json;
    json.BeginObject().Key("silences").BeginArray();
    for (const Silence& silence : silences) {
      if (query.Text("all") == "true" || silence.until > Now()) {
        WriteSilence(silence, json);
      }
    }
    json.EndArray().EndObject();
    return json.Take();
  }

  absl::StatusOr<std::string> AddSilence(const Request& request) const {
    ASSIGN_OR_RETURN(const Silence silence, ParseSilence(request.body));
    ASSIGN_OR_RETURN(const std::int64_t number, sources_.store->AddSilence(silence));
    RETURN_IF_ERROR(sources_.changed());
    return NumberOf("number", number);
  }

  absl::StatusOr<std::string> EndSilence(const Request& request) const {
    ASSIGN_OR_RETURN(const std::int64_t number,
                     ParseNumber("the silence", request.path_parameters.at("number")));
    RETURN_IF_ERROR(sources_.store->ExpireSilence(number, Now()));
    RETURN_IF_ERROR(sources_.changed());
    return NumberOf("number", number);
  }

  absl::StatusOr<std::string> DeadLetters(const Request& request) const {
    const Query query(request, {"output", "after", "limit"});
    RETURN_IF_ERROR(query.Check());
    ASSIGN_OR_RETURN(const std::int64_t after, query.Number("after", 0));
    ASSIGN_OR_RETURN(const std::int64_t limit, query.Number("limit", kLettersByDefault));
    if (limit < 1 || limit > kMaxLetters) {
      return InvalidArgument("limit must be from 1 to %d", kMaxLetters);
    }
    ASSIGN_OR_RETURN(alert::AlertReader reader, sources_.store->OpenReader());
    ASSIGN_OR_RETURN(
        const std::vector<DeadLetter> letters,
        reader.DeadLetters(query.Text("output"), after, static_cast<std::size_t>(limit)));
    JsonWriter json;
    json.BeginObject().Key("dead_letters").BeginArray();
    for (const DeadLetter& letter : letters) {
      WriteLetter(letter, Detail::kBrief, json);
    }
    json.EndArray();
    if (static_cast<std::int64_t>(letters.size()) == limit) {
      json.Key("next").Signed(letters.back().number);
    }
    json.EndObject();
    return json.Take();
  }

  absl::StatusOr<std::string> Letter(const Request& request) const {
    ASSIGN_OR_RETURN(const std::int64_t number,
                     ParseNumber("the dead letter", request.path_parameters.at("number")));
    ASSIGN_OR_RETURN(const DeadLetter letter, LetterOf(number));
    JsonWriter json;
    WriteLetter(letter, Detail::kWithAlert, json);
    return json.Take();
  }

  absl::StatusOr<std::string> Replay(const Request& request) const {
    const Query query(request, {"output", "number"});
    RETURN_IF_ERROR(query.Check());
    ASSIGN_OR_RETURN(const std::int64_t number, query.Number("number", 0));
    ASSIGN_OR_RETURN(const std::int64_t letters,
                     sources_.store->ReplayDeadLetters(query.Text("output"), number));
    if (number != 0 && letters == 0) {
      return absl::NotFoundError(absl::StrFormat("there is no dead letter %d", number));
    }
    RETURN_IF_ERROR(sources_.changed());
    return NumberOf("dead_letters", letters);
  }

  absl::StatusOr<std::string> Purge(const Request& request) const {
    const Query query(request, {"output", "up_to", "number"});
    RETURN_IF_ERROR(query.Check());
    ASSIGN_OR_RETURN(const std::int64_t number, query.Number("number", 0));
    if (number != 0) {
      return PurgeOne(number);
    }
    ASSIGN_OR_RETURN(const std::int64_t up_to, query.Number("up_to", INT64_MAX));
    ASSIGN_OR_RETURN(const std::int64_t letters,
                     sources_.store->PurgeDeadLetters(query.Text("output"), up_to));
    RETURN_IF_ERROR(sources_.changed());
    return NumberOf("dead_letters", letters);
  }

 private:
  absl::StatusOr<DeadLetter> LetterOf(std::int64_t number) const {
    ASSIGN_OR_RETURN(alert::AlertReader reader, sources_.store->OpenReader());
    ASSIGN_OR_RETURN(std::vector<DeadLetter> letters, reader.DeadLetters("", number - 1, 1));
    if (letters.empty() || letters.front().number != number) {
      return absl::NotFoundError(absl::StrFormat("there is no dead letter %d", number));
    }
    return std::move(letters.front());
  }

  absl::StatusOr<std::string> PurgeOne(std::int64_t number) const {
    RETURN_IF_ERROR(LetterOf(number).status());
    RETURN_IF_ERROR(sources_.store->RemoveDeadLetter(number));
    RETURN_IF_ERROR(sources_.changed());
    return NumberOf("dead_letters", 1);
  }

  Micros Now() const { return absl::ToUnixMicros(sources_.clock->Now()); }

  absl::StatusOr<Silence> ParseSilence(const std::string& body) const {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    if (parser.parse(body).get_object().get(object) != simdjson::SUCCESS) {
      return InvalidArgument("the body must be a JSON object");
    }
    std::map<std::string, std::string, std::less<>> texts = {
        {"matchers", ""}, {"reason", ""}, {"author", ""}, {"until", ""}};
    for (const simdjson::dom::key_value_pair member : object) {
      const auto text = texts.find(member.key);
      std::string_view value;
      if (text == texts.end() || member.value.get_string().get(value) != simdjson::SUCCESS ||
          value.size() > kMaxTextBytes) {
        return InvalidArgument("\"%s\": a silence has the texts matchers, reason, author and until",
                               member.key);
      }
      text->second = value;
    }
    RETURN_IF_ERROR(alert::SilenceMatchers::Parse(texts["matchers"]).status());
    for (const std::string_view needed : {"reason", "author"}) {
      if (texts.find(needed)->second.empty()) {
        return InvalidArgument("a silence needs a %s", needed);
      }
    }
    Silence silence = {.matchers = texts["matchers"],
                       .reason = texts["reason"],
                       .author = texts["author"],
                       .created = Now()};
    ASSIGN_OR_RETURN(silence.until, ParseUntil(texts["until"]));
    return silence;
  }

  absl::StatusOr<Micros> ParseUntil(const std::string& text) const {
    const std::optional<Micros> duration = ParseDuration(text);
    const std::optional<Micros> until =
        duration.has_value() ? std::optional(Now() + *duration) : ParseRfc3339(text);
    if (!until.has_value() || *until <= Now()) {
      return InvalidArgument("until must be a time to come, or a duration such as 2h, not \"%s\"",
                             text);
    }
    return *until;
  }

  const DeliveryApiSources sources_;
};

}  // namespace

void AddDeliveryRoutes(const DeliveryApiSources& sources, server::Router& router) {
  using server::Access;
  using server::Method;
  const auto api = std::make_shared<const DeliveryApi>(sources);
  const auto add = [&](Method method, std::string_view path, auto member) {
    router.Add(method, path, Access::kAuthorized, [api, member](const Request& request) {
      return Answer((api.get()->*member)(request));
    });
  };
  add(Method::kGet, "/api/v1/silences", &DeliveryApi::Silences);
  add(Method::kPost, "/api/v1/silences", &DeliveryApi::AddSilence);
  add(Method::kDelete, "/api/v1/silences/{number}", &DeliveryApi::EndSilence);
  add(Method::kGet, "/api/v1/dead-letters", &DeliveryApi::DeadLetters);
  add(Method::kDelete, "/api/v1/dead-letters", &DeliveryApi::Purge);
  add(Method::kPost, "/api/v1/dead-letters/replay", &DeliveryApi::Replay);
  add(Method::kGet, "/api/v1/dead-letters/{number}", &DeliveryApi::Letter);
}

}  // namespace hark::pipeline
