#include "dataplane/tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <cstring>

#include "dataplane/base/check.h"

namespace penstock::tls {
namespace {

constexpr int kIvBytes = 16;

template <size_t N>
void FillRandom(std::array<uint8_t, N>& bytes) {
  PENSTOCK_CHECK(RAND_bytes(bytes.data(), static_cast<int>(N)) == 1, "the kernel gives random bytes");
}

}  // namespace

TicketKey TicketKey::Random() {
  TicketKey key;
  FillRandom(key.name);
  FillRandom(key.cipher);
  FillRandom(key.mac);
  return key;
}

TicketKey::~TicketKey() {
  OPENSSL_cleanse(cipher.data(), cipher.size());
  OPENSSL_cleanse(mac.data(), mac.size());
}

TicketKeys::TicketKeys(const Clock& clock)
    : clock_(clock),
      aes_(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr)),
      keys_(std::make_shared<Keys>(Keys{TicketKey::Random()})),
      rotate_at_(After(clock.Now(), kRotation)) {}

void TicketKeys::Install(std::vector<TicketKey> keys) {
  PENSTOCK_CHECK(!keys.empty() && keys.size() <= kMaxKeys, "between one and kMaxKeys keys");
  auto next = std::make_shared<Keys>(std::move(keys));
  MutexLock lock(&mutex_);
  keys_ = std::move(next);
  rotate_at_ = kNoDeadline;
}

std::shared_ptr<const TicketKeys::Keys> TicketKeys::Current() {
  TimePoint now = clock_.Now();
  MutexLock lock(&mutex_);
  if (now >= rotate_at_) {
    keys_ = std::make_shared<Keys>(Keys{TicketKey::Random(), keys_->front()});
    rotate_at_ = After(now, kRotation);
  }
  return keys_;
}

// 0: no such key, a full handshake follows. 1: go on. 2: go on, and give the client a new ticket. -1: failure.
int TicketKeys::Prepare(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, bool seal) {
  std::shared_ptr<const Keys> keys = Current();
  if (seal) {
    const TicketKey& newest = keys->front();
    std::memcpy(name, newest.name.data(), newest.name.size());
    if (RAND_bytes(iv, kIvBytes) != 1) return -1;
    return Begin(newest, iv, cipher, mac, true) ? 1 : -1;
  }
  for (const TicketKey& key : *keys) {
    if (std::memcmp(name, key.name.data(), key.name.size()) != 0) continue;
    if (!Begin(key, iv, cipher, mac, false)) return -1;
    return &key == &keys->front() ? 1 : 2;
  }
  return 0;
}

bool TicketKeys::Begin(const TicketKey& key, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                       bool seal) const {
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<uint8_t*>(key.mac.data()), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  return EVP_MAC_CTX_set_params(mac, parameters) == 1 &&
         EVP_CipherInit_ex2(cipher, aes_.get(), key.cipher.data(), iv, seal ? 1 : 0, nullptr) == 1;
}

}  // namespace penstock::tls
