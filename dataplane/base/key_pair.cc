#include "dataplane/base/key_pair.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <ctime>
#include <memory>

#include "dataplane/base/strings.h"

namespace penstock {
namespace {

template <auto kFree>
struct Freer {
  void operator()(auto* object) const { kFree(object); }
};
using Buffer = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

Buffer Reading(std::string_view pem) { return Buffer(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

// Without it OpenSSL asks on the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

}  // namespace

Status CheckKeyPair(std::string_view certificate_pem, std::string_view key_pem, absl::Time now) {
  Certificate certificate(PEM_read_bio_X509(Reading(certificate_pem).get(), nullptr, nullptr, nullptr));
  Key key(PEM_read_bio_PrivateKey(Reading(key_pem).get(), nullptr, NoPassphrase, nullptr));
  const bool match =
      certificate != nullptr && key != nullptr && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (certificate == nullptr) return absl::InvalidArgumentError("the certificate cannot be read");
  if (key == nullptr) return absl::InvalidArgumentError("the key cannot be read without a passphrase");
  if (!match) return absl::InvalidArgumentError("the key does not belong to the certificate");
  tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    return absl::InvalidArgumentError("the certificate has no date of expiry");
  }
  const absl::Time expiry = absl::FromTM(end, absl::UTCTimeZone());
  if (expiry > now) return absl::OkStatus();
  return absl::UnavailableError(
      StrCat("the certificate expired at ", absl::FormatTime("%Y-%m-%d %H:%M", expiry, absl::UTCTimeZone()), " UTC"));
}

Status CheckPrivate(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0 || (info.st_mode & 077) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat("others may read the key ", path, "; run: chmod 600 ", path));
}

}  // namespace penstock
