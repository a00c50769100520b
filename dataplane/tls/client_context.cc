#include "dataplane/tls/client_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "dataplane/base/ip_address.h"
#include "dataplane/tls/tls_stream.h"
#include "dataplane/tls/verify.h"

namespace penstock::tls {
namespace {

int OnServerChain(X509_STORE_CTX* store, void* options) {
  return VerifyPeer(store, static_cast<const ClientOptions*>(options)->names) ? 1 : 0;
}

// Takes the session over: 1.
int OnSession(SSL* ssl, SSL_SESSION* session) {
  TlsStream::Of(ssl).OnSession(SessionPtr(session));
  return 1;
}

std::string PolicyOf(const ClientOptions& options) {
  Fingerprint fingerprint;
  fingerprint.Add(options.hostname).Add(StrCat(static_cast<int>(options.min_version)));
  fingerprint.Add(StrCat(options.ca.size()));
  for (const std::shared_ptr<const CaBundle>& bundle : options.ca) fingerprint.Add(bundle->fingerprint());
  for (const SubjectAltName& name : options.names) {
    fingerprint.Add(std::string(1, static_cast<char>(name.type))).Add(name.value);
  }
  // Who we are is a part of a session, too.
  fingerprint.Add(options.certificate == nullptr ? "" : options.certificate->fingerprint());
  return fingerprint.Take();
}

}  // namespace

StatusOr<std::shared_ptr<const ClientContext>> ClientContext::Make(ClientOptions options) {
  // Nobody to trust must not come to mean that everybody is trusted.
  PENSTOCK_CHECK(!options.ca.empty(), "somebody may issue the server's certificate");
  std::shared_ptr<ClientContext> made(new ClientContext(std::move(options)));
  const ClientOptions& mine = made->options_;
  ASSIGN_OR_RETURN(made->context_, MakeContext(Side::kClient, mine.min_version));
  SSL_CTX* raw = made->context_.get();
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(raw, OnServerChain, const_cast<ClientOptions*>(&mine));
  SSL_CTX_set_cert_store(raw, MakeStore(mine.ca).release());
  RETURN_IF_ERROR(made->NameServer());
  if (mine.certificate != nullptr) RETURN_IF_ERROR(mine.certificate->UseIn(raw)) << "client certificate";
  std::string alpn = AlpnBytes(mine.alpn);
  // 0 is success here.
  bool offered = alpn.empty() || SSL_CTX_set_alpn_protos(raw, reinterpret_cast<const unsigned char*>(alpn.data()),
                                                         static_cast<unsigned int>(alpn.size())) == 0;
  if (!offered) return absl::InternalError(TakeOpensslError());
  made->BindSessions();
  return made;
}

// What the certificate must be for.
Status ClientContext::NameServer() {
  if (!options_.names.empty()) return absl::OkStatus();
  if (options_.hostname.empty()) return absl::InvalidArgumentError("there is no name to verify the server by");
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(context_.get());
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  bool address = IpAddress::Parse(options_.hostname).ok();
  int done = address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, options_.hostname.c_str())
                     : X509_VERIFY_PARAM_set1_host(parameters, options_.hostname.data(), options_.hostname.size());
  if (done != 1) return absl::InvalidArgumentError(StrCat(options_.hostname, " is no name of a server"));
  return absl::OkStatus();
}

void ClientContext::BindSessions() {
  policy_ = PolicyOf(options_);
  SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_.get(), OnSession);
}

SessionPtr ClientSessions::Take(const ClientContext& context) {
  if (policy_ != context.policy()) sessions_.clear();
  while (!sessions_.empty()) {
    SessionPtr newest = std::move(sessions_.back());
    sessions_.pop_back();
    // A session is not verified again.
    X509* server = SSL_SESSION_get0_peer(newest.get());
    if (server != nullptr && WithinDates(server)) return newest;
  }
  return nullptr;
}

void ClientSessions::Put(const ClientContext& context, SessionPtr session) {
  if (policy_ != context.policy()) sessions_.clear();
  policy_ = context.policy();
  if (sessions_.size() == kKept) sessions_.erase(sessions_.begin());
  sessions_.push_back(std::move(session));
}

}  // namespace penstock::tls
