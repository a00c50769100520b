#include "dataplane/proxy/secret_reader.h"

#include "dataplane/snapshot/hash.h"

namespace penstock::proxy {
namespace {

// The fields of Secrets, as Kubernetes names them.
constexpr char kCertificate[] = "tls.crt";
constexpr char kKey[] = "tls.key";
constexpr char kCa[] = "ca.crt";

}  // namespace

std::shared_ptr<const tls::KeyPair> SecretReader::PairOf(const std::string& secret) {
  auto [place, is_new] = pairs_.try_emplace(secret);
  if (is_new) place->second = ReadPair(**snapshot_.FindSecret(secret));
  return place->second;
}

std::shared_ptr<const tls::KeyPair> SecretReader::ReadPair(const snapshot::CompiledSecret& secret) {
  const std::string* certificate_pem = DataOf(secret, kCertificate);
  const std::string* key_pem = DataOf(secret, kKey);
  if (certificate_pem == nullptr || key_pem == nullptr) return nullptr;
  StatusOr<tls::Certificates> chain = tls::ReadCertificates(*certificate_pem, tls::KeyPair::kMaxChain);
  StatusOr<tls::KeyPtr> key = tls::ReadPrivateKey(*key_pem);
  if (!chain.ok()) Blame(secret, kCertificate, chain.status());
  if (!key.ok()) Blame(secret, kKey, key.status());
  if (!chain.ok() || !key.ok()) return nullptr;
  StatusOr<std::shared_ptr<const tls::KeyPair>> pair = tls::KeyPair::Make(*std::move(chain), *std::move(key));
  if (pair.ok()) return *std::move(pair);
  Blame(secret, kKey, pair.status());
  return nullptr;
}

std::shared_ptr<const tls::CaBundle> SecretReader::BundleOf(const std::string& secret) {
  auto [place, is_new] = bundles_.try_emplace(secret);
  if (is_new) place->second = ReadBundle(**snapshot_.FindSecret(secret));
  return place->second;
}

std::shared_ptr<const tls::CaBundle> SecretReader::ReadBundle(const snapshot::CompiledSecret& secret) {
  const std::string* pem = DataOf(secret, kCa);
  if (pem == nullptr) return nullptr;
  StatusOr<std::shared_ptr<const tls::CaBundle>> bundle = tls::CaBundle::Parse(*pem);
  if (bundle.ok()) return *std::move(bundle);
  Blame(secret, kCa, bundle.status());
  return nullptr;
}

StatusOr<std::shared_ptr<const tls::CaBundle>> SecretReader::SystemBundle(const std::string& file) {
  if (system_ == nullptr) {
    ASSIGN_OR_RETURN(system_, tls::CaBundle::System(file));
  }
  return system_;
}

const std::string* SecretReader::DataOf(const snapshot::CompiledSecret& secret, const char* key) {
  auto found = secret.data.find(key);
  if (found != secret.data.end()) return &found->second;
  Blame(secret, key, absl::InvalidArgumentError("the Secret has no such field"));
  return nullptr;
}

void SecretReader::Blame(const snapshot::CompiledSecret& secret, const char* key, const Status& status) {
  problems_.Begin(snapshot::kSecretType, secret.name, "");
  problems_.Add("E303", snapshot::Field(snapshot::Field("data"), key), status,
                "correct the Secret; what is served now stays");
}

}  // namespace penstock::proxy
