// References to the Secrets and ConfigMaps that hold certificates.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/manifests/v1/meta.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"

namespace penstock::translator {

// A reference as it is written; views into it.
struct SecretRef {
  std::string_view group;
  std::string_view kind;
  std::string_view ns;  // "" that of who refers
  std::string_view name;

  explicit SecretRef(const api::SecretObjectReference& ref)
      : group(ref.group()), kind(ref.kind()), ns(ref.namespace_()), name(ref.name()) {
    if (kind.empty()) kind = "Secret";
  }
  explicit SecretRef(const api::ObjectReference& ref)
      : group(ref.group()), kind(ref.kind()), ns(ref.namespace_()), name(ref.name()) {}
  explicit SecretRef(const api::LocalObjectReference& ref) : group(ref.group()), kind(ref.kind()), name(ref.name()) {}
};

struct ResolvedSecret {
  enum class Fault { kNone, kKind, kNotPermitted, kMissing, kUnusable };
  Fault fault = Fault::kNone;
  std::string problem;
  std::optional<SecretId> id;  // also of what is there but cannot be used
};

// What becomes of the traffic if a reference leads nowhere.
struct Without {
  bool only_one = true;          // there is no other reference that would do
  std::string_view consequence;  // "the listener is not served"

  std::string Text() const;
};

// Findings are made for references that lead nowhere (`path` is the reference's field); of an object that is not there
// or not permitted they say what becomes of the traffic WITHOUT it. What is wrong with the contents is told by the
// Secret's own unit.
ResolvedSecret ResolveSecret(const SecretRef& ref, SecretId::Use use, const std::string& path, const ObjectKey& from,
                             const Without& without, Reader& reader, FindingSink& findings);

}  // namespace penstock::translator
