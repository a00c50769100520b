#include "dataplane/http/grpc/web.h"

#include <algorithm>

namespace penstock::http::grpc {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNoDigit = 0xFF;

constexpr std::array<uint8_t, 256> MakeDigits() {
  std::array<uint8_t, 256> digits;
  digits.fill(kNoDigit);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return digits;
}
constexpr std::array<uint8_t, 256> kDigits = MakeDigits();

// Name, ": ", value, line end.
size_t LineSize(const Field& field) { return field.name().size() + field.value().size() + 4; }

char* Put(char* next, std::string_view text) { return std::copy(text.begin(), text.end(), next); }

}  // namespace

size_t TrailerFrameSize(const Headers& trailers) {
  size_t size = kFrameHead;
  for (const Field& field : trailers) size += LineSize(field);
  return size;
}

size_t WriteTrailerFrame(const Headers& trailers, std::span<char> out) {
  size_t size = TrailerFrameSize(trailers);
  size_t length = size - kFrameHead;
  char* next = out.data();
  *next++ = static_cast<char>(0x80);
  for (int shift = 24; shift >= 0; shift -= 8) *next++ = static_cast<char>(length >> shift);
  for (const Field& field : trailers) {
    next = Put(next, field.name());
    next = Put(next, ": ");
    next = Put(next, field.value());
    next = Put(next, "\r\n");
  }
  return size;
}

size_t EncodeBase64(std::string_view bytes, std::span<char> out) {
  char* next = out.data();
  while (!bytes.empty()) {
    size_t n = std::min<size_t>(bytes.size(), 3);
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) group = group << 8 | (i < n ? static_cast<unsigned char>(bytes[i]) : 0u);
    for (size_t i = 0; i < 4; ++i) *next++ = i <= n ? kAlphabet[group >> (18 - 6 * i) & 63] : '=';
    bytes.remove_prefix(n);
  }
  return static_cast<size_t>(next - out.data());
}

bool Base64Decoder::Decode(std::string_view text, std::span<char> out, size_t& written) {
  written = 0;
  for (char c : text) {
    if (c == '=') {
      if (count_ < 2) return false;
      ++padding_;
      group_[count_++] = 0;
    } else {
      uint8_t digit = kDigits[static_cast<unsigned char>(c)];
      if (digit == kNoDigit || padding_ > 0) return false;
      group_[count_++] = digit;
    }
    if (count_ == 4 && !Flush(out, written)) return false;
  }
  return true;
}

bool Base64Decoder::Flush(std::span<char> out, size_t& written) {
  uint32_t group = 0;
  for (uint8_t digit : group_) group = group << 6 | digit;
  size_t bytes = 3u - padding_;
  // Bits that the padding leaves over: another text would mean the same bytes.
  uint32_t rest = padding_ == 0 ? 0 : group & ((1u << (8 * padding_)) - 1);
  if (rest != 0) return false;
  for (size_t i = 0; i < bytes; ++i) out[written++] = static_cast<char>(group >> (16 - 8 * i));
  count_ = padding_ = 0;
  return true;
}

}  // namespace penstock::http::grpc
