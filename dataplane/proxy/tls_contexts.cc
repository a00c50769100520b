#include "dataplane/proxy/tls_contexts.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "dataplane/proxy/secret_reader.h"
#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/problem_sink.h"
#include "dataplane/snapshot/references.h"
#include "dataplane/snapshot/state.h"

namespace penstock::proxy {
namespace {

using snapshot::CompiledCluster;
using snapshot::CompiledListener;
using snapshot::Field;

tls::Version ToVersion(snapshot::TlsVersion version) {
  return version == snapshot::TlsVersion::kTls13 ? tls::Version::kTls13 : tls::Version::kTls12;
}

std::vector<tls::SubjectAltName> ToNames(const std::vector<snapshot::SubjectAltName>& names) {
  std::vector<tls::SubjectAltName> result;
  for (const snapshot::SubjectAltName& name : names) {
    result.push_back({static_cast<tls::SubjectAltName::Type>(name.type), name.value});
  }
  return result;
}
static_assert(static_cast<int>(snapshot::SubjectAltName::Type::kDns) ==
              static_cast<int>(tls::SubjectAltName::Type::kDns));
static_assert(static_cast<int>(snapshot::SubjectAltName::Type::kUri) ==
              static_cast<int>(tls::SubjectAltName::Type::kUri));
static_assert(static_cast<int>(snapshot::SubjectAltName::Type::kIp) ==
              static_cast<int>(tls::SubjectAltName::Type::kIp));
static_assert(static_cast<int>(snapshot::SubjectAltName::Type::kEmail) ==
              static_cast<int>(tls::SubjectAltName::Type::kEmail));

std::vector<std::string> AlpnOf(const CompiledListener& listener) { return listener.tls->alpn; }

std::vector<std::string> AlpnOf(const CompiledCluster& cluster) {
  switch (cluster.protocol) {
    case CompiledCluster::Protocol::kHttp1:
      return {"http/1.1"};
    case CompiledCluster::Protocol::kHttp2:
      return {"h2"};
    case CompiledCluster::Protocol::kAuto:
      return {"h2", "http/1.1"};
  }
  return {};
}

// The Secrets with the certificates that it shows.
std::vector<std::string> ShownBy(const CompiledListener& listener) { return listener.tls->certificates; }

std::vector<std::string> ShownBy(const CompiledCluster& cluster) {
  if (cluster.tls->client_certificate.empty()) return {};
  return {cluster.tls->client_certificate};
}

template <typename Record>
std::vector<std::string> SecretsOf(const Record& record) {
  std::vector<std::string> names;
  snapshot::ForEachReference(record, [&names](std::string_view type_url, std::string_view name, const Field&) {
    if (type_url == snapshot::kSecretType) names.emplace_back(name);
  });
  return names;
}

}  // namespace

// Makes contexts of one snapshot.
class TlsContexts::Maker {
 public:
  Maker(const snapshot::Snapshot& snapshot, const TlsMaterial& material, TlsContexts& out)
      : material_(material), out_(out), secrets_(snapshot, problems_) {}

  void Add(const CompiledListener& listener) {
    if (!listener.tls.has_value()) return;
    Put(out_.servers_, listener, MakeServer(listener), snapshot::kListenerType);
  }
  void Add(const CompiledCluster& cluster) {
    if (!cluster.tls.has_value()) return;
    Put(out_.clients_, cluster, MakeClient(cluster), snapshot::kClusterType);
  }

  std::vector<snapshot::ResourceProblem> TakeProblems() { return problems_.Take(); }

 private:
  template <typename Context>
  using Made = StatusOr<std::shared_ptr<const Context>>;

  // A context that is null failed for a reason that was told already.
  template <typename Context, typename Record>
  void Put(router::PersistentSet<Named<Context>>& set, const Record& record, Made<Context> made,
           std::string_view type_url) {
    if (!made.ok()) Blame(type_url, record.name, made.status());
    if (!made.ok() || *made == nullptr) return;
    set.Insert(router::Ref<Named<Context>>(
                   new Named<Context>(record.name, *std::move(made), SecretsOf(record), EndsOf(ShownBy(record)))),
               out_.seed_);
  }

  // REQUIRES: they are pairs.
  std::vector<CertificateEnd> EndsOf(const std::vector<std::string>& secrets) {
    std::vector<CertificateEnd> ends;
    for (const std::string& secret : secrets) ends.push_back({secret, secrets_.PairOf(secret)->until()});
    return ends;
  }

  Made<tls::ServerContext> MakeServer(const CompiledListener& listener) {
    const snapshot::ServerTls& configured = *listener.tls;
    tls::ServerOptions options;
    options.name = listener.name;
    options.min_version = ToVersion(configured.min_version);
    options.alpn = AlpnOf(listener);
    options.tickets = material_.tickets;
    bool complete = true;
    for (const std::string& secret : configured.certificates) {
      options.certificates.push_back(secrets_.PairOf(secret));
      complete &= options.certificates.back() != nullptr;
    }
    if (configured.client.has_value()) {
      options.clients.emplace();
      complete &= AddBundles(configured.client->ca, options.clients->ca);
      options.clients->optional = configured.client->optional;
      options.clients->names = ToNames(configured.client->subject_alt_names);
    }
    if (!complete) return std::shared_ptr<const tls::ServerContext>();
    return tls::ServerContext::Make(std::move(options));
  }

