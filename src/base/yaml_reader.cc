#include "base/yaml_reader.h"

#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/mark.h"
#include "yaml-cpp/parser.h"

namespace hark {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxNodes = 200'000;
constexpr std::size_t kMaxDepth = 64;

std::size_t CountNodes(const YamlNode& node) {
  std::size_t count = 1 + node.keys.size();
  for (const YamlNode& item : node.items) {
    count += CountNodes(item);
  }
  return count;
}

// Makes nodes of the parser's events. After the first error it only waits for the end, because
// it must not throw through the parser.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const TextFile& file, Diagnostics& diagnostics)
      : file_(file), diagnostics_(diagnostics) {
    std::string_view rest = file.content;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      lines_.push_back(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }

  std::vector<YamlNode> TakeDocuments() { return std::move(documents_); }
  bool failed() const { return failed_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // At a token that nothing can begin with, yaml-cpp would make empty documents for ever.
    if (mark.pos == last_start_) {
      Fail(At(mark), "neither a value nor the end of the document can stand here");
    }
    last_start_ = mark.pos;
    open_.clear();
    anchors_.clear();
  }

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Finish(NewNode(YamlNode::Kind::kNull, mark), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto target = anchors_.find(anchor);
    if (target == anchors_.end()) {
      Fail(At(mark), "an alias may not stand within what it names");
      return;
    }
    if (!Spend(CountNodes(target->second), mark)) {
      return;
    }
    Finish(target->second, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = NewNode(YamlNode::Kind::kScalar, mark);
    node.text = value;
    node.quoted = tag == "!";
    node.verbatim = IsVerbatim(node);
    Finish(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(YamlNode::Kind::kList, mark, anchor);
  }

  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(YamlNode::Kind::kMap, mark, anchor);
  }

  void OnMapEnd() override { Close(); }

 private:
  // A list or map whose end has not come yet.
  struct OpenNode {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;  // kMap: the last key has no value yet
    std::set<std::string> seen;
  };

  Location At(const YAML::Mark& mark) const { return {file_.path, mark.line + 1, mark.column + 1}; }

  void Fail(const Location& location, std::string message) {
    if (!failed_) {
      diagnostics_.Error(location, std::move(message));
    }
    failed_ = true;
  }

  bool Spend(std::size_t nodes, const YAML::Mark& mark) {
    nodes_ += nodes;
    if (nodes_ > kMaxNodes) {
      Fail(At(mark),
           absl::StrFormat("the file has more than %d nodes, aliases expanded", kMaxNodes));
    }
    return !failed_;
  }

  YamlNode NewNode(YamlNode::Kind kind, const YAML::Mark& mark) {
    YamlNode node;
    node.kind = kind;
    node.location = At(mark);
    Spend(1, mark);
    return node;
  }

  bool IsVerbatim(const YamlNode& node) const {
    const auto line = static_cast<std::size_t>(node.location.line) - 1;
    const auto column = static_cast<std::size_t>(node.location.column) - 1;
    const std::size_t start = column + (node.quoted ? 1 : 0);
    return line < lines_.size() && start <= lines_[line].size() &&
           lines_[line].substr(start).starts_with(node.text);
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (failed_) {
      return;
    }
    if (open_.size() >= kMaxDepth) {
      Fail(At(mark), absl::StrFormat("more than %d levels within each other", kMaxDepth));
      return;
    }
    OpenNode open;
    open.node = NewNode(kind, mark);
    open.anchor = anchor;
    open_.push_back(std::move(open));
  }

  void Close() {
    if (failed_ || open_.empty()) {
      return;
    }
    OpenNode closed = std::move(open_.back());
    open_.pop_back();
    Finish(std::move(closed.node), closed.anchor);
  }

  // The node is complete: it goes where it belongs.
  void Finish(YamlNode node, YAML::anchor_t anchor) {
    if (failed_) {
      return;
    }
    if (anchor != 0) {
      anchors_[anchor] = node;
    }
    if (open_.empty()) {
      documents_.push_back(std::move(node));
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node.is_map() && !parent.has_key) {
      AddKey(parent, std::move(node));
      return;
    }
    parent.has_key = false;
    parent.node.items.push_back(std::move(node));
  }

  void AddKey(OpenNode& map, YamlNode key) {
    if (!key.is_scalar()) {
      Fail(key.location, absl::StrFormat("a key must be text, not %s", KindName(key.kind)));
    } else if (key.text == "<<" && !key.quoted) {
      Fail(key.location, "the merge key << is not supported: repeat the keys");
    } else if (!map.seen.insert(key.text).second) {
      Fail(key.location, absl::StrFormat("the key '%s' stands twice in this map", key.text));
    } else {
      map.has_key = true;
      map.node.keys.push_back(std::move(key));
    }
  }

  const TextFile& file_;
  Diagnostics& diagnostics_;
  std::vector<std::string_view> lines_;
  std::vector<OpenNode> open_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::vector<YamlNode> documents_;
  std::size_t nodes_ = 0;
  int last_start_ = -1;  // where the document before began
  bool failed_ = false;
};

}  // namespace

std::vector<YamlNode> ReadYaml(const TextFile& file, Diagnostics& diagnostics) {
  if (file.content.size() > kMaxBytes) {
    diagnostics.Error({file.path, 0, 0},
                      absl::StrFormat("the file is larger than %d bytes", kMaxBytes));
    return {};
  }
  TreeBuilder builder(file, diagnostics);
  try {
    std::istringstream stream(file.content);
    YAML::Parser parser(stream);
    while (!builder.failed() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    diagnostics.Error({file.path, error.mark.line + 1, error.mark.column + 1}, error.msg);
  }
  return builder.TakeDocuments();
}

}  // namespace hark
