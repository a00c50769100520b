#include "controlplane/translator/grants.h"

#include <algorithm>

#include "api/manifests/v1/referencegrant.pb.h"
#include "controlplane/manifests/text.h"

namespace penstock::translator {
namespace {

bool Permits(const api::ReferenceGrantSpec& grant, const ObjectKey& from, const ObjectKey& to) {
  bool who = std::any_of(grant.from().begin(), grant.from().end(), [&](const api::ReferenceGrantFrom& f) {
    return f.group() == from.group && f.kind() == from.kind && f.namespace_() == from.ns;
  });
  return who && std::any_of(grant.to().begin(), grant.to().end(), [&](const api::ReferenceGrantTo& t) {
           return t.group() == to.group && t.kind() == to.kind && (t.name().empty() || t.name() == to.name);
         });
}

}  // namespace

bool IsPermitted(const ObjectKey& from, const ObjectKey& to, Reader& reader) {
  if (from.ns == to.ns) return true;
  std::vector<const Upsert*> grants = reader.Grants(to.ns);
  return std::any_of(grants.begin(), grants.end(), [&](const Upsert* grant) {
    return Permits(grant->object->As<api::ReferenceGrant>()->spec(), from, to);
  });
}

std::string NotPermittedText(const ObjectKey& from, const ObjectKey& to) {
  std::string kinds =
      from.kind.ends_with("Policy") ? from.kind.substr(0, from.kind.size() - 1) + "ies" : from.kind + "s";
  return manifests::Cat("no ReferenceGrant in namespace \"", to.ns, "\" lets ", kinds, " of \"", from.ns,
                        "\" refer to ", to.kind, " \"", to.name, "\"");
}

}  // namespace penstock::translator
