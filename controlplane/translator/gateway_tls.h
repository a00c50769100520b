// Certificates of a Gateway: those that its listeners show, and those that they ask for.
#pragma once

#include <string>
#include <vector>

#include "api/manifests/v1/gateway.pb.h"
#include "controlplane/translator/owner_findings.h"
#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// One run over one Gateway: made once, applied to each listener, finished.
class GatewayTls {
 public:
  // Resolves what spec.tls says for all listeners.
  GatewayTls(const ObjectKey& gateway, const api::GatewaySpec& spec, Reader& reader, OwnerFindings& findings);

  // Fills in listener.tls and what is wrong with it.
  void Apply(const api::Listener& spec, ListenerOutput& listener);

  // Reads what is shown to backends. Tells of ports that have no HTTPS listener, and of listeners that spec.tls does
  // not concern.
  void Finish(GatewayOutput& output);

 private:
  // What listeners of some ports ask of their clients.
  struct Frontend {
    std::string path;
    const api::FrontendTLSValidation* validation = nullptr;  // nullptr: nothing
    std::vector<std::string> authorities;                    // Secrets
    Trouble refs;
    Trouble accepted;
  };

  void ReadBackend(GatewayOutput& output);
  Frontend ReadFrontend(const api::TLSConfig& config, std::string path);
  const Frontend* FrontendOf(uint32_t port) const;  // nullptr: nobody is asked for a certificate
  void AskClients(const Frontend& frontend, ListenerOutput& listener);
  // Clients compare names, whatever is shown.
  void CheckNames(const ListenerOutput& listener);

  const ObjectKey& gateway_;
  const api::GatewaySpec& spec_;
  Reader& reader_;
  OwnerFindings& findings_;
  Frontend default_;
  std::vector<Frontend> per_port_;     // as in the spec
  std::vector<std::string> unusable_;  // Secrets that exist; their units tell what is wrong
};

// The Secrets that the served listeners need.
void AddListenerSecrets(const ObjectKey& gateway, GatewayOutput& output);

}  // namespace penstock::translator
