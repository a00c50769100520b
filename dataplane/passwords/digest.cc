#include "dataplane/passwords/digest.h"

#include <openssl/sha.h>
#include <string.h>

#include <algorithm>
#include <initializer_list>

#include "dataplane/base/check.h"
#include "dataplane/base/random.h"

namespace penstock::passwords {
namespace {

constexpr size_t kMaxHash = 192;
constexpr size_t kMaxParts = 4;
// The key, then each part behind its length.
constexpr size_t kMaxInput = sizeof(Digest) + kMaxParts * sizeof(uint32_t) + kMaxUserName + kMaxPassword + kMaxHash + 1;

// Bytes that are hashed as one, on the stack, and wiped.
class Input {
 public:
  Input() = default;
  ~Input() { explicit_bzero(bytes_.data(), bytes_.size()); }

  void Add(std::string_view bytes) {
    PENSTOCK_CHECK(size_ + bytes.size() <= bytes_.size(), "a name, password or hash is longer than it may be");
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<ptrdiff_t>(size_));
    size_ += bytes.size();
  }
  // So that no two lists of parts are one text.
  void AddPart(std::string_view part) {
    auto length = static_cast<uint32_t>(part.size());
    Add({reinterpret_cast<const char*>(&length), sizeof(length)});
    Add(part);
  }
  Digest Hash() const {
    Digest digest;
    SHA256(bytes_.data(), size_, digest.data());
    return digest;
  }

 private:
  std::array<uint8_t, kMaxInput> bytes_;
  size_t size_ = 0;
};

std::string_view View(const std::array<uint8_t, 32>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Digest Keyed(const std::array<uint8_t, 32>& key, std::initializer_list<std::string_view> parts) {
  Input inner;
  inner.Add(View(key));
  for (std::string_view part : parts) inner.AddPart(part);
  Digest digest = inner.Hash();
  Input outer;
  outer.Add(View(key));
  outer.Add(View(digest));
  return outer.Hash();
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
