// What the lines of the access log are written with.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "dataplane/base/byte_scan.h"

namespace penstock::telemetry {

// Longest escaped form of a field; the sum leaves room for keys and numbers within kMaxAccessLogLine.
inline constexpr size_t kMaxPath = 8192;
inline constexpr size_t kMaxAuditedPath = 4096;
inline constexpr size_t kMaxName = 600;
inline constexpr size_t kMaxUserAgent = 1024;
inline constexpr size_t kMaxHost = 512;
inline constexpr size_t kMaxShort = 128;

namespace json_line_internal {

// Writes VALUE with zeros in front; returns the end.
template <int kDigits>
char* WritePadded(char* out, uint64_t value) {
  for (int i = kDigits - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + kDigits;
}

inline constexpr uint64_t kEightZeros = 0x3030303030303030;  // "00000000"

// The eight decimal digits of VALUE, which is below 10^8, the first in the lowest byte: two numbers of four digits side
// by side, then four of two, then eight of one. Divisions by 100 and 10 are multiplications that are exact here.
inline uint64_t EightDigits(uint32_t value) {
  uint64_t four = value / 10000 | uint64_t{value % 10000} << 32;
  uint64_t hundreds = (four * 10486 >> 20) & 0x0000007f0000007f;
  uint64_t two = hundreds | (four - 100 * hundreds) << 16;
  uint64_t tens = (two * 103 >> 10) & 0x000f000f000f000f;
  return (tens | (two - 10 * tens) << 8) + kEightZeros;
}
static_assert(std::endian::native == std::endian::little);

}  // namespace json_line_internal

// Writes an object key by key. Keys are literals, so that they cost a store or two. The caller guarantees that the
// buffer is large enough. Every byte is escaped as RFC 8259 wants it; bytes that are not UTF-8 become \u00XX.
class JsonLine {
 public:
  explicit JsonLine(char* out) : begin_(out), at_(out) { *at_++ = '{'; }

  template <size_t N>
  void String(const char (&key)[N], std::string_view value, size_t limit) {
    Key(key);
    *at_++ = '"';
    // Nearly always all of it is plain and fits.
    bool fits = value.size() <= limit;
    if (fits && byte_scan::CopyUntil<byte_scan::NotPlainJson>(value, at_) == value.size()) {
      at_ += value.size();
    } else {
      Escaped(value, limit);
    }
    *at_++ = '"';
  }

  template <size_t N>
  void Number(const char (&key)[N], uint64_t value) {
    Key(key);
    Digits(value);
  }

  template <size_t N>
  void True(const char (&key)[N]) {
    Key(key);
    Raw("true");
  }

  // Milliseconds with microseconds behind the point.
  template <size_t N>
  void Millis(const char (&key)[N], std::chrono::nanoseconds value) {
    Key(key);
    uint64_t us = static_cast<uint64_t>(std::max<int64_t>(value.count(), 0)) / 1000;
    Digits(us / 1000);
    *at_++ = '.';
    at_ = json_line_internal::WritePadded<3>(at_, us % 1000);
  }

  // SECOND as AccessLogFormatter makes it, and the microseconds behind it.
  template <size_t N>
  void Time(const char (&key)[N], std::string_view second, uint64_t us) {
    Key(key);
    *at_++ = '"';
    Raw(second);
    at_ = json_line_internal::WritePadded<6>(at_, us);
    Raw("Z\"");
  }

  template <size_t N>
  void Generation(const char (&key)[N], uint64_t epoch, uint64_t number) {
    Key(key);
    *at_++ = '"';
    Digits(epoch);
    *at_++ = '.';
    Digits(number);
    *at_++ = '"';
  }

  // Ends the object and returns the length of the line.
  size_t End() {
    if (cut_) Raw(",\"cut\":true");
    Raw("}\n");
    return static_cast<size_t>(at_ - begin_);
  }

 private:
  template <size_t N>
  void Key(const char (&key)[N]) {
    if (at_ != begin_ + 1) *at_++ = ',';
    *at_++ = '"';
    Raw(std::string_view(key, N - 1));
    Raw("\":");
  }

  void Raw(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

  void Digits(uint64_t value) {
    if (value < 10) {
      *at_++ = static_cast<char>('0' + value);
    } else if (value < kEightDigits) {
      uint64_t digits = json_line_internal::EightDigits(static_cast<uint32_t>(value));
      int zeros = std::countr_zero(digits ^ json_line_internal::kEightZeros) / 8;
      digits >>= 8 * zeros;
      std::memcpy(at_, &digits, sizeof(digits));
      at_ += 8 - zeros;
    } else {
      Digits(value / kEightDigits);
      uint64_t last = json_line_internal::EightDigits(static_cast<uint32_t>(value % kEightDigits));
      std::memcpy(at_, &last, sizeof(last));
      at_ += sizeof(last);
    }
  }
  static constexpr uint64_t kEightDigits = 100'000'000;

  void Escaped(std::string_view value, size_t limit);
  void Cut() { cut_ = true; }
  size_t EscapeOne(std::string_view rest, std::array<char, 6>& out, size_t& length);

  char* const begin_;
  char* at_;
  bool cut_ = false;
};

}  // namespace penstock::telemetry
