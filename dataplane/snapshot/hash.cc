#include "dataplane/snapshot/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <initializer_list>

namespace penstock::snapshot {
namespace {

// Each part is hashed with its length, so that no two lists of parts are the same bytes.
uint64_t HashParts(std::initializer_list<std::string_view> parts) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  for (std::string_view part : parts) {
    std::array<unsigned char, 8> length;
    for (size_t i = 0; i < length.size(); ++i) length[i] = static_cast<unsigned char>(part.size() >> (8 * i));
    XXH3_64bits_update(&state, length.data(), length.size());
    XXH3_64bits_update(&state, part.data(), part.size());
  }
  return XXH3_64bits_digest(&state);
}

}  // namespace

std::string ResourceVersion(std::string_view type_url, std::string_view name, std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  uint64_t hash = HashParts({type_url, name, bytes});
  std::string text(16, '0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = kDigits[(hash >> (60 - 4 * i)) & 15];
  return text;
}

uint64_t ResourceHash(std::string_view type_url, std::string_view name, std::string_view version) {
  return HashParts({type_url, name, version});
}

bool CountsInGeneration(std::string_view type_url) { return type_url != kEndpointsType && type_url != kGenerationType; }

}  // namespace penstock::snapshot
