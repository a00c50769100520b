#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/tls/ca_bundle.h"
#include "dataplane/tls/key_pair.h"
#include "dataplane/tls/names.h"
#include "dataplane/tls/protocol.h"
#include "dataplane/tls/ticket_keys.h"

namespace penstock::tls {

// What clients must prove.
struct ClientRules {
  CaBundles ca;                       // at least one
  bool optional = false;              // served without identity if there is no certificate that verifies
  std::vector<SubjectAltName> names;  // one of them; none: every certificate that verifies
};

struct ServerOptions {
  std::string name;                                          // of the listener
  std::vector<std::shared_ptr<const KeyPair>> certificates;  // at least one
  Version min_version = Version::kTls12;
  std::vector<std::string> alpn;  // best first; empty: ALPN is ignored
  std::optional<ClientRules> clients;
  std::shared_ptr<TicketKeys> tickets;
};

// How the handshakes of one listener are answered. Immutable, made while a generation is prepared, shared by all
// workers; connections that were made by it keep it.
//
// Certificates: of those whose names fit the server name best, the first one whose key the client can verify; if none
// fits, the first one that it can verify; else the first one.
// ALPN: our first protocol that the client offers, too; if it offers only others the handshake fails (RFC 7301 3.2).
// Resumption: by tickets only. A ticket is good for this listener and these rules for clients and for nothing else, so
// that nobody gets in with a ticket of a listener that asks for less (CVE-2025-23419).
class ServerContext {
 public:
  static constexpr long kTicketSeconds = 2 * 3600;

  static StatusOr<std::shared_ptr<const ServerContext>> Make(ServerOptions options);
  ServerContext(const ServerContext&) = delete;

  // What stands for the rules for clients: differs if they do. "" if clients are not asked for a certificate.
  const std::string& client_policy() const { return client_policy_; }
  // Whom these rules take the client of SSL for, whose handshake was made by other rules: "" for nobody in particular.
  // nullopt: it must be asked anew, because what it showed does not do here, or because it was never asked.
  std::optional<std::string> IdentityOf(SSL* ssl) const;

  SSL_CTX* raw() const { return context_.get(); }

 private:
  explicit ServerContext(ServerOptions options) : options_(std::move(options)) {}

  Status UseCertificates();
  void AskClients();
  void BindSessions();
  const KeyPair& Pick(SSL* ssl) const;
  bool Verifies(SSL* ssl) const;

  static const ServerContext& Of(SSL* ssl);
  static int OnCertificate(SSL* ssl, void* self);
  static int OnServerName(SSL* ssl, int* alert, void* self);
  static int OnAlpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void* self);
  static int OnTicket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                      int seal);
  static int OnOpenedTicket(SSL* ssl, SSL_SESSION* session, const unsigned char* name, size_t name_size, int status,
                            void* self);

  const ServerOptions options_;
  std::string alpn_bytes_;
  std::string client_policy_;
  SslContextPtr context_;
};

}  // namespace penstock::tls
