#include "controlplane/translator/backend_tls.h"

#include <algorithm>
#include <utility>

#include "api/manifests/v1/backend.pb.h"
#include "api/manifests/v1/core.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/secret_refs.h"
#include "controlplane/translator/tls_options.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using manifests::Cat;
using Fault = ResolvedSecret::Fault;

// The name of the port that a cluster stands for, "" if it has none.
std::string PortName(const ClusterId& id, Reader& reader) {
  const api::Service* service = reader.Get<api::Service>(id.Object());
  if (service == nullptr) return "";
  for (const api::ServicePort& port : service->spec().ports()) {
    bool tcp = port.protocol().empty() || port.protocol() == "TCP";
    if (tcp && static_cast<uint32_t>(port.port()) == id.port) return port.name();
  }
  return "";
}

void AddName(const api::BackendSubjectAltName& name, wire::UpstreamTls& tls) {
  wire::SubjectAltName& to = *tls.add_subject_alt_names();
  to.set_type(name.type() == "URI" ? wire::SubjectAltName::URI : wire::SubjectAltName::DNS);
  to.set_value(name.type() == "URI" ? name.uri() : name.hostname());
}

}  // namespace

BackendTlsSource SourceOf(const manifests::Object& object) {
  if (const auto* policy = object.As<api::BackendTLSPolicy>()) {
    return {object, "spec", policy->spec().validation(), policy->spec().options()};
  }
  const api::BackendTls& tls = object.As<api::Backend>()->spec().tls();
  return {object, "spec.tls", tls.validation(), tls.options()};
}

std::optional<BackendTlsSource> FindBackendTls(const ClusterId& id, Reader& reader) {
  if (!CanHaveTls(id.variant)) return std::nullopt;
  if (!id.service) {
    const Upsert* backend = reader.Object(id.Object());
    const api::Backend* message = backend == nullptr ? nullptr : backend->object->As<api::Backend>();
    if (message != nullptr && message->spec().has_tls()) return SourceOf(*backend->object);
  }
  const Upsert* policy = nullptr;
  if (id.service && !reader.BackendTlsPolicies(id.Object()).empty()) {
    std::string port = PortName(id, reader);
    if (!port.empty()) policy = OldestPolicyFor(id.Object(), port, reader);
  }
  if (policy == nullptr) policy = OldestPolicyFor(id.Object(), "", reader);
  if (policy == nullptr) return std::nullopt;
  return SourceOf(*policy->object);
}

bool HasTls(const ClusterId& id, Reader& reader) {
  if (FindBackendTls(id, reader).has_value()) return true;
  BackendShape shape = reader.Shape(id.Object());
  auto port = shape.protocols.find(id.port);
  return CanHaveTls(id.variant) && port != shape.protocols.end() && port->second.tls;
}

const Upsert* OldestPolicyFor(const ObjectKey& target, std::string_view section, Reader& reader) {
  for (const Upsert* upsert : reader.BackendTlsPolicies(target)) {
    const auto& refs = upsert->object->As<api::BackendTLSPolicy>()->spec().target_refs();
    bool names = std::any_of(refs.begin(), refs.end(), [&](const api::PolicyTargetReference& ref) {
      return ref.kind() == target.kind && ref.name() == target.name && ref.section_name() == section;
    });
    if (names) return upsert;
  }
  return nullptr;
}

ResolvedTls ResolveBackendTls(const BackendTlsSource& source, Reader& reader, FindingSink& findings) {
  ResolvedTls out;
  const api::BackendTLSPolicyValidation& validation = source.validation;
  out.tls.set_hostname(validation.hostname());
  out.tls.set_system_ca(validation.well_known_ca_certificates() == "System");
  out.tls.set_min_version(ReadMinVersion(source.options, source.path + ".options", findings));
  for (const api::BackendSubjectAltName& name : validation.subject_alt_names()) AddName(name, out.tls);
  Without without{.only_one = validation.ca_certificate_refs_size() == 1 && !out.tls.system_ca(),
                  .consequence = "nobody can be trusted to be the backend, and requests to it get 503 (no_endpoints)"};
  for (int i = 0; i < validation.ca_certificate_refs_size(); ++i) {
    std::string path = Cat(source.path, ".validation.caCertificateRefs[", i, "]");
    ResolvedSecret resolved = ResolveSecret(SecretRef(validation.ca_certificate_refs(i)), SecretId::Use::kAuthorities,
                                            path, source.object.key(), without, reader, findings);
    if (resolved.id.has_value()) out.secrets.push_back(resolved.id->ToString());
    if (resolved.fault == Fault::kNone) {
      out.tls.add_ca(out.secrets.back());
    } else if (out.refs.none()) {
      out.refs = {resolved.fault == Fault::kKind ? "InvalidKind" : "InvalidCACertificateRef", resolved.problem};
    }
  }
  // Nobody to trust must not come to mean that everybody is trusted.
  bool nobody = out.tls.ca().empty() && !out.tls.system_ca();
  if (nobody) out.accepted = {"NoValidCACertificate", out.refs.message};
  return out;
}

}  // namespace penstock::translator
