#include "controlplane/vault/key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include <cstring>

#include "absl/strings/escaping.h"
#include "dataplane/base/check.h"
#include "dataplane/base/strings.h"

namespace penstock::vault {
namespace {

KeyId IdOf(const std::array<uint8_t, Key::kBytes>& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  const bool made = EVP_Digest(bytes.data(), bytes.size(), digest, nullptr, EVP_sha256(), nullptr) == 1;
  PENSTOCK_CHECK(made, "SHA-256 is there");
  KeyId id;
  std::memcpy(id.bytes.data(), digest, id.bytes.size());
  return id;
}

}  // namespace

std::string ToString(const KeyId& id) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()));
}

Key::Key(std::string_view bytes) {
  PENSTOCK_CHECK(bytes.size() == kBytes, "a key of AES-256");
  std::memcpy(bytes_.data(), bytes.data(), kBytes);
  id_ = IdOf(bytes_);
}

Key Key::Random() {
  char bytes[kBytes];
  // Up to 256 bytes come whole (getrandom(2)).
  PENSTOCK_CHECK(::getrandom(bytes, kBytes, 0) == static_cast<ssize_t>(kBytes), "the kernel gives random bytes");
  Key key(std::string_view(bytes, kBytes));
  OPENSSL_cleanse(bytes, kBytes);
  return key;
}

Key::Key(Key&& other) noexcept : bytes_(other.bytes_), id_(other.id_) {
  OPENSSL_cleanse(other.bytes_.data(), other.bytes_.size());
}

Key& Key::operator=(Key&& other) noexcept {
  if (this == &other) return *this;
  bytes_ = other.bytes_;
  id_ = other.id_;
  OPENSSL_cleanse(other.bytes_.data(), other.bytes_.size());
  return *this;
}

Key::~Key() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

}  // namespace penstock::vault
