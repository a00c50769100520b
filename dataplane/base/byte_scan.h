#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

// Looks for the first byte of a class, 16 bytes at a time where the CPU has SSE2 (every x86-64), and copies what comes
// before it. A class is a type with a constexpr IsIn(byte) and, for 16 bytes at once, Mask(bytes): bit i for byte i.
namespace penstock::byte_scan {

namespace internal {

#ifdef __SSE2__
inline __m128i Load16(const char* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
inline void Store16(char* p, __m128i bytes) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), bytes); }
inline unsigned MaskOf(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }

inline __m128i Equal(__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); }
// Unsigned bytes <= C.
inline __m128i AtMost(__m128i bytes, char c) { return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(c)), bytes); }
// Unsigned bytes >= C.
inline __m128i AtLeast(__m128i bytes, uint8_t c) {
  return _mm_cmpeq_epi8(_mm_max_epu8(bytes, _mm_set1_epi8(static_cast<char>(c))), bytes);
}

// Unaligned. A text of 8 to 15 (or 4 to 7) bytes is its first word and its last one, which overlap.
template <typename Word>
Word LoadWord(const char* p) {
  Word word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}
#endif

template <typename Class>
size_t FindOneByOne(std::string_view text, size_t from) {
  while (from < text.size() && !Class::IsIn(static_cast<uint8_t>(text[from]))) ++from;
  return from;
}

}  // namespace internal

// Bytes that no line of HTTP/1.1 may hold, its end included: 0x00-0x1F but tab, and DEL.
struct LineControl {
  static constexpr bool IsIn(uint8_t c) { return (c < 0x20 && c != '\t') || c == 0x7F; }
#ifdef __SSE2__
  static unsigned Mask(__m128i bytes) {
    using namespace internal;
    return MaskOf(_mm_or_si128(_mm_andnot_si128(Equal(bytes, '\t'), AtMost(bytes, 0x1F)), Equal(bytes, 0x7F)));
  }
#endif
};

// Controls, blanks, and everything that is not ASCII.
struct NotVisible {
  static constexpr bool IsIn(uint8_t c) { return c <= 0x20 || c >= 0x7F; }
#ifdef __SSE2__
  static unsigned Mask(__m128i bytes) {
    using namespace internal;
    return MaskOf(_mm_or_si128(AtMost(bytes, 0x20), AtLeast(bytes, 0x7F)));
  }
#endif
};

// The same, and the colon: what ends a field's name.
struct NotName {
  static constexpr bool IsIn(uint8_t c) { return NotVisible::IsIn(c) || c == ':'; }
#ifdef __SSE2__
  static unsigned Mask(__m128i bytes) {
    return NotVisible::Mask(bytes) | internal::MaskOf(internal::Equal(bytes, ':'));
  }
#endif
};

// Line controls and blanks: what would split a request line.
struct Splitting {
  static constexpr bool IsIn(uint8_t c) { return c <= 0x20 || c == 0x7F; }
#ifdef __SSE2__
  static unsigned Mask(__m128i bytes) {
    using namespace internal;
    return MaskOf(_mm_or_si128(AtMost(bytes, 0x20), Equal(bytes, 0x7F)));
  }
#endif
};

// What a JSON string cannot hold as it is, or what may not be UTF-8.
struct NotPlainJson {
  static constexpr bool IsIn(uint8_t c) { return c < 0x20 || c >= 0x7F || c == '"' || c == '\\'; }
#ifdef __SSE2__
  static unsigned Mask(__m128i bytes) {
    using namespace internal;
    __m128i outside = _mm_or_si128(AtMost(bytes, 0x1F), AtLeast(bytes, 0x7F));
    return MaskOf(_mm_or_si128(outside, _mm_or_si128(Equal(bytes, '"'), Equal(bytes, '\\'))));
  }
#endif
};

// The index of the first byte of the class, or text.size().
template <typename Class>
size_t Find(std::string_view text) {
#ifdef __SSE2__
  using namespace internal;
  const char* p = text.data();
  size_t size = text.size();
  if (size >= 16) {
    for (size_t i = 0;; i = i + 32 <= size ? i + 16 : size - 16) {
      unsigned mask = Class::Mask(Load16(p + i));
      if (mask != 0) return i + static_cast<size_t>(__builtin_ctz(mask));
      if (i + 16 == size) return size;
    }
  }
  if (size >= 8) {
    __m128i bytes = _mm_set_epi64x(LoadWord<int64_t>(p + size - 8), LoadWord<int64_t>(p));
    if (Class::Mask(bytes) == 0) return size;
  }
#endif
  return internal::FindOneByOne<Class>(text, 0);
}

// Copies to OUT the bytes before the first byte of the class and returns their number. May write to all of the first
// text.size() bytes of OUT, and to no others.
template <typename Class>
size_t CopyUntil(std::string_view text, char* out) {
#ifdef __SSE2__
  using namespace internal;
  const char* p = text.data();
  size_t size = text.size();
  if (size >= 16) {
    for (size_t i = 0;; i = i + 32 <= size ? i + 16 : size - 16) {
      __m128i bytes = Load16(p + i);
      Store16(out + i, bytes);
      unsigned mask = Class::Mask(bytes);
      if (mask != 0) return i + static_cast<size_t>(__builtin_ctz(mask));
      if (i + 16 == size) return size;
    }
  }
  if (size >= 8) {
    int64_t first = LoadWord<int64_t>(p);
    int64_t last = LoadWord<int64_t>(p + size - 8);
    std::memcpy(out, &first, 8);
    std::memcpy(out + size - 8, &last, 8);
    if (Class::Mask(_mm_set_epi64x(last, first)) == 0) return size;
    return FindOneByOne<Class>(text, 0);
  }
  if (size >= 4) {
    int32_t first = LoadWord<int32_t>(p);
    int32_t last = LoadWord<int32_t>(p + size - 4);
    std::memcpy(out, &first, 4);
    std::memcpy(out + size - 4, &last, 4);
    if ((Class::Mask(_mm_set_epi32(0, 0, last, first)) & 0xFF) == 0) return size;
    return FindOneByOne<Class>(text, 0);
  }
#endif
  size_t n = internal::FindOneByOne<Class>(text, 0);
  for (size_t i = 0; i < n; ++i) out[i] = text[i];
  return n;
}

}  // namespace penstock::byte_scan
