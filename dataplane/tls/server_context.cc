#include "dataplane/tls/server_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>

#include "dataplane/tls/tls_stream.h"
#include "dataplane/tls/verify.h"

namespace penstock::tls {
namespace {

using Fit = KeyPair::Fit;

std::string ServerNameOf(SSL* ssl) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : LowerCase(name);
}

bool SharesScheme(SSL* ssl, const std::vector<uint16_t>& schemes) {
  int count = SSL_get_shared_sigalgs(ssl, 0, nullptr, nullptr, nullptr, nullptr, nullptr);
  for (int i = 0; i < count; ++i) {
    unsigned char low = 0;
    unsigned char high = 0;
    SSL_get_shared_sigalgs(ssl, i, nullptr, nullptr, nullptr, &low, &high);
    uint16_t scheme = static_cast<uint16_t>(high << 8 | low);
    if (std::find(schemes.begin(), schemes.end(), scheme) != schemes.end()) return true;
  }
  return false;
}

// TLS 1.2 names the kind of key in the cipher suite, too.
bool OffersSuite(SSL* ssl, bool rsa) {
  STACK_OF(SSL_CIPHER)* offered = SSL_get_client_ciphers(ssl);
  for (int i = 0; i < sk_SSL_CIPHER_num(offered); ++i) {
    const SSL_CIPHER* suite = sk_SSL_CIPHER_value(offered, i);
    bool ours = SSL_CIPHER_get_kx_nid(suite) == NID_kx_ecdhe && SSL_CIPHER_is_aead(suite) == 1;
    if (ours && SSL_CIPHER_get_auth_nid(suite) == (rsa ? NID_auth_rsa : NID_auth_ecdsa)) return true;
  }
  return false;
}

bool CanVerify(SSL* ssl, const KeyPair& pair) {
  bool tls13 = SSL_version(ssl) >= TLS1_3_VERSION;
  return SharesScheme(ssl, pair.schemes(tls13)) && (tls13 || OffersSuite(ssl, pair.rsa()));
}

std::string PolicyOf(const ClientRules& rules) {
  Fingerprint fingerprint;
  fingerprint.Add(rules.optional ? "optional" : "required");
  for (const std::shared_ptr<const CaBundle>& bundle : rules.ca) fingerprint.Add(bundle->fingerprint());
  for (const SubjectAltName& name : rules.names) {
    fingerprint.Add(std::string(1, static_cast<char>(name.type))).Add(name.value);
  }
  return fingerprint.Take();
}

int OnClientChain(X509_STORE_CTX* store, void* rules) {
  const auto& clients = *static_cast<const ClientRules*>(rules);
  // A client that need not show anything goes on, and OpenSSL keeps the reason as the session's verify result.
  return VerifyPeer(store, clients.names) || clients.optional ? 1 : 0;
}

}  // namespace

StatusOr<std::shared_ptr<const ServerContext>> ServerContext::Make(ServerOptions options) {
  PENSTOCK_CHECK(!options.certificates.empty() && options.tickets != nullptr, "a server has a certificate and keys");
  std::shared_ptr<ServerContext> made(new ServerContext(std::move(options)));
  ASSIGN_OR_RETURN(made->context_, MakeContext(Side::kServer, made->options_.min_version));
  SSL_CTX* raw = made->context_.get();
  SSL_CTX_set_app_data(raw, made.get());
  RETURN_IF_ERROR(made->UseCertificates());
  SSL_CTX_set_tlsext_servername_callback(raw, OnServerName);
  made->alpn_bytes_ = AlpnBytes(made->options_.alpn);
  if (!made->alpn_bytes_.empty()) SSL_CTX_set_alpn_select_cb(raw, OnAlpn, made.get());
  if (made->options_.clients.has_value()) made->AskClients();
  made->BindSessions();
  return made;
}

Status ServerContext::UseCertificates() {
  // Each is tried, so that none is refused in the middle of a handshake. The last one stays: the first.
  for (size_t i = options_.certificates.size(); i-- > 0;) {
    Status status = options_.certificates[i]->UseIn(context_.get());
    RETURN_IF_ERROR(status) << "certificates[" << i << "]";
  }
  if (options_.certificates.size() > 1) SSL_CTX_set_cert_cb(context_.get(), OnCertificate, this);
  return absl::OkStatus();
}

void ServerContext::AskClients() {
  const ClientRules& clients = *options_.clients;
  client_policy_ = PolicyOf(clients);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | (clients.optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT),
                     nullptr);
  SSL_CTX_set_cert_verify_callback(context_.get(), OnClientChain, const_cast<ClientRules*>(&clients));
  SSL_CTX_set_cert_store(context_.get(), MakeStore(clients.ca).release());
  for (const std::shared_ptr<const CaBundle>& bundle : clients.ca) {
    for (const CertificatePtr& certificate : bundle->certificates()) {
      SSL_CTX_add_client_CA(context_.get(), certificate.get());
    }
  }
}

