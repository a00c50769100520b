#include "controlplane/translator/secret_contents.h"

#include <memory>

#include "api/manifests/v1/core.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/pem.h"
#include "dataplane/tls/ca_bundle.h"
#include "dataplane/tls/key_pair.h"
#include "dataplane/tls/validity.h"

namespace penstock::translator {
namespace {

namespace api = manifests::v1;
using manifests::Cat;

constexpr std::string_view kCertificate = "tls.crt";
constexpr std::string_view kKey = "tls.key";
constexpr std::string_view kAuthorities = "ca.crt";

struct NeededKey {
  SecretId::Use use;
  std::string_view key;
  // What sort of text it is, told better than by who reads it.
  std::string (*problem_of)(std::string_view text);
};
constexpr NeededKey kNeededKeys[] = {
    {SecretId::Use::kCertificate, kCertificate, CertificatesProblem},
    {SecretId::Use::kCertificate, kKey, PrivateKeyProblem},
    {SecretId::Use::kAuthorities, kAuthorities, CertificatesProblem},
};

// A value and the field that has it.
struct Found {
  std::string_view field;
  std::string_view value;
};

template <typename Map>
std::optional<Found> FindIn(const Map& map, std::string_view field, std::string_view key) {
  auto found = map.find(std::string(key));
  if (found == map.end()) return std::nullopt;
  return Found{field, found->second};
}

// stringData wins over data.
std::optional<Found> Find(const manifests::Object& object, std::string_view key) {
  if (const auto* secret = object.As<api::Secret>()) {
    std::optional<Found> found = FindIn(secret->string_data(), "stringData", key);
    return found.has_value() ? found : FindIn(secret->data(), "data", key);
  }
  const auto* config_map = object.As<api::ConfigMap>();
  if (config_map == nullptr) return std::nullopt;
  std::optional<Found> found = FindIn(config_map->data(), "data", key);
  return found.has_value() ? found : FindIn(config_map->binary_data(), "binaryData", key);
}

ContentFault FaultOf(std::string_view key, const Status& status) {
  return {key, Cat(key, ": ", std::string(status.message()))};
}

std::string_view PemOf(const manifests::Object& object, std::string_view key) {
  return ValueOf(object, key).value_or("");
}

StatusOr<tls::Certificates> ChainOf(const manifests::Object& object) {
  return tls::ReadCertificates(PemOf(object, kCertificate), tls::KeyPair::kMaxChain);
}

std::optional<ContentFault> FindPairFault(const manifests::Object& object) {
  StatusOr<tls::Certificates> chain = ChainOf(object);
  if (!chain.ok()) return FaultOf(kCertificate, chain.status());
  StatusOr<tls::KeyPtr> key = tls::ReadPrivateKey(PemOf(object, kKey));
  if (!key.ok()) return FaultOf(kKey, key.status());
  StatusOr<std::shared_ptr<const tls::KeyPair>> pair = tls::KeyPair::Make(*std::move(chain), *std::move(key));
  if (!pair.ok()) return FaultOf(kKey, pair.status());
  return std::nullopt;
}

std::optional<ContentFault> FindAuthoritiesFault(const manifests::Object& object) {
  StatusOr<std::shared_ptr<const tls::CaBundle>> bundle = tls::CaBundle::Parse(PemOf(object, kAuthorities));
  if (!bundle.ok()) return FaultOf(kAuthorities, bundle.status());
  return std::nullopt;
}

std::string TimeText(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

// "" if CERTIFICATE counts at NOW.
std::string TimeProblem(X509* certificate, absl::Time now) {
  StatusOr<tls::Validity> validity = tls::ValidityOf(certificate);
  if (!validity.ok()) return std::string(validity.status().message());
  absl::Time from = absl::FromChrono(validity->from);
  absl::Time until = absl::FromChrono(validity->until);
  if (now > until) return Cat("expired at ", TimeText(until));
  return now < from ? Cat("does not count before ", TimeText(from)) : "";
}

}  // namespace

std::vector<std::string_view> KeysOf(SecretId::Use use) {
  std::vector<std::string_view> keys;
  for (const NeededKey& needed : kNeededKeys) {
    if (needed.use == use) keys.push_back(needed.key);
  }
  return keys;
}

std::optional<std::string_view> ValueOf(const manifests::Object& object, std::string_view key) {
  std::optional<Found> found = Find(object, key);
  if (!found.has_value()) return std::nullopt;
  return found->value;
}

std::string FieldOf(const manifests::Object& object, std::string_view key) {
  std::string of_file = Cat("dataFromFiles[\"", key, "\"]");
  if (object.source().Has(of_file)) return of_file;
  std::optional<Found> found = Find(object, key);
  return found.has_value() ? Cat(found->field, "[\"", key, "\"]") : "data";
}

std::optional<ContentFault> FindContentFault(const manifests::Object& object, SecretId::Use use) {
  for (const NeededKey& needed : kNeededKeys) {
    if (needed.use != use) continue;
    std::optional<std::string_view> value = ValueOf(object, needed.key);
    if (!value.has_value()) return ContentFault{needed.key, Cat("there is no key \"", needed.key, "\"")};
    std::string problem = needed.problem_of(*value);
    if (!problem.empty()) return ContentFault{needed.key, Cat(needed.key, " ", problem)};
  }
  return use == SecretId::Use::kCertificate ? FindPairFault(object) : FindAuthoritiesFault(object);
}

std::optional<ContentFault> FindPastOrFuture(const manifests::Object& object, SecretId::Use use, absl::Time now) {
  bool authorities = use == SecretId::Use::kAuthorities;
  std::string_view key = authorities ? kAuthorities : kCertificate;
  size_t most = authorities ? tls::CaBundle::kMaxCertificates : tls::KeyPair::kMaxChain;
  StatusOr<tls::Certificates> certificates = tls::ReadCertificates(PemOf(object, key), most);
  for (size_t i = 0; certificates.ok() && i < certificates->size(); ++i) {
    std::string problem = TimeProblem((*certificates)[i].get(), now);
    if (problem.empty()) continue;
    std::string which = certificates->size() == 1 ? "the certificate" : Cat("certificate ", i + 1);
    return ContentFault{key, Cat(key, ": ", which, " ", problem)};
  }
  return std::nullopt;
}

bool IsCertificateFor(const manifests::Object& object, std::string_view hostname) {
  StatusOr<tls::Certificates> chain = ChainOf(object);
  StatusOr<tls::KeyPtr> key = tls::ReadPrivateKey(PemOf(object, kKey));
  if (!chain.ok() || !key.ok()) return false;
  StatusOr<std::shared_ptr<const tls::KeyPair>> pair = tls::KeyPair::Make(*std::move(chain), *std::move(key));
  return pair.ok() && (*pair)->FitTo(hostname) != tls::KeyPair::Fit::kNone;
}

}  // namespace penstock::translator
