#include "ingest/log_name.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

#include "absl/strings/str_format.h"

namespace hark::ingest {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// A "0" of the pattern stands for a digit, all else for itself.
bool HasForm(std::string_view text, std::string_view pattern) {
  return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(),
                    [](char c, char form) { return form == '0' ? IsDigit(c) : c == form; });
}

bool IsWithin(std::string_view digits, int low, int high) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value >= low && value <= high;
}

// Where the extension begins; the end if there is none. A leading dot makes no extension.
std::size_t ExtensionStart(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name.size() : dot;
}

bool ReadTime(std::string_view member, LogName& name) {
  constexpr std::string_view kForm = "-0000-00-00T00-00-00.000";
  // The time has a dot itself: without an extension it ends the name.
  for (const std::size_t end : {member.size(), ExtensionStart(member)}) {
    if (end <= kForm.size()) {
      continue;
    }
    const std::string_view time = member.substr(end - kForm.size(), kForm.size());
    if (HasForm(time, kForm)) {
      name.kind = LogName::Kind::kTime;
      name.moment = time.substr(1);
      name.family = member.substr(0, end - kForm.size());
      name.family += member.substr(end);
      return true;
    }
  }
  return false;
}

bool ReadDate(std::string_view member, LogName& name) {
  constexpr std::array<std::string_view, 4> kForms = {"-00000000", "-0000000000",
                                                      "-00000000-0000000000", ".00000000-000000"};
  for (const std::string_view form : kForms) {
    if (member.size() <= form.size()) {
      continue;
    }
    const std::string_view date = member.substr(member.size() - form.size());
    if (HasForm(date, form) && IsWithin(date.substr(1, 4), 1970, 2999) &&
        IsWithin(date.substr(5, 2), 1, 12) && IsWithin(date.substr(7, 2), 1, 31)) {
      name.kind = LogName::Kind::kDate;
      name.moment = date.substr(1);
      name.separator = form.front();
      name.family = member.substr(0, member.size() - form.size());
      return true;
    }
  }
  return false;
}

// A number with leading zeros counts upwards, as `split` names its pieces, not back in time.
bool ReadNumber(std::string_view member, LogName& name) {
  constexpr std::size_t kMaxDigits = 6;
  const std::size_t dot = ExtensionStart(member);
  if (dot == member.size()) {
    return false;
  }
  const std::string_view digits = member.substr(dot + 1);
  if (digits.empty() || digits.size() > kMaxDigits || digits.front() == '0' ||
      !std::all_of(digits.begin(), digits.end(), IsDigit)) {
    return false;
  }
  name.kind = LogName::Kind::kNumber;
  name.family = member.substr(0, dot);
  std::from_chars(digits.data(), digits.data() + digits.size(), name.number);
  return true;
}

}  // namespace

std::string LogName::Pattern() const {
  const std::size_t extension = ExtensionStart(family);
  switch (kind) {
    case Kind::kCurrent:
      break;
    case Kind::kTime:
      return absl::StrFormat("%s-*%s", family.substr(0, extension), family.substr(extension));
    case Kind::kDate:
      return family + separator + "*";
    case Kind::kNumber:
      return family + ".*";
  }
  return family;
}

LogName ParseLogName(std::string_view file_name) {
  LogName name;
  for (const std::string_view suffix : {std::string_view(".gz"), std::string_view(".zst")}) {
    if (file_name.size() > suffix.size() && file_name.ends_with(suffix)) {
      file_name.remove_suffix(suffix.size());
      name.compressed = true;
      break;
    }
  }
  if (!ReadTime(file_name, name) && !ReadDate(file_name, name) && !ReadNumber(file_name, name)) {
    name.family = file_name;
  }
  return name;
}

bool HasLogExtension(std::string_view family) {
  constexpr std::array<std::string_view, 6> kExtensions = {".log",    ".json", ".jsonl",
                                                           ".ndjson", ".txt",  ".out"};
  return std::any_of(kExtensions.begin(), kExtensions.end(),
                     [family](std::string_view extension) { return family.ends_with(extension); });
}

bool IsOlder(const LogName& a, const LogName& b) {
  if (a.kind == LogName::Kind::kCurrent || b.kind == LogName::Kind::kCurrent) {
    return a.kind != LogName::Kind::kCurrent;
  }
  return a.kind == LogName::Kind::kNumber ? a.number > b.number : a.moment < b.moment;
}

}  // namespace hark::ingest
