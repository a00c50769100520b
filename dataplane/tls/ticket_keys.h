#pragma once

#include <openssl/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/mutex.h"
#include "dataplane/tls/openssl.h"

namespace penstock::tls {

// What session tickets are sealed with: AES-256-CBC, then HMAC-SHA256 (RFC 5077 4).
struct TicketKey {
  std::array<uint8_t, 16> name;  // in clear in every ticket
  std::array<uint8_t, 32> cipher;
  std::array<uint8_t, 32> mac;

  static TicketKey Random();
  TicketKey() = default;
  TicketKey(const TicketKey&) = default;
  TicketKey& operator=(const TicketKey&) = default;
  ~TicketKey();
};

// The keys of all session tickets of a process. At first they are random and its own: a new one every kRotation, and
// the one before goes on opening tickets. Install() replaces them by keys that others know too, so that a session is
// resumed wherever its client comes back; from then on they change by Install() only. Thread-safe; shared by all
// contexts, outlives their connections.
class TicketKeys {
 public:
  static constexpr Duration kRotation = std::chrono::hours(12);
  static constexpr size_t kMaxKeys = 8;

  // CLOCK may be used on any thread and outlives this.
  explicit TicketKeys(const Clock& clock);

  // The first key seals, all of them open tickets; so it stays until the next call. REQUIRES: 1 to kMaxKeys.
  void Install(std::vector<TicketKey> keys) ABSL_LOCKS_EXCLUDED(mutex_);

  // OpenSSL's callback for tickets of handshakes whose context uses these keys.
  int Prepare(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, bool seal);

 private:
  using Keys = std::vector<TicketKey>;

  std::shared_ptr<const Keys> Current() ABSL_LOCKS_EXCLUDED(mutex_);
  bool Begin(const TicketKey& key, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, bool seal) const;

  const Clock& clock_;
  const CipherPtr aes_;
  Mutex mutex_;
  std::shared_ptr<const Keys> keys_ ABSL_GUARDED_BY(mutex_);
  TimePoint rotate_at_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace penstock::tls
