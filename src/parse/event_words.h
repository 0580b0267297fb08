#pragma once

#include <optional>
#include <string_view>

#include "hark/event.h"

// The words that an audit event has for its stage and its level, in the case that the API server
// writes them in.
namespace hark::parse {

// nullopt for any other word.
inline std::optional<Stage> StageOf(std::string_view text) {
  if (text == "ResponseComplete") {
    return Stage::kResponseComplete;
  }
  if (text == "ResponseStarted") {
    return Stage::kResponseStarted;
  }
  if (text == "RequestReceived") {
    return Stage::kRequestReceived;
  }
  if (text == "Panic") {
    return Stage::kPanic;
  }
  return std::nullopt;
}

// kNone for any other word.
inline Level LevelOf(std::string_view text) {
  if (text == "Metadata") {
    return Level::kMetadata;
  }
  if (text == "Request") {
    return Level::kRequest;
  }
  if (text == "RequestResponse") {
    return Level::kRequestResponse;
  }
  return Level::kNone;
}

}  // namespace hark::parse
