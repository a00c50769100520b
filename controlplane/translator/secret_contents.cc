#include "controlplane/translator/secret_contents.h"

#include <span>

#include "api/manifests/v1/core.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/pem.h"
#include "dataplane/tls/ca_bundle.h"
#include "dataplane/tls/key_pair.h"

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

std::vector<StatusOr<tls::Validity>> TimesOf(std::span<const tls::CertificatePtr> certificates) {
  std::vector<StatusOr<tls::Validity>> times;
  for (const tls::CertificatePtr& certificate : certificates) times.push_back(tls::ValidityOf(certificate.get()));
  return times;
}

std::string TimeText(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

// "" if it counts at NOW.
std::string TimeProblem(const StatusOr<tls::Validity>& validity, absl::Time now) {
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

const SecretContents::Reading& SecretContents::Read(SecretId::Use use) const {
  Once& once = once_[static_cast<size_t>(use)];
  std::call_once(once.flag, [&] { once.reading = ReadNow(use); });
  return once.reading;
}

SecretContents::Reading SecretContents::ReadNow(SecretId::Use use) const {
  for (const NeededKey& needed : kNeededKeys) {
    if (needed.use != use) continue;
    std::optional<std::string_view> value = ValueOf(*object_, needed.key);
    if (!value.has_value()) return {.fault = {{needed.key, Cat("there is no key \"", needed.key, "\"")}}};
    std::string problem = needed.problem_of(*value);
    if (!problem.empty()) return {.fault = {{needed.key, Cat(needed.key, " ", problem)}}};
  }
  return use == SecretId::Use::kCertificate ? ReadPair() : ReadAuthorities();
}

SecretContents::Reading SecretContents::ReadPair() const {
  StatusOr<tls::Certificates> chain = tls::ReadCertificates(Pem(kCertificate), tls::KeyPair::kMaxChain);
  if (!chain.ok()) return {.fault = FaultOf(kCertificate, chain.status())};
  StatusOr<tls::KeyPtr> key = tls::ReadPrivateKey(Pem(kKey));
  if (!key.ok()) return {.fault = FaultOf(kKey, key.status())};
  Reading reading{.times = TimesOf(*chain)};
  StatusOr<std::shared_ptr<const tls::KeyPair>> pair = tls::KeyPair::Make(*std::move(chain), *std::move(key));
  if (!pair.ok()) return {.fault = FaultOf(kKey, pair.status())};
  reading.dns_names = (*pair)->dns_names();
  return reading;
}

SecretContents::Reading SecretContents::ReadAuthorities() const {
  StatusOr<std::shared_ptr<const tls::CaBundle>> bundle = tls::CaBundle::Parse(Pem(kAuthorities));
  if (!bundle.ok()) return {.fault = FaultOf(kAuthorities, bundle.status())};
  return {.times = TimesOf((*bundle)->certificates())};
}

std::optional<ContentFault> SecretContents::PastOrFuture(SecretId::Use use, absl::Time now) const {
  std::string_view key = use == SecretId::Use::kAuthorities ? kAuthorities : kCertificate;
  const std::vector<StatusOr<tls::Validity>>& times = Read(use).times;
  for (size_t i = 0; i < times.size(); ++i) {
    std::string problem = TimeProblem(times[i], now);
    if (problem.empty()) continue;
    std::string which = times.size() == 1 ? "the certificate" : Cat("certificate ", i + 1);
    return ContentFault{key, Cat(key, ": ", which, " ", problem)};
  }
  return std::nullopt;
}

bool SecretContents::IsFor(std::string_view hostname) const {
  return tls::KeyPair::FitOf(Read(SecretId::Use::kCertificate).dns_names, hostname) != tls::KeyPair::Fit::kNone;
}

std::shared_ptr<const SecretContents> ContentsOf(const manifests::ObjectPtr& object) {
  bool holds = object->As<api::Secret>() != nullptr || object->As<api::ConfigMap>() != nullptr;
  return holds ? std::make_shared<const SecretContents>(object) : nullptr;
}

}  // namespace penstock::translator
