#include "rules/modifiers.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"

#include "base/spelling.h"

namespace hark::rules {
namespace {

enum class Modifier : std::uint8_t {
  kContains,
  kStartsWith,
  kEndsWith,
  kAll,
  kNegated,
  kCased,
  kExists,
  kCidr,
  kRegex,
  kIgnoreCase,
  kMultiLine,
  kDotAll,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kLater,  // part of Sigma, not yet of hark
};

struct NamedModifier {
  std::string_view name;
  Modifier modifier;
};

constexpr std::array kModifiers = std::to_array<NamedModifier>({
    {"contains", Modifier::kContains},
    {"startswith", Modifier::kStartsWith},
    {"endswith", Modifier::kEndsWith},
    {"all", Modifier::kAll},
    {"neq", Modifier::kNegated},
    {"cased", Modifier::kCased},
    {"exists", Modifier::kExists},
    {"cidr", Modifier::kCidr},
    {"re", Modifier::kRegex},
    {"i", Modifier::kIgnoreCase},
    {"ignorecase", Modifier::kIgnoreCase},
    {"m", Modifier::kMultiLine},
    {"multiline", Modifier::kMultiLine},
    {"s", Modifier::kDotAll},
    {"dotall", Modifier::kDotAll},
    {"lt", Modifier::kLess},
    {"lte", Modifier::kLessOrEqual},
    {"gt", Modifier::kGreater},
    {"gte", Modifier::kGreaterOrEqual},
    {"expand", Modifier::kLater},
    {"base64", Modifier::kLater},
    {"base64offset", Modifier::kLater},
    {"wide", Modifier::kLater},
    {"utf16", Modifier::kLater},
    {"utf16le", Modifier::kLater},
    {"utf16be", Modifier::kLater},
    {"windash", Modifier::kLater},
    {"fieldref", Modifier::kLater},
    {"minute", Modifier::kLater},
    {"hour", Modifier::kLater},
    {"day", Modifier::kLater},
    {"week", Modifier::kLater},
    {"month", Modifier::kLater},
    {"year", Modifier::kLater},
});

std::vector<std::string_view> ModifierNames() {
  std::vector<std::string_view> names;
  names.reserve(kModifiers.size());
  for (const NamedModifier& entry : kModifiers) {
    names.push_back(entry.name);
  }
  return names;
}

bool IsRegexFlag(Modifier modifier) {
  return modifier == Modifier::kIgnoreCase || modifier == Modifier::kMultiLine ||
         modifier == Modifier::kDotAll;
}

// Does the modifier say how a value is compared? Only one of these may be given.
bool IsTest(Modifier modifier) {
  return modifier != Modifier::kAll && modifier != Modifier::kNegated &&
         modifier != Modifier::kCased && !IsRegexFlag(modifier);
}

class ItemKeyParser {
 public:
  ItemKeyParser(const YamlNode& key, Diagnostics& diagnostics)
      : node_(key), diagnostics_(diagnostics) {}

  std::optional<ItemKey> Parse() {
    const std::string_view text = node_.text;
    const std::size_t bar = text.find('|');
    key_.field = std::string(text.substr(0, bar));
    if (key_.field.empty()) {
      return Fail(0, "not supported yet: keywords (values without a field)");
    }
    if (key_.field.find('[') != std::string::npos) {
      return Fail(0, "not supported yet: arrays by index or quantifier, field[...]");
    }
    for (std::size_t start = bar; start != std::string_view::npos;) {
      const std::size_t end = text.find('|', start + 1);
      const std::string_view name = text.substr(start + 1, end - (start + 1));
      if (!Add(name, start + 1)) {
        return std::nullopt;
      }
      start = end;
    }
    return key_;
  }

 private:
  std::nullopt_t Fail(std::size_t offset, std::string message) {
    diagnostics_.Error(node_.Within(offset), std::move(message));
    return std::nullopt;
  }

  bool Add(std::string_view name, std::size_t offset) {
    const auto* const entry =
        std::find_if(kModifiers.begin(), kModifiers.end(),
                     [name](const NamedModifier& known) { return known.name == name; });
    if (entry == kModifiers.end()) {
      Fail(offset,
           absl::StrFormat("there is no modifier '%s'%s", name, DidYouMean(name, ModifierNames())));
      return false;
    }
    const Modifier modifier = entry->modifier;
    if (modifier == Modifier::kLater) {
      Fail(offset, absl::StrFormat("not supported yet: the modifier '%s'", name));
      return false;
    }
    if (std::find(seen_.begin(), seen_.end(), modifier) != seen_.end()) {
      Fail(offset, absl::StrFormat("the modifier '%s' is given twice", name));
      return false;
    }
    seen_.push_back(modifier);
    Apply(modifier);
    if (IsConsistent()) {
      return true;
    }
    Fail(offset, IsRegexFlag(modifier) && !key_.regex
                     ? absl::StrFormat("'%s' may only follow 're'", name)
                     : absl::StrFormat("'%s' may not stand beside the modifiers before it", name));
    return false;
  }

  // May the modifiers that were given so far stand together?
  bool IsConsistent() const {
    const bool text = !key_.exists && !key_.cidr && !key_.regex && !key_.comparison.has_value();
    return std::count_if(seen_.begin(), seen_.end(), IsTest) <= 1 && (text || !key_.cased) &&
           (key_.regex || key_.regex_flags.empty()) && (!key_.exists || seen_.size() == 1);
  }

  void Apply(Modifier modifier) {
    switch (modifier) {
      case Modifier::kContains:
        key_.placement = ItemKey::Placement::kContains;
        break;
      case Modifier::kStartsWith:
        key_.placement = ItemKey::Placement::kStartsWith;
        break;
      case Modifier::kEndsWith:
        key_.placement = ItemKey::Placement::kEndsWith;
        break;
      case Modifier::kAll:
        key_.all = true;
        break;
      case Modifier::kNegated:
        key_.negated = true;
        break;
      case Modifier::kCased:
        key_.cased = true;
        break;
      case Modifier::kExists:
        key_.exists = true;
        break;
      case Modifier::kCidr:
        key_.cidr = true;
        break;
      case Modifier::kRegex:
        key_.regex = true;
        break;
      case Modifier::kIgnoreCase:
        AddFlag('i');
        break;
      case Modifier::kMultiLine:
        AddFlag('m');
        break;
      case Modifier::kDotAll:
        AddFlag('s');
        break;
      case Modifier::kLess:
        key_.comparison = Value::Kind::kLess;
        break;
      case Modifier::kLessOrEqual:
        key_.comparison = Value::Kind::kLessOrEqual;
        break;
      case Modifier::kGreater:
        key_.comparison = Value::Kind::kGreater;
        break;
      case Modifier::kGreaterOrEqual:
        key_.comparison = Value::Kind::kGreaterOrEqual;
        break;
      case Modifier::kLater:
        break;
    }
  }

  void AddFlag(char flag) {
    key_.regex_flags.push_back(flag);
    std::sort(key_.regex_flags.begin(), key_.regex_flags.end());
  }

  const YamlNode& node_;
  Diagnostics& diagnostics_;
  ItemKey key_;
  std::vector<Modifier> seen_;
};

}  // namespace

std::optional<ItemKey> ParseItemKey(const YamlNode& key, Diagnostics& diagnostics) {
  return ItemKeyParser(key, diagnostics).Parse();
}

}  // namespace hark::rules
