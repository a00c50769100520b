// The documentation of the kinds, from the comments and rules of their messages: `penstock explain KIND[.field]`,
// docs/reference.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/manifests/kinds.h"

namespace penstock::manifests {

struct FieldDoc {
  std::string name;                // "backendRefs"
  std::string type;                // "string", "[]HTTPBackendRef", "map[string]string", "IntOrString"
  std::string docs;                // the comment in the schema, one paragraph per line
  std::vector<std::string> rules;  // "required", "one of Exact, PathPrefix", "1 to 65535", "default: PathPrefix"
  std::string unsupported;         // not empty: refused, and why
  std::string example;             // as YAML, "" if there is none
  std::vector<FieldDoc>
      fields;  // of the message, or of the list's or map's items; empty below a message that contains itself
};

// The whole tree of a kind; the root's name is the kind, its type the apiVersion.
FieldDoc DescribeKind(const Kind& kind);

// What `penstock explain httproute.spec.rules.matches` prints. NotFound with the nearest name if kind or field are
// unknown.
absl::StatusOr<std::string> ExplainField(const KindTable& kinds, std::string_view dotted);

// The page docs/reference/PLURAL.md.
std::string ReferencePage(const Kind& kind);

}  // namespace penstock::manifests
