#include "dataplane/base/ids.h"

namespace penstock {

RequestId RequestId::Make(Random& random) {
  constexpr std::uint64_t kVersionMask = 0xf000, kVersion4 = 0x4000;
  constexpr std::uint64_t kVariantMask = std::uint64_t{3} << 62, kVariant = std::uint64_t{2} << 62;
  return RequestId{(random.Next() & ~kVersionMask) | kVersion4, (random.Next() & ~kVariantMask) | kVariant};
}

RequestId::Text RequestId::ToText() const {
  constexpr char kHex[] = "0123456789abcdef";
  Text text;
  std::size_t at = 0;
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) text[at++] = '-';
    std::uint64_t word = nibble < 16 ? high : low;
    text[at++] = kHex[(word >> (60 - 4 * (nibble % 16))) & 15];
  }
  return text;
}

}  // namespace penstock
