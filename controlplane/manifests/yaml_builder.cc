#include "controlplane/manifests/yaml_builder.h"

#include <algorithm>
#include <limits>

#include "absl/container/flat_hash_map.h"
#include "controlplane/manifests/text.h"

namespace penstock::manifests {
namespace {

// The text of a quoted scalar including its quotes, "" if it does not end.
std::string_view QuotedScalar(std::string_view text) {
  char quote = text.front();
  for (size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      bool doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
      if (!doubled) return text.substr(0, i + 1);
      ++i;
    }
  }
  return {};
}

uint32_t Sum(uint32_t a, uint32_t b) {
  return a > std::numeric_limits<uint32_t>::max() - b ? std::numeric_limits<uint32_t>::max() : a + b;
}

}  // namespace

const Node* FindMember(const Node& node, std::string_view key) {
  for (const Node::Member& member : node.members) {
    if (member.key->text == key) return member.value;
  }
  return nullptr;
}

YamlBuilder::YamlBuilder(std::string_view text, size_t first_line, const LineIndex& lines, const YamlLimits& limits,
                         FindingSink& sink)
    : text_(text),
      first_line_(first_line),
      first_byte_(lines.StartOf(first_line)),
      positions_(lines),
      limits_(limits),
      sink_(sink) {}

Document YamlBuilder::TakeDocument() {
  Document taken = std::move(document_);
  document_ = {};
  open_.clear();
  return taken;
}

void YamlBuilder::OnDocumentStart(const YAML::Mark& mark) {
  start_ = PositionOf(mark, static_cast<size_t>(std::max(mark.pos, 0)), 1);
  document_ = {};
  open_.clear();
  anchors_.clear();
  alias_nodes_ = 0;
}

void YamlBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  Node& node = NewNode(NodeKind::kNull, mark, anchor);
  // yaml-cpp places an empty value at whatever comes next; people look at its key.
  bool is_value = !open_.empty() && open_.back().key != nullptr;
  if (is_value) node.position = open_.back().key->position;
  Place(&node);
}

void YamlBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const Node* target = anchor < anchors_.size() ? anchors_[anchor] : nullptr;
  Position position = PositionOf(mark, static_cast<size_t>(mark.pos), 1);
  bool inside_itself =
      target == nullptr || std::any_of(open_.begin(), open_.end(), [&](const Open& o) { return o.node == target; });
  if (inside_itself) {
    sink_.Error("E004", position, "", "an alias (*) stands inside the value that it repeats", "write the value out");
    throw StopReading();
  }
  alias_nodes_ += target->weight;
  if (alias_nodes_ > limits_.max_alias_nodes) {
    sink_.Error("E004", position, "",
                Cat("aliases (*) repeat more than ", limits_.max_alias_nodes, " values in this document"),
                "write the values out, or split the document");
    throw StopReading();
  }
  Place(target);
}

void YamlBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  Node& node = NewNode(NodeKind::kScalar, mark, anchor);
  node.plain = tag == "?";
  node.text = value;
  size_t byte = SkipProperties(mark);
  node.position = PositionOf(mark, byte, LengthAt(byte, node, mark));
  RefuseTag(tag, mark);
  Place(&node);
}

void YamlBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                                  YAML::EmitterStyle::value) {
  OpenNode(NodeKind::kSequence, mark, tag, anchor);
}

void YamlBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value) {
  OpenNode(NodeKind::kMapping, mark, tag, anchor);
}

void YamlBuilder::OnMapEnd() {
  Node& mapping = *open_.back().node;
  if (!mapping.members.empty() && mapping.position.length == 0) {
    mapping.position.length = mapping.members.front().key->position.length;
  }
  RefuseDuplicates(mapping);
  Close();
}

Node& YamlBuilder::NewNode(NodeKind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (document_.nodes.size() >= limits_.max_nodes) {
    sink_.Error("E004", PositionOf(mark, static_cast<size_t>(std::max(mark.pos, 0)), 1), "",
                Cat("the document has more than ", limits_.max_nodes, " values"), "split it into several documents");
    throw StopReading();
  }
  Node& node = document_.nodes.emplace_back();
  node.kind = kind;
  if (anchor != 0) {
    if (anchors_.size() <= anchor) anchors_.resize(anchor + 1, nullptr);
    anchors_[anchor] = &node;
  }
  return node;
}

