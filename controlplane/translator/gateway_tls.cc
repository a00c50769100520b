#include "controlplane/translator/gateway_tls.h"

#include <algorithm>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/listeners.h"
#include "controlplane/translator/secret_contents.h"
#include "controlplane/translator/secret_refs.h"
#include "controlplane/translator/values.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using manifests::Cat;
using Fault = ResolvedSecret::Fault;

std::string_view CertificateReason(Fault fault) {
  return fault == Fault::kNotPermitted ? "RefNotPermitted" : "InvalidCertificateRef";
}

std::string_view AuthoritiesReason(Fault fault) {
  if (fault == Fault::kNotPermitted) return "RefNotPermitted";
  return fault == Fault::kKind ? "InvalidCACertificateKind" : "InvalidCACertificateRef";
}

// The first trouble is the one that is told.
void Note(Trouble& trouble, std::string_view reason, const std::string& message) {
  if (trouble.none()) trouble = {std::string(reason), message};
}

}  // namespace

GatewayTls::GatewayTls(const ObjectKey& gateway, const api::GatewaySpec& spec, Reader& reader, OwnerFindings& findings)
    : gateway_(gateway), spec_(spec), reader_(reader), findings_(findings) {
  if (!spec.tls().has_frontend()) return;
  const api::FrontendTLSConfig& frontend = spec.tls().frontend();
  default_ = ReadFrontend(frontend.default_(), "spec.tls.frontend.default");
  for (int i = 0; i < frontend.per_port_size(); ++i) {
    per_port_.push_back(ReadFrontend(frontend.per_port(i).tls(), Cat("spec.tls.frontend.perPort[", i, "].tls")));
  }
}

GatewayTls::Frontend GatewayTls::ReadFrontend(const api::TLSConfig& config, std::string path) {
  Frontend frontend;
  frontend.path = std::move(path);
  if (!config.has_validation()) return frontend;
  frontend.validation = &config.validation();
  Without without{.only_one = config.validation().ca_certificate_refs_size() == 1,
                  .consequence = "no client can be trusted, and the HTTPS listeners that it is for are not served"};
  for (int i = 0; i < config.validation().ca_certificate_refs_size(); ++i) {
    std::string field = Cat(frontend.path, ".validation.caCertificateRefs[", i, "]");
    ResolvedSecret resolved =
        ResolveSecret(SecretRef(config.validation().ca_certificate_refs(i)), SecretId::Use::kAuthorities, field,
                      gateway_, without, reader_, findings_.gateway());
    if (resolved.fault == Fault::kNone) {
      frontend.authorities.push_back(resolved.id->ToString());
      continue;
    }
    Note(frontend.refs, AuthoritiesReason(resolved.fault), resolved.problem);
    if (resolved.id.has_value()) unusable_.push_back(resolved.id->ToString());
  }
  // Nobody to trust must not come to mean that everybody is trusted.
  if (frontend.authorities.empty()) frontend.accepted = {"NoValidCACertificate", frontend.refs.message};
  return frontend;
}

void GatewayTls::Apply(const api::Listener& spec, ListenerOutput& listener) {
  if (!listener.tls.has_value()) return;
  Without without{.only_one = spec.tls().certificate_refs_size() == 1, .consequence = "the listener is not served"};
  for (int i = 0; i < spec.tls().certificate_refs_size(); ++i) {
    std::string field = Cat(listener.path, ".tls.certificateRefs[", i, "]");
    ResolvedSecret resolved = ResolveSecret(SecretRef(spec.tls().certificate_refs(i)), SecretId::Use::kCertificate,
                                            field, listener.owner, without, reader_, findings_.Of(listener));
    if (resolved.fault == Fault::kNone) {
      AddOnce(resolved.id->ToString(), *listener.tls->mutable_certificates());
      continue;
    }
    Note(listener.refs, CertificateReason(resolved.fault), resolved.problem);
    if (resolved.id.has_value()) unusable_.push_back(resolved.id->ToString());
  }
  if (listener.tls->certificates().empty()) listener.served = false;
  CheckNames(listener);
  const Frontend* frontend = listener.protocol == "HTTPS" ? FrontendOf(listener.port) : nullptr;
  if (frontend != nullptr) AskClients(*frontend, listener);
}