  Made<tls::ClientContext> MakeClient(const CompiledCluster& cluster) {
    const snapshot::UpstreamTls& configured = *cluster.tls;
    tls::ClientOptions options;
    options.hostname = configured.hostname;
    options.names = ToNames(configured.subject_alt_names);
    options.min_version = ToVersion(configured.min_version);
    options.alpn = AlpnOf(cluster);
    bool complete = AddBundles(configured.ca, options.ca);
    if (configured.system_ca) {
      ASSIGN_OR_RETURN(std::shared_ptr<const tls::CaBundle> system, secrets_.SystemBundle(material_.system_ca),
                       _ << "system_ca");
      options.ca.push_back(std::move(system));
    }
    if (!configured.client_certificate.empty()) {
      options.certificate = secrets_.PairOf(configured.client_certificate);
      complete &= options.certificate != nullptr;
    }
    if (!complete) return std::shared_ptr<const tls::ClientContext>();
    return tls::ClientContext::Make(std::move(options));
  }

  bool AddBundles(const std::vector<std::string>& secrets, tls::CaBundles& out) {
    bool complete = true;
    for (const std::string& secret : secrets) {
      out.push_back(secrets_.BundleOf(secret));
      complete &= out.back() != nullptr;
    }
    return complete;
  }

  void Blame(std::string_view type_url, const std::string& name, const Status& status) {
    problems_.Begin(type_url, name, "");
    problems_.Add("E303", Field("tls"), status);
  }

  const TlsMaterial& material_;
  TlsContexts& out_;
  snapshot::ProblemSink problems_;
  SecretReader secrets_;
};

TlsContexts TlsContexts::Prepare(const snapshot::Snapshot& snapshot, const TlsMaterial& material,
                                 std::vector<snapshot::ResourceProblem>& problems) {
  TlsContexts result;
  result.seed_ = snapshot.state().seed;
  Maker maker(snapshot, material, result);
  snapshot.ForEachListener([&](const snapshot::Shared<CompiledListener>& listener) { maker.Add(*listener); });
  snapshot.ForEachCluster([&](const snapshot::Shared<CompiledCluster>& cluster) { maker.Add(*cluster); });
  problems = maker.TakeProblems();
  return result;
}

TlsContexts TlsContexts::After(const snapshot::Snapshot& next, const snapshot::Delta& delta,
                               const TlsMaterial& material, std::vector<snapshot::ResourceProblem>& problems) const {
  TlsContexts result = *this;
  std::set<std::string> listeners, clusters, secrets;
  auto note = [&](const std::string& type_url, const std::string& name) {
    if (type_url == snapshot::kListenerType) listeners.insert(name);
    if (type_url == snapshot::kClusterType) clusters.insert(name);
    if (type_url == snapshot::kSecretType) secrets.insert(name);
  };
  for (const snapshot::ResourceName& removed : delta.removals) note(removed.type_url, removed.name);
  for (const snapshot::Resource& changed : delta.upserts) note(changed.type_url, changed.name);
  if (!secrets.empty()) {
    auto touch = [&secrets](std::set<std::string>& names) {
      return [&secrets, &names](const auto& named) {
        bool mentions = std::any_of(named.secrets.begin(), named.secrets.end(),
                                    [&secrets](const std::string& secret) { return secrets.count(secret) != 0; });
        if (mentions) names.insert(named.name);
      };
    };
    servers_.ForEach(touch(listeners));
    clients_.ForEach(touch(clusters));
  }
  Maker maker(next, material, result);
  for (const std::string& name : listeners) {
    result.servers_.Erase(name, seed_);
    const snapshot::Shared<CompiledListener>* listener = next.FindListener(name);
    if (listener != nullptr) maker.Add(**listener);
  }
  for (const std::string& name : clusters) {
    result.clients_.Erase(name, seed_);
    const snapshot::Shared<CompiledCluster>* cluster = next.FindCluster(name);
    if (cluster != nullptr) maker.Add(**cluster);
  }
  problems = maker.TakeProblems();
  return result;
}

const std::shared_ptr<const tls::ServerContext>* TlsContexts::FindServer(std::string_view listener) const {
  const Named<tls::ServerContext>* found = servers_.Find(listener, seed_);
  return found == nullptr ? nullptr : &found->context;
}

const std::shared_ptr<const tls::ClientContext>* TlsContexts::FindClient(std::string_view cluster) const {
  const Named<tls::ClientContext>* found = clients_.Find(cluster, seed_);
  return found == nullptr ? nullptr : &found->context;
}

std::vector<CertificateEnd> TlsContexts::CertificateEnds() const {
  std::map<std::string_view, const CertificateEnd*> by_name;
  auto take = [&by_name](const auto& named) {
    for (const CertificateEnd& end : named.shown) by_name.emplace(end.secret, &end);
  };
  servers_.ForEach(take);
  clients_.ForEach(take);
  std::vector<CertificateEnd> ends;
  for (const auto& [name, end] : by_name) ends.push_back(*end);
  return ends;
}

}  // namespace penstock::proxy