void YamlBuilder::OpenNode(NodeKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
  Node& node = NewNode(kind, mark, anchor);
  size_t byte = SkipProperties(mark);
  bool flow = byte < text_.size() && (text_[byte] == '{' || text_[byte] == '[');
  node.position = PositionOf(mark, byte, flow ? 1 : 0);
  if (open_.size() >= limits_.max_depth) {
    sink_.Error("E004", node.position, "", Cat("maps and lists nest deeper than ", limits_.max_depth, " levels"));
    throw StopReading();
  }
  RefuseTag(tag, mark);
  Place(&node);
  open_.push_back({&node});
}

void YamlBuilder::Close() {
  const Node* closed = open_.back().node;
  open_.pop_back();
  if (open_.empty()) return;
  Node& parent = *open_.back().node;
  parent.weight = Sum(parent.weight, closed->weight - 1);
}

void YamlBuilder::Place(const Node* node) {
  if (open_.empty()) {
    document_.root = node;
    return;
  }
  Open& parent = open_.back();
  parent.node->weight = Sum(parent.node->weight, node->weight);
  if (parent.node->kind == NodeKind::kSequence) {
    parent.node->items.push_back(node);
  } else if (parent.key == nullptr) {
    CheckKey(*node);
    parent.key = node;
  } else {
    parent.node->members.push_back({parent.key, node});
    parent.key = nullptr;
  }
}

void YamlBuilder::CheckKey(const Node& key) {
  if (key.kind != NodeKind::kScalar) {
    sink_.Error("E006", key.position, "", "a key is a map, a list or nothing; keys are plain words");
    throw StopReading();
  }
  if (key.text == "<<" && key.plain) {
    sink_.Error("E006", key.position, "", "merge keys (<<) are not part of YAML 1.2 and are not read",
                "write the fields out, or repeat a whole value with an alias (*)");
  }
}

void YamlBuilder::RefuseDuplicates(const Node& mapping) {
  absl::flat_hash_map<std::string_view, const Node*> seen;
  for (const Node::Member& member : mapping.members) {
    auto [it, fresh] = seen.emplace(member.key->text, member.key);
    if (fresh) continue;
    sink_.Error("E005", member.key->position, "",
                Cat("the key \"", member.key->text.substr(0, 80), "\" stands here a second time; the first is in line ",
                    it->second->position.line),
                "keep one of the two");
  }
}

void YamlBuilder::RefuseTag(const std::string& tag, const YAML::Mark& mark) {
  if (tag.empty() || tag == "?" || tag == "!") return;
  sink_.Error("E006", PositionOf(mark, static_cast<size_t>(mark.pos), 1), "", "tags (!) are not read",
              "remove the tag; quote the value if it begins with an exclamation mark");
}

size_t YamlBuilder::SkipProperties(const YAML::Mark& mark) const {
  size_t at = static_cast<size_t>(std::max(mark.pos, 0));
  while (at < text_.size() && (text_[at] == '&' || text_[at] == '!')) {
    size_t end = text_.find_first_of(" \t\r\n", at);
    if (end == std::string_view::npos) return at;
    size_t next = text_.find_first_not_of(" \t\r\n", end);
    if (next == std::string_view::npos) return at;
    at = next;
  }
  return at;
}

uint32_t YamlBuilder::LengthAt(size_t byte, const Node& node, const YAML::Mark& mark) {
  if (byte >= text_.size()) return 1;
  std::string_view rest = text_.substr(byte);
  bool quoted = !node.plain && (rest.front() == '"' || rest.front() == '\'');
  std::string_view whole = quoted ? QuotedScalar(rest) : std::string_view(node.text);
  if (quoted && whole.empty()) {
    sink_.Error("E001", PositionOf(mark, byte, 1), "", Cat("the quote ", rest.substr(0, 1), " is never closed"));
    throw StopReading();
  }
  if (!quoted && !node.plain) return 1;  // | and >
  // A scalar of several lines is underlined to the end of its first one.
  std::string_view written = rest.substr(0, whole.size());
  return std::max(1u, CountCharacters(written.substr(0, written.find_first_of("\r\n"))));
}

Position YamlBuilder::PositionOf(const YAML::Mark& mark, size_t byte, uint32_t length) {
  if (mark.pos < 0) return {};
  size_t line = first_line_ + static_cast<size_t>(mark.line);
  if (byte == static_cast<size_t>(mark.pos)) return positions_.At(line, first_byte_ + byte, length);
  return positions_.At(first_byte_ + byte, length);
}

}  // namespace penstock::manifests
