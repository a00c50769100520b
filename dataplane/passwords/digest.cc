#include "dataplane/passwords/digest.h"

// The functions of OpenSSL 1.1: those that 3.0 has instead take a lock and memory each time.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <string.h>

#include <initializer_list>

#include "dataplane/base/random.h"

namespace penstock::passwords {
namespace {

// SHA-256 of what is added, without the heap; wiped.
class Hasher {
 public:
  Hasher() { SHA256_Init(&state_); }
  ~Hasher() { explicit_bzero(&state_, sizeof(state_)); }

  template <typename Bytes>
  void Add(const Bytes& bytes) {
    SHA256_Update(&state_, bytes.data(), bytes.size());
  }
  // So that no two lists of parts are one text.
  void AddPart(std::string_view part) {
    uint64_t length = part.size();
    SHA256_Update(&state_, &length, sizeof(length));
    Add(part);
  }
  Digest Finish() {
    Digest digest;
    SHA256_Final(digest.data(), &state_);
    return digest;
  }

 private:
  SHA256_CTX state_;
};

Digest Keyed(const std::array<uint8_t, 32>& key, std::initializer_list<std::string_view> parts) {
  Hasher inner;
  inner.Add(key);
  for (std::string_view part : parts) inner.AddPart(part);
  Hasher outer;
  outer.Add(key);
  outer.Add(inner.Finish());
  return outer.Finish();
}

}  // namespace

DigestKey::DigestKey() {
  for (size_t at = 0; at < key_.size(); at += sizeof(uint64_t)) {
    uint64_t random = SeedFromKernel();
    std::memcpy(key_.data() + at, &random, sizeof(random));
  }
}

Digest DigestKey::Of(std::string_view name, const Subject& subject, std::string_view password) const {
  return Keyed(key_, {name, password, subject.user->hash.text(), subject.known ? "+" : "-"});
}

Subject DigestKey::SubjectOf(std::string_view name, const UserFile& file) const {
  if (const User* user = file.Find(name)) return {user, true};
  Digest digest = Keyed(key_, {name});
  return {&file.users()[DigestHash()(digest) % file.users().size()], false};
}

}  // namespace penstock::passwords
