#include "controlplane/translator/why.h"

#include <algorithm>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/access.h"
#include "controlplane/translator/backend_tls.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/keys.h"
#include "controlplane/translator/policy_fields.h"
#include "controlplane/translator/reader.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

std::string WhyNotServed(const GatewayOutput& gateway, const ListenerOutput& listener) {
  for (const Trouble* trouble : {&listener.accepted, &listener.conflict, &listener.refs}) {
    if (!trouble->none()) return trouble->message;
  }
  return gateway.accepted ? "it has errors" : gateway.message;
}

// What asks for a proof, if nothing else says it: the field that is there.
constexpr std::string_view kAsksForProof[] = {"spec.require", "spec.jwt", "spec.apiKey", "spec.clientCertificate"};

std::string_view FieldOf(std::string_view type, const manifests::SourceMap& source) {
  if (type != "authentication") return FieldOfPolicy(type);
  const auto* found = std::find_if(std::begin(kAsksForProof), std::end(kAsksForProof),
                                   [&](std::string_view field) { return source.Has(field); });
  return found == std::end(kAsksForProof) ? FieldOfPolicy(type) : *found;
}

}  // namespace

std::string WhereWritten(const StatePtr& state, std::string_view type, std::string_view origin) {
  const manifests::ObjectPtr object = FindObject(state, OriginKey(origin)).object;
  if (object == nullptr || object->source().file().empty()) return "";
  const manifests::SourceMap& source = object->source();
  const uint32_t line = source.Find(FieldOf(type, source)).line;
  return line == 0 ? std::string(source.file()) : Cat(source.file(), ":", line);
}

std::vector<std::string> UnservedListeners(const StatePtr& state, uint32_t port) {
  std::vector<std::string> unserved;
  if (state == nullptr) return unserved;
  state->gateways.ForEach([&](const ObjectKey&, const std::shared_ptr<const GatewayOutput>& gateway) {
    if (!gateway->ours) return;
    for (const ListenerOutput& listener : gateway->listeners) {
      if (listener.port != port || listener.served) continue;
      unserved.push_back(Cat(listener.ResourceName(), " is not served: ", WhyNotServed(*gateway, listener)));
    }
  });
  std::sort(unserved.begin(), unserved.end());
  return unserved;
}

std::string WhyNobodyIsTrusted(const StatePtr& state, std::string_view cluster) {
  if (state == nullptr) return "";
  Reader reader(*state, /*allow_unresolved=*/true);
  ClusterId id = ClusterId::Parse(cluster);
  if (reader.Object(id.Object()) == nullptr || !HasTls(id, reader)) return "";
  std::optional<BackendTlsSource> source = FindBackendTls(id, reader);
  if (!source.has_value()) return "no BackendTLSPolicy says whose certificates are good";
  FindingSink told_elsewhere(source->object, /*allow_unresolved=*/true);
  return ResolveBackendTls(*source, reader, told_elsewhere).accepted.message;
}

}  // namespace penstock::translator
