#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/router/persistent_set.h"
#include "dataplane/snapshot/snapshot.h"
#include "dataplane/tls/client_context.h"
#include "dataplane/tls/server_context.h"
#include "dataplane/upstream/client_contexts.h"

namespace penstock::proxy {

// What contexts are made with, besides a snapshot. The same for all generations of a process.
struct TlsMaterial {
  std::shared_ptr<tls::TicketKeys> tickets;
  std::string system_ca = std::string(tls::CaBundle::kSystemFile);
};

// Until when a certificate is good that is shown in handshakes: it, or an issuer that is shown with it, ends then.
struct CertificateEnd {
  std::string secret;  // the name of the resource
  std::chrono::sys_seconds until;
};

// The TLS contexts of a generation's listeners and clusters, shared by all workers: certificates are bytes in the
// Snapshot and become objects of the library here. A value whose copies share what they hold, with counts that are not
// atomic: like Snapshots, those that come from one another are made, changed and destroyed on one thread, while any
// thread may Find.
class TlsContexts final : public upstream::ClientContexts {
 public:
  // Makes those of all listeners and clusters of SNAPSHOT. What cannot be made is in PROBLEMS, under the name and field
  // of the Secret, listener or cluster that is to blame, and the result is of no use.
  static TlsContexts Prepare(const snapshot::Snapshot& snapshot, const TlsMaterial& material,
                             std::vector<snapshot::ResourceProblem>& problems);

  // Those of NEXT, which came out of this object's snapshot by DELTA: makes those that DELTA names, and those that
  // mention a Secret that it names; shares the others.
  TlsContexts After(const snapshot::Snapshot& next, const snapshot::Delta& delta, const TlsMaterial& material,
                    std::vector<snapshot::ResourceProblem>& problems) const;

  // nullptr if the listener does not terminate TLS.
  const std::shared_ptr<const tls::ServerContext>* FindServer(std::string_view listener) const;
  const std::shared_ptr<const tls::ClientContext>* FindClient(std::string_view cluster) const override;

  // Of all certificates that listeners and clusters show, by name. Any thread.
  std::vector<CertificateEnd> CertificateEnds() const;

 private:
  template <typename Context>
  struct Named : router::Counted {
    Named(std::string n, std::shared_ptr<const Context> c, std::vector<std::string> s, std::vector<CertificateEnd> e)
        : name(std::move(n)), context(std::move(c)), secrets(std::move(s)), shown(std::move(e)) {}
    std::string_view key() const { return name; }
    static Named* Clone(const Named& from) { return new Named(from); }
    static void Destroy(Named* named) { delete named; }

    std::string name;
    std::shared_ptr<const Context> context;
    std::vector<std::string> secrets;  // that it was made of
    std::vector<CertificateEnd> shown;
  };
  using Servers = router::PersistentSet<Named<tls::ServerContext>>;
  using Clients = router::PersistentSet<Named<tls::ClientContext>>;

  class Maker;

  uint64_t seed_ = 0;  // the snapshot's
  Servers servers_;    // by listener
  Clients clients_;    // by cluster
};

}  // namespace penstock::proxy
