// A YAML tree -> the message of its kind, by reflection and the rules of api/manifests/v1/schema.proto.
#pragma once

#include <string>
#include <vector>

#include "controlplane/manifests/attachments.h"
#include "controlplane/manifests/finding_sink.h"
#include "controlplane/manifests/kinds.h"
#include "controlplane/manifests/object.h"
#include "controlplane/manifests/yaml_tree.h"

namespace penstock::manifests {

struct DecodeOptions {
  const KindTable* kinds;
  std::string default_namespace;
  Attachments* attachments;
};

// Decodes one document: an object, or a list of objects. What is wrong goes to `sink`; an object is appended if it can
// be identified, with has_errors() if it or its document has one.
void DecodeDocument(const Document& document, const DecodeOptions& options, FindingSink& sink,
                    std::vector<ObjectPtr>& objects);

}  // namespace penstock::manifests