void GatewayTls::CheckNames(const ListenerOutput& listener) {
  const auto& certificates = listener.tls->certificates();
  bool precise = !listener.hostname.empty() && !listener.hostname.starts_with('*');
  if (!precise || certificates.empty()) return;
  bool fits = std::any_of(certificates.begin(), certificates.end(), [&](const std::string& secret) {
    return reader_.Object(SecretId::Parse(secret).Object())->contents->IsFor(listener.hostname);
  });
  if (fits) return;
  findings_.Of(listener).Warning(listener.path + ".tls.certificateRefs", "W214",
                                 Cat("no certificate here is for ", listener.hostname),
                                 "name a Secret whose certificate has this name");
}

const GatewayTls::Frontend* GatewayTls::FrontendOf(uint32_t port) const {
  const auto& ports = spec_.tls().frontend().per_port();
  auto found = std::find_if(ports.begin(), ports.end(), [&](const api::TLSPortConfig& config) {
    return static_cast<uint32_t>(config.port()) == port;
  });
  const Frontend& frontend = found == ports.end() ? default_ : per_port_[static_cast<size_t>(found - ports.begin())];
  return frontend.validation == nullptr ? nullptr : &frontend;
}

void GatewayTls::AskClients(const Frontend& frontend, ListenerOutput& listener) {
  wire::ClientValidation& client = *listener.tls->mutable_client();
  for (const std::string& secret : frontend.authorities) AddOnce(secret, *client.mutable_ca());
  client.set_optional(frontend.validation->mode() == "AllowInsecureFallback");
  if (!frontend.refs.none()) Note(listener.refs, frontend.refs.reason, frontend.refs.message);
  if (!frontend.accepted.none()) Refuse(listener, frontend.accepted.reason, frontend.accepted.message);
}

void GatewayTls::ReadBackend(GatewayOutput& output) {
  if (!spec_.tls().backend().has_client_certificate_ref()) return;
  Without without{.consequence = "no certificate is shown to backends"};
  ResolvedSecret resolved =
      ResolveSecret(SecretRef(spec_.tls().backend().client_certificate_ref()), SecretId::Use::kCertificate,
                    "spec.tls.backend.clientCertificateRef", gateway_, without, reader_, findings_.gateway());
  if (resolved.fault == Fault::kNone) {
    output.client_certificate = resolved.id->ToString();
    return;
  }
  std::string_view reason = resolved.fault == Fault::kNotPermitted ? "RefNotPermitted" : "InvalidClientCertificateRef";
  output.refs = {std::string(reason), resolved.problem};
  if (resolved.id.has_value()) unusable_.push_back(resolved.id->ToString());
}

void GatewayTls::Finish(GatewayOutput& output) {
  ReadBackend(output);
  const auto& ports = spec_.tls().frontend().per_port();
  for (int i = 0; i < ports.size(); ++i) {
    bool used = std::any_of(output.listeners.begin(), output.listeners.end(), [&](const ListenerOutput& listener) {
      return listener.protocol == "HTTPS" && listener.port == static_cast<uint32_t>(ports[i].port());
    });
    if (used) continue;
    findings_.gateway().Warning(
        Cat("spec.tls.frontend.perPort[", i, "].port"), "W209",
        Cat("no HTTPS listener is on port ", ports[i].port(), ", so nobody is asked for a certificate"),
        "name the port of an HTTPS listener");
  }
  for (const ListenerOutput& listener : output.listeners) {
    bool insecure = AsksClients(listener) && listener.tls->client().optional();
    output.insecure_clients = output.insecure_clients || insecure;
    if (!listener.tls.has_value() || listener.protocol == "HTTPS" || FrontendOf(listener.port) == nullptr) continue;
    findings_.Of(listener).Warning(
        listener.path + ".protocol", "W209",
        "spec.tls.frontend is about HTTPS: clients of this TLS listener are not asked for a certificate",
        "use protocol HTTPS, or let the backend ask for it with mode Passthrough");
  }
  for (std::string& secret : unusable_) output.secrets.emplace_back(std::move(secret), NamespacedName(gateway_));
}

void AddListenerSecrets(const ObjectKey& gateway, GatewayOutput& output) {
  auto add = [&](const std::string& secret) { output.secrets.emplace_back(secret, NamespacedName(gateway)); };
  for (const ListenerOutput& listener : output.listeners) {
    if (!listener.served || !listener.tls.has_value()) continue;
    std::for_each(listener.tls->certificates().begin(), listener.tls->certificates().end(), add);
    std::for_each(listener.tls->client().ca().begin(), listener.tls->client().ca().end(), add);
  }
  MakeUnique(output.secrets);
}

}  // namespace penstock::translator
