// A message as the tree that is written as JSON or YAML.
#pragma once

#include <string>
#include <vector>

#include "controlplane/manifests/export.h"
#include "google/protobuf/message.h"

namespace penstock::manifests {

struct ExportNode {
  enum Kind { kText, kLiteral, kList, kMapping };  // a literal is a number, true or false

  Kind kind = kMapping;
  std::string text;
  std::vector<std::string> keys;  // of a mapping, one for each child
  std::vector<ExportNode> children;
};

// Holds what was written and nothing that was not, so that reading it again gives the same message.
ExportNode MakeExportTree(const google::protobuf::Message& message, Secrets secrets);

}  // namespace penstock::manifests
