#include "dataplane/limits/limit_key.h"

#include <xxhash.h>

#include <cstring>

#include "dataplane/base/random.h"

namespace penstock::limits {

KeyHash::KeyHash() {
  for (std::size_t i = 0; i < secret_.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t random = SeedFromKernel();
    std::memcpy(&secret_[i], &random, sizeof(random));
  }
}

// A hash of the parts' hashes, so that no part can end where another one begins.
LimitKey KeyHash::Of(std::span<const std::string_view> parts) const {
  XXH128_hash_t links[2] = {{parts.size(), 0}, {0, 0}};
  for (std::string_view part : parts) {
    links[1] = XXH3_128bits_withSecret(part.data(), part.size(), secret_.data(), secret_.size());
    links[0] = XXH3_128bits_withSecret(links, sizeof(links), secret_.data(), secret_.size());
  }
  return {links[0].high64, links[0].low64};
}

}  // namespace penstock::limits
