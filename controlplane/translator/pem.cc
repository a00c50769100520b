#include "controlplane/translator/pem.h"

#include <algorithm>

#include "controlplane/manifests/text.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

// Takes the first line off TEXT, without blanks at its ends.
std::string_view TakeLine(std::string_view& text) {
  size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = manifests::Strip(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// The label of `-----BEGIN LABEL-----` if PREFIX is "-----BEGIN ", "" if the line is something else.
std::string_view LabelOf(std::string_view line, std::string_view prefix) {
  if (line.size() <= prefix.size() + kDashes.size()) return {};
  if (!line.starts_with(prefix) || !line.ends_with(kDashes)) return {};
  return line.substr(prefix.size(), line.size() - prefix.size() - kDashes.size());
}

bool IsBase64(std::string_view line) {
  return std::all_of(line.begin(), line.end(),
                     [](char c) { return manifests::IsAlphaNumeric(c) || c == '+' || c == '/' || c == '='; });
}

// RFC 1421 4.6.1.1: what old tools write above the contents of a key that needs a password.
bool IsHeader(std::string_view line) { return line.find(": ") != std::string_view::npos; }

// A label for a message, if it is one: what stands there may be anything.
std::string_view Shown(std::string_view label) {
  constexpr size_t kMaxShown = 40;
  bool plain = std::all_of(label.begin(), label.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == ' '; });
  return plain && label.size() <= kMaxShown ? label : "block of another kind";
}

constexpr std::string_view kNotPem = "holds no PEM: a block -----BEGIN ...----- is missing or broken";

}  // namespace

std::optional<std::vector<std::string>> PemLabels(std::string_view text) {
  std::vector<std::string> labels;
  while (!text.empty()) {
    std::string_view label = LabelOf(TakeLine(text), kBegin);
    if (label.empty()) continue;
    labels.emplace_back(label);
    bool ended = false;
    bool contents = false;
    while (!text.empty() && !ended) {
      std::string_view line = TakeLine(text);
      ended = LabelOf(line, kEnd) == label;
      if (!ended && !IsBase64(line) && !IsHeader(line)) return std::nullopt;
      contents = contents || (!ended && !line.empty());
    }
    if (!ended || !contents) return std::nullopt;
  }
  return labels;
}

std::string CertificatesProblem(std::string_view text) {
  std::optional<std::vector<std::string>> labels = PemLabels(text);
  if (!labels.has_value() || labels->empty()) return std::string(kNotPem);
  for (const std::string& label : *labels) {
    if (label != "CERTIFICATE") return Cat("holds a ", Shown(label), " where only certificates belong");
  }
  return "";
}

std::string PrivateKeyProblem(std::string_view text) {
  std::optional<std::vector<std::string>> labels = PemLabels(text);
  if (!labels.has_value() || labels->empty()) return std::string(kNotPem);
  bool encrypted = text.find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos;
  auto is_key = [](const std::string& label) { return label.ends_with("PRIVATE KEY"); };
  auto key = std::find_if(labels->begin(), labels->end(), is_key);
  if (key == labels->end()) return Cat("holds a ", Shown(labels->front()), " and no private key");
  if (encrypted || *key == "ENCRYPTED PRIVATE KEY") return "holds a private key that needs a password";
  return "";
}

}  // namespace penstock::translator
