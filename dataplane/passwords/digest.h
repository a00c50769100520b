#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "dataplane/passwords/user_file.h"

namespace penstock::passwords {

// What equal questions have in common, and nobody can read a password from.
using Digest = std::array<uint8_t, 32>;

// Digests are as good as random.
struct DigestHash {
  size_t operator()(const Digest& digest) const {
    size_t first;
    std::memcpy(&first, digest.data(), sizeof(first));
    return first;
  }
};

// Whose the hash is that a password is compared with. Nobody learns by the time that it takes whether there is a user:
// a name that is not there is compared with the hash of somebody who is, always the same one, and never passes.
struct Subject {
  const User* user = nullptr;  // of the file that was asked
  bool known = false;          // it is the one of that name
};

// The secret of one process. Immutable; any thread.
class DigestKey {
 public:
  DigestKey();  // random

  // Of the question whether NAME, who is SUBJECT, has this password. Another password, name or hash is another
  // question. No lock, nothing of the heap.
  Digest Of(std::string_view name, const Subject& subject, std::string_view password) const;

  Subject SubjectOf(std::string_view name, const UserFile& file) const;

 private:
  std::array<uint8_t, 32> key_;
};

}  // namespace penstock::passwords
