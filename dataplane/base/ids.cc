#include "dataplane/base/ids.h"

#include <bit>
#include <cstring>

namespace penstock {
namespace {

// The eight hexadecimal digits of VALUE, the first in the lowest byte.
std::uint64_t HexDigits(std::uint32_t value) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t digits = (value >> 16) | (std::uint64_t{value & 0xffff} << 32);
  digits = ((digits >> 8) & 0x000000ff000000ff) | ((digits & 0x000000ff000000ff) << 16);
  digits = ((digits >> 4) & 0x000f000f000f000f) | ((digits & 0x000f000f000f000f) << 8);
  std::uint64_t above_nine = ((digits + 6 * kOnes) >> 4) & kOnes;
  return digits + '0' * kOnes + ('a' - '0' - 10) * above_nine;
}

}  // namespace

RequestId RequestId::Make(Random& random) {
  constexpr std::uint64_t kVersionMask = 0xf000, kVersion4 = 0x4000;
  constexpr std::uint64_t kVariantMask = std::uint64_t{3} << 62, kVariant = std::uint64_t{2} << 62;
  return RequestId{(random.Next() & ~kVersionMask) | kVersion4, (random.Next() & ~kVariantMask) | kVariant};
}

RequestId::Text RequestId::ToText() const {
  static_assert(std::endian::native == std::endian::little);
  const std::uint64_t words[] = {
      HexDigits(static_cast<std::uint32_t>(high >> 32)), HexDigits(static_cast<std::uint32_t>(high)),
      HexDigits(static_cast<std::uint32_t>(low >> 32)), HexDigits(static_cast<std::uint32_t>(low))};
  char digits[32];
  std::memcpy(digits, words, sizeof(digits));
  Text text;
  std::memcpy(&text[0], digits, 8);
  std::memcpy(&text[9], digits + 8, 4);
  std::memcpy(&text[14], digits + 12, 4);
  std::memcpy(&text[19], digits + 16, 4);
  std::memcpy(&text[24], digits + 20, 12);
  text[8] = text[13] = text[18] = text[23] = '-';
  return text;
}

}  // namespace penstock
