#pragma once

#include <array>
#include <cstdint>

#include "dataplane/base/byte_scan.h"

namespace penstock::http::h1 {

namespace token_internal {

constexpr std::array<char, 256> MakeTable() {
  std::array<char, 256> t = {};
  for (int c = '0'; c <= '9'; ++c) t[c] = static_cast<char>(c);
  for (int c = 'a'; c <= 'z'; ++c) t[c] = t[c - 32] = static_cast<char>(c);
  for (char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
    t[static_cast<uint8_t>(c)] = c;
  return t;
}
inline constexpr std::array<char, 256> kTable = MakeTable();

#ifdef __SSE2__
// 16 bytes from kFirst + 16 - n on select the first n of 16.
inline constexpr std::array<uint8_t, 32> kFirst = {255, 255, 255, 255, 255, 255, 255, 255,
                                                   255, 255, 255, 255, 255, 255, 255, 255};

// Makes the letters lower case among the letters, digits and "-" that P begins with, of 16 bytes; returns how many of
// these there are.
inline int LowerCommon(char* p) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
  // Signed: bytes above 0x7F are negative, so in no range.
  auto between = [](__m128i v, char before, char after) {
    return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(before)), _mm_cmplt_epi8(v, _mm_set1_epi8(after)));
  };
  const __m128i letter = between(lower, 'a' - 1, 'z' + 1);
  const __m128i digit = between(bytes, '0' - 1, '9' + 1);
  const __m128i common = _mm_or_si128(_mm_or_si128(letter, digit), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
  const int count = __builtin_ctz(~static_cast<unsigned>(_mm_movemask_epi8(common)));
  const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kFirst.data() + 16 - count));
  const __m128i bit = _mm_and_si128(_mm_and_si128(letter, first), _mm_set1_epi8(0x20));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_or_si128(bytes, bit));
  return count;
}
#endif

}  // namespace token_internal

// The lower-case form of a byte that a token may hold (RFC 9110 5.6.2), else 0. "_" is a token byte.
inline char LowerTokenByte(char c) { return token_internal::kTable[static_cast<uint8_t>(c)]; }

// Makes the token that [p, end) begins with lower case in place and returns its end; UNDERSCORE tells whether "_" is in
// it. The bytes up to DATA_END, at or behind END, may be read and written back as they are.
inline char* LowerToken(char* p, char* end, [[maybe_unused]] const char* data_end, bool& underscore) {
  while (p < end) {
#ifdef __SSE2__
    // Nearly all names are of letters, digits and "-". END itself holds the line's CR: no name goes beyond it.
    if (data_end - p >= 16) {
      p += token_internal::LowerCommon(p);
      if (p >= end) break;
    }
#endif
    char lower = LowerTokenByte(*p);
    if (lower == 0) break;
    underscore |= lower == '_';
    *p++ = lower;
  }
  return p;
}

}  // namespace penstock::http::h1
