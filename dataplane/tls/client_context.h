#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

#include "dataplane/tls/ca_bundle.h"
#include "dataplane/tls/key_pair.h"
#include "dataplane/tls/names.h"
#include "dataplane/tls/protocol.h"

namespace penstock::tls {

struct ClientOptions {
  std::string hostname;               // server name (unless it is an address), and what the certificate must be for
  CaBundles ca;                       // at least one
  std::vector<SubjectAltName> names;  // one of them must be in the certificate, instead of `hostname`
  std::shared_ptr<const KeyPair> certificate;  // null: none is shown
  Version min_version = Version::kTls12;
  std::vector<std::string> alpn;  // best first; empty: nothing is offered
};

// How this proxy begins handshakes with one cluster. The server's certificate is always verified. Immutable, made while
// a generation is prepared, shared by all workers; connections that were made by it keep it.
class ClientContext {
 public:
  static StatusOr<std::shared_ptr<const ClientContext>> Make(ClientOptions options);
  ClientContext(const ClientContext&) = delete;

  const std::string& hostname() const { return options_.hostname; }
  // What stands for all that a session proves: only one of an equal policy may be resumed.
  const std::string& policy() const { return policy_; }

  SSL_CTX* raw() const { return context_.get(); }

 private:
  explicit ClientContext(ClientOptions options) : options_(std::move(options)) {}

  Status NameServer();
  void BindSessions();

  const ClientOptions options_;
  std::string policy_;
  SslContextPtr context_;
};

// Sessions that connections to one server may resume: those that came last. One thread; outlives the streams that it
// was given to.
class ClientSessions {
 public:
  static constexpr size_t kKept = 4;

  // The newest one of CONTEXT's policy, which is then gone; null if there is none. Those of other policies are dropped.
  SessionPtr Take(const ClientContext& context);
  void Put(const ClientContext& context, SessionPtr session);

 private:
  std::string policy_;
  std::vector<SessionPtr> sessions_;  // oldest first
};

}  // namespace penstock::tls
