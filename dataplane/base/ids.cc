#include "dataplane/base/ids.h"

namespace penstock {
namespace {

// The two digits of every byte.
constexpr std::array<std::array<char, 2>, 256> kHexPairs = [] {
  constexpr char kHex[] = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t byte = 0; byte < 256; ++byte) pairs[byte] = {kHex[byte >> 4], kHex[byte & 15]};
  return pairs;
}();

}  // namespace

RequestId RequestId::Make(Random& random) {
  constexpr std::uint64_t kVersionMask = 0xf000, kVersion4 = 0x4000;
  constexpr std::uint64_t kVariantMask = std::uint64_t{3} << 62, kVariant = std::uint64_t{2} << 62;
  return RequestId{(random.Next() & ~kVersionMask) | kVersion4, (random.Next() & ~kVariantMask) | kVariant};
}

RequestId::Text RequestId::ToText() const {
  Text text;
  char* out = text.data();
  for (int byte = 0; byte < 16; ++byte) {
    if (byte == 4 || byte == 6 || byte == 8 || byte == 10) *out++ = '-';
    std::uint64_t word = byte < 8 ? high : low;
    const char* digits = kHexPairs[(word >> (56 - 8 * (byte % 8))) & 0xff].data();
    *out++ = digits[0];
    *out++ = digits[1];
  }
  return text;
}

}  // namespace penstock
