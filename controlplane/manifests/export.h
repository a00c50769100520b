// Objects back into text. Field order is that of the kind's message (apiVersion, kind, metadata, spec, ...), map keys
// are sorted, so that equal objects give equal text, and Parse(ToYaml(x)) == x == Parse(ToJson(x)).
#pragma once

#include <span>
#include <string>

#include "controlplane/manifests/object.h"
#include "google/protobuf/message.h"

namespace penstock::manifests {

enum class Secrets {
  kRedacted,
  kShown
};  // redacted: fields marked secret are written as kSecretMask, which Parse refuses

// One line, no newline at the end.
std::string ToJson(const Object& object, Secrets secrets = Secrets::kRedacted);
// The same of any message of these kinds' schema, such as a status.
std::string ToJson(const google::protobuf::Message& message);
// Indented by two spaces, newline at the end.
std::string ToPrettyJson(const Object& object, Secrets secrets = Secrets::kRedacted);
// One document without a leading "---".
std::string ToYaml(const Object& object, Secrets secrets = Secrets::kRedacted);
// Several documents, separated by "---".
std::string ToYaml(std::span<const ObjectPtr> objects, Secrets secrets = Secrets::kRedacted);

}  // namespace penstock::manifests
