#include "controlplane/translator/namespaces.h"

#include <algorithm>

namespace penstock::translator {
namespace {

bool Holds(const api::LabelSelectorRequirement& requirement, const std::map<std::string, std::string>& labels) {
  auto found = labels.find(requirement.key());
  if (requirement.operator_() == "Exists") return found != labels.end();
  if (requirement.operator_() == "DoesNotExist") return found == labels.end();
  const auto& values = requirement.values();
  bool in = found != labels.end() && std::find(values.begin(), values.end(), found->second) != values.end();
  return requirement.operator_() == "In" ? in : !in;
}

}  // namespace

bool Selects(const api::LabelSelector& selector, const std::map<std::string, std::string>& labels) {
  for (const auto& [key, value] : selector.match_labels()) {
    auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return std::all_of(selector.match_expressions().begin(), selector.match_expressions().end(),
                     [&](const api::LabelSelectorRequirement& requirement) { return Holds(requirement, labels); });
}

bool AllowsNamespace(std::string_view from, const api::LabelSelector& selector, std::string_view own,
                     std::string_view ns, Reader& reader) {
  if (from == "All") return true;
  if (from == "Same") return own == ns;
  if (from != "Selector") return false;
  std::map<std::string, std::string> labels;
  if (const Upsert* object = reader.Object(NamespaceKey(ns))) labels = object->object->Labels();
  labels.insert_or_assign("kubernetes.io/metadata.name", std::string(ns));
  return Selects(selector, labels);
}

}  // namespace penstock::translator
