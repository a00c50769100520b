#include "controlplane/manifests/export.h"

#include <algorithm>

#include "controlplane/manifests/export_tree.h"
#include "controlplane/manifests/json_text.h"
#include "controlplane/manifests/scalar.h"
#include "controlplane/manifests/text.h"
#include "dataplane/base/printable.h"

namespace penstock::manifests {
namespace {

// Compact JSON if `indent` is npos, else indented by two spaces more than `indent`.
void WriteJson(const ExportNode& node, size_t indent, std::string& out) {
  bool pretty = indent != std::string::npos;
  bool mapping = node.kind == ExportNode::kMapping;
  if (node.kind == ExportNode::kText) {
    out += JsonString(node.text);
    return;
  }
  if (node.kind == ExportNode::kLiteral) {
    out += node.text;
    return;
  }
  size_t inner = pretty ? indent + 2 : indent;
  std::string separator = pretty ? Cat("\n", std::string(inner, ' ')) : "";
  out += mapping ? '{' : '[';
  for (size_t i = 0; i < node.children.size(); ++i) {
    Append(out, i == 0 ? "" : pretty ? "," : ", ", separator);
    if (mapping) Append(out, JsonString(node.keys[i]), ": ");
    WriteJson(node.children[i], inner, out);
  }
  if (pretty && !node.children.empty()) Append(out, "\n", std::string(indent, ' '));
  out += mapping ? '}' : ']';
}

// True if a reader takes the unquoted text for this very text, YAML 1.1 readers too (they see true in `yes`, sixty in
// `1:00`).
bool IsSafePlain(std::string_view text) {
  auto safe = [](char c) { return IsAlphaNumeric(c) || std::string_view("-_./").find(c) != std::string_view::npos; };
  if (text.empty() || TypeOf(text) != ScalarType::kText || !std::all_of(text.begin(), text.end(), safe)) return false;
  if (!IsAlpha(text.front()) && text.front() != '/')
    return IsDigit(text.front()) && text.find_first_of("hms.") != text.npos &&
           text.find_first_not_of("0123456789.hms") == text.npos;
  for (std::string_view word : {"y", "n", "yes", "no", "on", "off"}) {
    if (EqualsIgnoreCase(text, word)) return false;
  }
  return true;
}

// Text of several lines that a block (|) shows as it is.
bool IsBlockText(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || !text.ends_with('\n') || text.ends_with("\n\n")) return false;
  if (text.front() == ' ' || text.front() == '\n') return false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n' && at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\n')) return false;
  }
  return PrintableLines(text) == text;
}

std::string YamlScalar(std::string_view text) { return IsSafePlain(text) ? std::string(text) : JsonString(text); }

void WriteBlockText(std::string_view text, size_t indent, std::string& out) {
  out += " |\n";
  while (!text.empty()) {
    size_t end = text.find('\n') + 1;
    Append(out, std::string(indent, ' '), text.substr(0, end));
    text.remove_prefix(end);
  }
}

void WriteYamlMapping(const ExportNode& node, size_t indent, bool first_line_open, std::string& out);

// What follows "key:" or "-", including the line break.
void WriteYamlValue(const ExportNode& node, size_t indent, std::string& out) {
  bool collection = node.kind == ExportNode::kMapping || node.kind == ExportNode::kList;
  if (node.kind == ExportNode::kLiteral) {
    Append(out, " ", node.text, "\n");
  } else if (node.kind == ExportNode::kText && IsBlockText(node.text)) {
    WriteBlockText(node.text, indent + 2, out);
  } else if (node.kind == ExportNode::kText) {
    Append(out, " ", YamlScalar(node.text), "\n");
  } else if (collection && node.children.empty()) {
    out += node.kind == ExportNode::kMapping ? " {}\n" : " []\n";
  } else if (node.kind == ExportNode::kMapping) {
    out += "\n";
    WriteYamlMapping(node, indent + 2, false, out);
  } else {
    out += "\n";
    for (const ExportNode& item : node.children) {
      Append(out, std::string(indent, ' '), "-");
      bool mapping = item.kind == ExportNode::kMapping && !item.children.empty();
      if (mapping) out += " ";
      mapping ? WriteYamlMapping(item, indent + 2, true, out) : WriteYamlValue(item, indent, out);
    }
  }
}

void WriteYamlMapping(const ExportNode& node, size_t indent, bool first_line_open, std::string& out) {
  for (size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0 || !first_line_open) out += std::string(indent, ' ');
    Append(out, YamlScalar(node.keys[i]), ":");
    WriteYamlValue(node.children[i], indent, out);
  }
}

}  // namespace

std::string ToJson(const Object& object, Secrets secrets) {
  std::string out;
  WriteJson(MakeExportTree(object.message(), secrets), std::string::npos, out);
  return out;
}

std::string ToJson(const google::protobuf::Message& message) {
  std::string out;
  WriteJson(MakeExportTree(message, Secrets::kRedacted), std::string::npos, out);
  return out;
}

std::string ToPrettyJson(const Object& object, Secrets secrets) {
  std::string out;
  WriteJson(MakeExportTree(object.message(), secrets), 0, out);
  return out + "\n";
}

std::string ToYaml(const Object& object, Secrets secrets) {
  std::string out;
  WriteYamlMapping(MakeExportTree(object.message(), secrets), 0, false, out);
  return out;
}

std::string ToYaml(std::span<const ObjectPtr> objects, Secrets secrets) {
  std::string out;
  for (const ObjectPtr& object : objects) Append(out, out.empty() ? "" : "---\n", ToYaml(*object, secrets));
  return out;
}

}  // namespace penstock::manifests
