#include "controlplane/management/listeners.h"

#include <utility>

#include "dataplane/snapshot/protocol.h"
#include "dataplane/tls/key_pair.h"
#include "dataplane/tls/names.h"
#include "dataplane/tls/validity.h"

namespace penstock::management {
namespace {

using snapshot::CompiledListener;
using v1::CertificateStatus;
using v1::ListenerStatus;
using v1::ListenerTls;

// Without names and end if the certificate cannot be read: then the generation is being refused, and says why.
void Describe(const snapshot::CompiledSecret& secret, CertificateStatus& status) {
  const auto pem = secret.data.find("tls.crt");
  if (pem == secret.data.end()) return;
  const StatusOr<tls::Certificates> chain = tls::ReadCertificates(pem->second, tls::KeyPair::kMaxChain);
  if (!chain.ok()) return;
  X509* const certificate = chain->front().get();
  if (const StatusOr<tls::Validity> validity = tls::ValidityOf(certificate); validity.ok()) {
    status.mutable_not_after()->set_seconds(validity->until.time_since_epoch().count());
  }
  const StatusOr<std::vector<tls::SubjectAltName>> names = tls::NamesOf(certificate);
  if (!names.ok()) return;
  for (const tls::SubjectAltName& name : *names) status.add_names(name.value);
}

void Describe(const snapshot::Snapshot& snapshot, const snapshot::ServerTls& tls, ListenerTls& status) {
  status.set_min_version(tls.min_version == snapshot::TlsVersion::kTls13 ? "1.3" : "1.2");
  for (const std::string& protocol : tls.alpn) status.add_alpn(protocol);
  if (tls.client.has_value()) status.set_clients(tls.client->optional ? "asked" : "required");
  for (const std::string& name : tls.certificates) {
    CertificateStatus& certificate = *status.add_certificates();
    certificate.set_secret(name);
    const snapshot::Shared<snapshot::CompiledSecret>* secret = snapshot.FindSecret(name);
    if (secret != nullptr) Describe(**secret, certificate);
  }
}

ListenerStatus StatusOf(const snapshot::Snapshot& snapshot, const CompiledListener& listener) {
  ListenerStatus status;
  status.set_name(listener.name);
  for (const std::string& address : listener.addresses) status.add_addresses(address);
  status.set_port(listener.port);
  status.set_protocol(std::string(NameOf(listener.protocol)));
  status.set_hostname(listener.hostname);
  if (listener.tls.has_value()) Describe(snapshot, *listener.tls, *status.mutable_tls());
  return status;
}

}  // namespace

void AddListeners(const std::map<std::string, rollout::SnapshotPtr>& snapshots, management::v1::FleetStatus& status) {
  std::map<std::pair<uint16_t, std::string>, ListenerStatus> sorted;
  for (const auto& [group, snapshot] : snapshots) {
    snapshot->ForEachListener([&](const snapshot::Shared<CompiledListener>& listener) {
      const auto [place, first] = sorted.try_emplace({listener->port, listener->name});
      if (first) place->second = StatusOf(*snapshot, *listener);
    });
  }
  for (auto& [place, listener] : sorted) *status.add_listeners() = std::move(listener);
}

}  // namespace penstock::management
