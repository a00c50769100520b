#include "dataplane/base/test_certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <string_view>

#include "dataplane/base/check.h"

namespace penstock {
namespace {

template <auto kFree>
struct Freer {
  void operator()(auto* object) const { kFree(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

template <typename Write>
std::string ToPem(Write write) {
  std::unique_ptr<BIO, Freer<BIO_free>> bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* data = nullptr;
  long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::string KeyPem(EVP_PKEY* key) {
  return ToPem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string CertPem(X509* cert) {
  return ToPem([&](BIO* bio) { PEM_write_bio_X509(bio, cert); });
}

Key MakeKey(TestCertificateOptions::Key type) {
  using Type = TestCertificateOptions::Key;
  switch (type) {
    case Type::kP256:
      return Key(EVP_EC_gen("P-256"));
    case Type::kP384:
      return Key(EVP_EC_gen("P-384"));
    case Type::kRsa1024:
      return Key(EVP_RSA_gen(1024));
    case Type::kRsa2048:
      return Key(EVP_RSA_gen(2048));
    case Type::kEd25519:
      return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  }
  return nullptr;
}

void AddExtension(X509* cert, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  PENSTOCK_CHECK(extension != nullptr, "a test's certificate asks for an extension that is none");
  X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
}

// By hand, because OpenSSL's text form cannot say every byte.
GENERAL_NAME* MakeName(std::string_view text) {
  size_t colon = text.find(':');
  std::string_view type = text.substr(0, colon);
  std::string value(text.substr(colon + 1));
  GENERAL_NAME* name = GENERAL_NAME_new();
  if (type == "IP") {
    GENERAL_NAME_set0_value(name, GEN_IPADD, a2i_IPADDRESS(value.c_str()));
    return name;
  }
  ASN1_IA5STRING* bytes = ASN1_IA5STRING_new();
  ASN1_STRING_set(bytes, value.data(), static_cast<int>(value.size()));
  int code = type == "DNS" ? GEN_DNS : type == "URI" ? GEN_URI : GEN_EMAIL;
  GENERAL_NAME_set0_value(name, code, bytes);
  return name;
}

void AddNames(X509* cert, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  Names names(GENERAL_NAMES_new());
  for (const std::string& text : texts) sk_GENERAL_NAME_push(names.get(), MakeName(text));
  X509_add1_ext_i2d(cert, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT);
}

struct Issuer {
  const X509* cert;  // null: the certificate issues itself
  EVP_PKEY* key;
};

Certificate MakeCert(EVP_PKEY* key, const Issuer& issuer, const TestCertificateOptions& options) {
  static std::atomic<long> serial = 1;
  Certificate made(X509_new());
  X509* cert = made.get();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
  X509_gmtime_adj(X509_getm_notBefore(cert), options.begins.count());
  X509_gmtime_adj(X509_getm_notAfter(cert), options.ends.count());
  X509_set_pubkey(cert, key);
  X509_NAME* subject = X509_get_subject_name(cert);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(options.subject.c_str()), -1, -1, 0);
  X509_set_issuer_name(cert, issuer.cert != nullptr ? X509_get_subject_name(issuer.cert) : subject);
  AddExtension(cert, NID_basic_constraints, issuer.cert == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!options.usage.empty()) AddExtension(cert, NID_ext_key_usage, options.usage);
  AddNames(cert, options.names);
  X509_sign(cert, issuer.key, EVP_PKEY_get_base_id(issuer.key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256());
  return made;
}

}  // namespace

struct TestCa::Keys {
  Key key;
  Certificate cert;
};

TestCa::TestCa(const std::string& subject) : keys_(new Keys) {
  keys_->key = MakeKey(TestCertificateOptions::Key::kP256);
  TestCertificateOptions options;
  options.subject = subject;
  options.usage = "";
  keys_->cert = MakeCert(keys_->key.get(), {nullptr, keys_->key.get()}, options);
  cert_ = CertPem(keys_->cert.get());
}

TestCa::~TestCa() = default;

TestCertificate TestCa::Issue(const TestCertificateOptions& options) const {
  Key key = MakeKey(options.key);
  Certificate cert = MakeCert(key.get(), {keys_->cert.get(), keys_->key.get()}, options);
  return {CertPem(cert.get()), KeyPem(key.get())};
}

TestCertificate TestCa::Issue(const std::string& uri) const {
  TestCertificateOptions options;
  options.names = {"URI:" + uri};
  return Issue(options);
}

}  // namespace penstock
