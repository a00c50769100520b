#include "controlplane/translator/external_auth.h"

#include <map>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/backend_refs.h"
#include "controlplane/translator/values.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using google::protobuf::Duration;
using manifests::Cat;

constexpr int64_t kLongestKeptSeconds = 3600;

bool IsGrpc(const api::ExternalAuthorization& external) { return external.protocol() == "GRPC"; }
Speech SpeechOf(const api::ExternalAuthorization& external) {
  return IsGrpc(external) ? Speech::kGrpc : Speech::kOfReferrer;
}

// In the order of their keys: equal maps are equal bytes.
void AddContext(const api::ExternalAuthorization& external, wire::ExternalAuth& out) {
  std::map<std::string, std::string> sorted(external.context_extensions().begin(), external.context_extensions().end());
  for (const auto& [key, value] : sorted) {
    wire::ContextExtension& to = *out.add_context_extensions();
    to.set_key(key);
    to.set_value(value);
  }
}

// Answers are kept by all that the service is told.
void CheckKeeping(const api::ExternalAuthorization& external, FindingSink& findings) {
  std::optional<Duration> keep = ParseDuration(external.cache_duration());
  if (!keep.has_value() || IsZero(*keep)) return;
  Duration longest;
  longest.set_seconds(kLongestKeptSeconds);
  if (longest < *keep) findings.Error("spec.external.cacheDuration", "E121", "an answer is kept for at most 1h");
  if (external.headers_to_service().empty()) {
    findings.Error("spec.external.headersToService", "E121",
                   "answers are kept by the fields that the service gets, and with all of them none is used again",
                   "name those that it decides by, for example [authorization]");
  }
  for (int i = 0; i < external.headers_to_service_size(); ++i) {
    std::string name = Lower(external.headers_to_service(i));
    if (name != "x-request-id" && name != "traceparent") continue;
    findings.Error(Cat("spec.external.headersToService[", i, "]"), "E121",
                   Cat("no two requests have the same ", name, ", so that no answer would be used again"),
                   "remove it, or remove cacheDuration");
  }
}

}  // namespace

wire::ExternalAuth ExternalAuthOf(const api::ExternalAuthorization& external, const ObjectKey& policy, Reader& reader,
                                  std::vector<std::string>& clusters) {
  wire::ExternalAuth out;
  const Upsert* upsert = reader.Object(policy);
  if (upsert != nullptr) {
    FindingSink told_there(*upsert->object, true);
    Speech speech = SpeechOf(external);
    ResolvedBackend backend = ResolveBackend(external.backend_ref(), "", policy, reader, told_there, speech);
    out.set_cluster(std::move(backend.cluster));
    out.set_unresolved(std::move(backend.problem));
  }
  if (!out.cluster().empty()) clusters.push_back(out.cluster());
  if (IsGrpc(external)) out.set_protocol(wire::ExternalAuth::GRPC);
  out.set_path(external.path());
  WithDuration(external.timeout(), [&](const Duration& d) { *out.mutable_timeout() = d; });
  out.set_fail_open(external.on_failure() == "Open");
  for (const std::string& name : external.headers_to_service()) out.add_request_headers(Lower(name));
  for (const std::string& name : external.headers_to_backend()) out.add_backend_headers(Lower(name));
  AddContext(external, out);
  WithDuration(external.cache_duration(), [&](const Duration& d) {
    if (!IsZero(d)) *out.mutable_cache_ttl() = d;
  });
  return out;
}

void CheckExternalAuth(const api::ExternalAuthorization& external, const ObjectKey& policy, Reader& reader,
                       FindingSink& findings) {
  ResolveBackend(external.backend_ref(), "spec.external.backendRef", policy, reader, findings, SpeechOf(external));
  if (IsGrpc(external) && !external.path().empty())
    findings.Error("spec.external.path", "E121", "a call of gRPC has a path of its own", "remove it");
  if (!IsGrpc(external) && !external.context_extensions().empty()) {
    findings.Error("spec.external.contextExtensions", "E121", "only services of gRPC are told them",
                   "add protocol: GRPC, or remove them");
  }
  CheckKeeping(external, findings);
}

}  // namespace penstock::translator