void ServerContext::BindSessions() {
  SSL_CTX* raw = context_.get();
  std::string id =
      Fingerprint().Add(options_.name).Add(client_policy_).Add(StrCat(static_cast<int>(options_.min_version))).Take();
  SSL_CTX_set_session_id_context(raw, reinterpret_cast<const unsigned char*>(id.data()),
                                 static_cast<unsigned int>(id.size()));
  SSL_CTX_set_timeout(raw, kTicketSeconds);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(raw, OnTicket);
  SSL_CTX_set_session_ticket_cb(raw, nullptr, OnOpenedTicket, nullptr);
}

std::optional<std::string> ServerContext::IdentityOf(SSL* ssl) const {
  if (!options_.clients.has_value()) return "";
  if (Verifies(ssl)) return tls::IdentityOf(SSL_get0_peer_certificate(ssl));
  bool asked = (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0;
  if (asked && options_.clients->optional) return "";
  return std::nullopt;
}

// As OpenSSL does it in a handshake. After a resumption the client's issuers are not there any more, and what needs
// them does not verify.
bool ServerContext::Verifies(SSL* ssl) const {
  X509* shown = SSL_get0_peer_certificate(ssl);
  if (shown == nullptr) return false;
  StoreContextPtr store(X509_STORE_CTX_new());
  bool ready = X509_STORE_CTX_init(store.get(), SSL_CTX_get_cert_store(context_.get()), shown,
                                   SSL_get_peer_cert_chain(ssl)) == 1;
  if (!ready) return false;
  X509_STORE_CTX_set_default(store.get(), "ssl_client");
  X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(store.get()), SSL_get_security_level(ssl));
  bool verified = VerifyPeer(store.get(), options_.clients->names);
  ERR_clear_error();
  return verified;
}

const ServerContext& ServerContext::Of(SSL* ssl) {
  return *static_cast<const ServerContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

int ServerContext::OnCertificate(SSL* ssl, void* self) {
  return static_cast<const ServerContext*>(self)->Pick(ssl).UseIn(ssl) ? 1 : 0;
}

const KeyPair& ServerContext::Pick(SSL* ssl) const {
  std::string name = ServerNameOf(ssl);
  for (Fit fit : {Fit::kExact, Fit::kWildcard, Fit::kNone}) {
    for (const std::shared_ptr<const KeyPair>& pair : options_.certificates) {
      if (pair->FitTo(name) == fit && CanVerify(ssl, *pair)) return *pair;
    }
  }
  return *options_.certificates.front();
}

// Also called for the second hello of a retry: it must not name another server than the first one, by which the context
// was chosen (RFC 8446 4.1.2).
int ServerContext::OnServerName(SSL* ssl, int* alert, void*) {
  if (TlsStream::Of(ssl).Expects(ServerNameOf(ssl))) return SSL_TLSEXT_ERR_OK;
  *alert = SSL_AD_ILLEGAL_PARAMETER;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int ServerContext::OnAlpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                          unsigned int offered_size, void* self) {
  const std::string& ours = static_cast<const ServerContext*>(self)->alpn_bytes_;
  unsigned char* chosen = nullptr;
  int result = SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                                     static_cast<unsigned int>(ours.size()), offered, offered_size);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int ServerContext::OnTicket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                            int seal) {
  constexpr int kGoOn = 1;
  constexpr int kRenew = 2;
  int result = Of(ssl).options_.tickets->Prepare(name, iv, cipher, mac, seal == 1);
  // A ticket of TLS 1.3 is used once: who shows one needs the next one.
  bool renew = seal == 0 && result == kGoOn && SSL_version(ssl) >= TLS1_3_VERSION;
  return renew ? kRenew : result;
}

// A session is not verified again: it must still mean what it meant. If it does not, a full handshake follows.
int ServerContext::OnOpenedTicket(SSL* ssl, SSL_SESSION* session, const unsigned char*, size_t, int status, void*) {
  if (status == SSL_TICKET_EMPTY || status == SSL_TICKET_NO_DECRYPT) return SSL_TICKET_RETURN_IGNORE_RENEW;
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) return SSL_TICKET_RETURN_ABORT;
  // RFC 6066 3: not for another server name.
  const char* name = SSL_SESSION_get0_hostname(session);
  if (!TlsStream::Of(ssl).Expects(name == nullptr ? "" : LowerCase(name))) return SSL_TICKET_RETURN_IGNORE_RENEW;
  X509* client = SSL_SESSION_get0_peer(session);
  if (client != nullptr && !WithinDates(client)) return SSL_TICKET_RETURN_IGNORE_RENEW;
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

}  // namespace penstock::tls
