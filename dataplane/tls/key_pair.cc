#include "dataplane/tls/key_pair.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>

#include "dataplane/base/check.h"
#include "dataplane/tls/validity.h"

namespace penstock::tls {
namespace {

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;  // one signature of a larger key holds a worker for tens of milliseconds

// Without it OpenSSL asks on the terminal.
int NoPassphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

// The one signature scheme of TLS 1.3 for a curve.
struct Curve {
  std::string_view group;
  uint16_t scheme;
};
constexpr Curve kCurves[] = {{"prime256v1", 0x0403}, {"secp384r1", 0x0503}, {"secp521r1", 0x0603}};
constexpr std::array<uint16_t, 3> kEcdsa = {0x0403, 0x0503, 0x0603};
constexpr std::array<uint16_t, 3> kRsaPss = {0x0804, 0x0805, 0x0806};
constexpr std::array<uint16_t, 3> kRsaPkcs1 = {0x0401, 0x0501, 0x0601};
constexpr uint16_t kEd25519 = 0x0807;

std::string GroupOf(EVP_PKEY* key) {
  char name[64];
  size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name, sizeof name, &size) != 1) return "";
  return {name, size};
}

}  // namespace

StatusOr<Certificates> ReadCertificates(std::string_view pem, size_t most) {
  BioPtr text = ReadingFrom(pem);
  Certificates certificates;
  while (true) {
    CertificatePtr one(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
    unsigned long error = ERR_peek_last_error();
    ERR_clear_error();
    if (one == nullptr) {
      bool end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
      if (end && !certificates.empty()) return certificates;
      if (end) return absl::InvalidArgumentError("there is no certificate in it (in PEM form)");
      return absl::InvalidArgumentError(StrCat("certificate ", certificates.size() + 1, " cannot be read"));
    }
    if (certificates.size() == most) return absl::InvalidArgumentError(StrCat("more than ", most, " certificates"));
    certificates.push_back(std::move(one));
  }
}

StatusOr<KeyPtr> ReadPrivateKey(std::string_view pem) {
  BioPtr text = ReadingFrom(pem);
  bool asked = false;
  KeyPtr key(PEM_read_bio_PrivateKey(text.get(), nullptr, NoPassphrase, &asked));
  ERR_clear_error();
  if (key != nullptr) return key;
  if (asked) return absl::InvalidArgumentError("the key is encrypted with a passphrase");
  return absl::InvalidArgumentError("there is no private key in it that can be read (in PEM form)");
}

StatusOr<std::shared_ptr<const KeyPair>> KeyPair::Make(Certificates chain, KeyPtr key) {
  PENSTOCK_CHECK(!chain.empty() && key != nullptr, "a pair has a certificate and a key");
  bool match = X509_check_private_key(chain.front().get(), key.get()) == 1;
  ERR_clear_error();
  if (!match) return absl::InvalidArgumentError("key does not match certificate");
  std::shared_ptr<KeyPair> pair(new KeyPair);
  for (const CertificatePtr& certificate : chain) {
    StatusOr<Validity> validity = ValidityOf(certificate.get());
    if (validity.ok()) pair->until_ = std::min(pair->until_, validity->until);
  }
  pair->certificate_ = std::move(chain.front());
  pair->fingerprint_ = Fingerprint().Add(DerOf(pair->certificate_.get())).Take();
  pair->issuers_.reset(sk_X509_new_null());
  for (size_t i = 1; i < chain.size(); ++i) sk_X509_push(pair->issuers_.get(), chain[i].release());
  pair->key_ = std::move(key);
  RETURN_IF_ERROR(pair->LearnKind());
  ASSIGN_OR_RETURN(std::vector<SubjectAltName> names, NamesOf(pair->certificate_.get()));
  for (SubjectAltName& name : names) {
    if (name.type == SubjectAltName::Type::kDns) pair->dns_names_.push_back(std::move(name.value));
  }
  return pair;
}

Status KeyPair::LearnKind() {
  int bits = EVP_PKEY_get_bits(key_.get());
  switch (EVP_PKEY_get_base_id(key_.get())) {
    case EVP_PKEY_RSA:
      if (bits < kMinRsaBits) return absl::InvalidArgumentError(StrCat("an RSA key of ", bits, " bits is too weak"));
      if (bits > kMaxRsaBits) return absl::InvalidArgumentError(StrCat("an RSA key of ", bits, " bits is too slow"));
      rsa_ = true;
      schemes13_.assign(kRsaPss.begin(), kRsaPss.end());
      schemes12_.assign(kRsaPss.begin(), kRsaPss.end());
      schemes12_.insert(schemes12_.end(), kRsaPkcs1.begin(), kRsaPkcs1.end());
      return absl::OkStatus();
    case EVP_PKEY_EC: {
      std::string group = GroupOf(key_.get());
      const Curve* curve =
          std::find_if(std::begin(kCurves), std::end(kCurves), [&](const Curve& row) { return row.group == group; });
      if (curve == std::end(kCurves))
        return absl::InvalidArgumentError("the key's curve is none of P-256, P-384, P-521");
      schemes13_ = {curve->scheme};
      schemes12_.assign(kEcdsa.begin(), kEcdsa.end());
      return absl::OkStatus();
    }
    case EVP_PKEY_ED25519:
      schemes13_ = schemes12_ = {kEd25519};
      return absl::OkStatus();
    default:
      return absl::InvalidArgumentError("the key is none of RSA, ECDSA, Ed25519");
  }
}

KeyPair::Fit KeyPair::FitOf(const std::vector<std::string>& dns_names, std::string_view server_name) {
  if (server_name.empty()) return Fit::kNone;
  size_t dot = server_name.find('.');
  std::string_view parent = dot == 0 || dot == server_name.npos ? "" : server_name.substr(dot);
  Fit best = Fit::kNone;
  for (const std::string& name : dns_names) {
    if (name == server_name) return Fit::kExact;
    bool wildcard = name.starts_with("*.") && !parent.empty() && std::string_view(name).substr(1) == parent;
    if (wildcard) best = Fit::kWildcard;
  }
  return best;
}

Status KeyPair::UseIn(SSL_CTX* context) const {
  if (SSL_CTX_use_cert_and_key(context, certificate_.get(), key_.get(), issuers_.get(), 1) == 1) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(TakeOpensslError());
}

bool KeyPair::UseIn(SSL* ssl) const {
  return SSL_use_cert_and_key(ssl, certificate_.get(), key_.get(), issuers_.get(), 1) == 1;
}

}  // namespace penstock::tls
