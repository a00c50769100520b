// TLS on the way to backends: which policy says what about a cluster.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/manifests/v1/backendtlspolicy.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/keys.h"
#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"
#include "proto/penstock/xds/v1/cluster.pb.h"

namespace penstock::translator {

// What somebody wrote, and where: a BackendTLSPolicy, or a Backend's own spec.tls. Lives as long as the object.
struct BackendTlsSource {
  const manifests::Object& object;
  std::string path;  // "spec" or "spec.tls"; `validation` and `options` are below it
  const api::BackendTLSPolicyValidation& validation;
  const google::protobuf::Map<std::string, std::string>& options;
};

// REQUIRES: the object is a BackendTLSPolicy, or a Backend with spec.tls.
BackendTlsSource SourceOf(const manifests::Object& object);

// What counts for a cluster; nullopt: cleartext.
std::optional<BackendTlsSource> FindBackendTls(const ClusterId& id, Reader& reader);

// Does a Backend or Service have TLS on a port? A BackendTLSPolicy says so, or it itself.
bool HasTls(const ClusterId& id, Reader& reader);

// The policy that counts for (target, section) is the oldest that names exactly them; nullptr if there is none.
const Upsert* OldestPolicyFor(const ObjectKey& target, std::string_view section, Reader& reader);

struct ResolvedTls {
  penstock::xds::v1::UpstreamTls tls;  // good if `accepted`
  std::vector<std::string> secrets;    // that it needs, or that cannot be used
  Trouble refs;                        // a reference that leads nowhere
  Trouble accepted;                    // nobody is left to trust, or a value makes no sense
};
ResolvedTls ResolveBackendTls(const BackendTlsSource& source, Reader& reader, FindingSink& findings);

}  // namespace penstock::translator
