#include "controlplane/translator/secret_refs.h"

#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/grants.h"
#include "controlplane/translator/secret_contents.h"

namespace penstock::translator {
namespace {

using manifests::Cat;
using Fault = ResolvedSecret::Fault;

ResolvedSecret Faulty(Fault fault, std::string problem) {
  return {.fault = fault, .problem = std::move(problem), .id = std::nullopt};
}

}  // namespace

std::string Without::Text() const {
  return Cat(only_one ? "; without it " : "; if no other one is good, ", consequence);
}

ResolvedSecret ResolveSecret(const SecretRef& ref, SecretId::Use use, const std::string& path, const ObjectKey& from,
                             const Without& without, Reader& reader, FindingSink& findings) {
  bool authorities = use == SecretId::Use::kAuthorities;
  bool config_map = ref.kind == "ConfigMap" && authorities;
  if (!ref.group.empty() || (ref.kind != "Secret" && !config_map)) {
    std::string problem = Cat(authorities ? "the certificates of authorities" : "certificates",
                              " cannot come from kind ", ref.kind, ref.group.empty() ? "" : " of group ", ref.group);
    findings.Unresolved(path + ".kind", "E104", problem, authorities ? "name a ConfigMap or Secret" : "name a Secret");
    return Faulty(Fault::kKind, problem);
  }
  SecretId id{.use = use,
              .config_map = config_map,
              .ns = ref.ns.empty() ? from.ns : std::string(ref.ns),
              .name = std::string(ref.name)};
  ObjectKey key = id.Object();
  if (!IsPermitted(from, key, reader)) {
    std::string problem = NotPermittedText(from, key);
    findings.Unresolved(path + ".namespace", "E103", problem + without.Text(), "add a ReferenceGrant there");
    return Faulty(Fault::kNotPermitted, problem);
  }
  const Upsert* upsert = reader.Object(key);
  if (upsert == nullptr) {
    std::string problem = Cat(key.kind, " \"", key.name, "\" does not exist");
    if (key.ns != from.ns) manifests::Append(problem, " in namespace \"", key.ns, "\"");
    findings.Unresolved(path + ".name", "E101", problem + without.Text(),
                        reader.StepForMissing(key.name, key.ns, {key.kind}));
    return Faulty(Fault::kMissing, problem);
  }
  ResolvedSecret resolved;
  if (const std::optional<ContentFault>& fault = upsert->contents->Fault(use); fault.has_value()) {
    resolved = Faulty(Fault::kUnusable, Cat(key.kind, " \"", key.name, "\": ", fault->problem));
  }
  resolved.id = std::move(id);
  return resolved;
}

}  // namespace penstock::translator
