#include "dataplane/telemetry/access_log/entry.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "dataplane/base/byte_scan.h"
#include "dataplane/base/check.h"

namespace penstock::telemetry {
namespace {

// Longest escaped form of a field; the sum leaves room for keys and numbers within kMaxAccessLogLine.
constexpr size_t kMaxPath = 8192;
constexpr size_t kMaxName = 600;
constexpr size_t kMaxUserAgent = 1024;
constexpr size_t kMaxHost = 512;
constexpr size_t kMaxShort = 128;

// Length of the well-formed UTF-8 sequence (RFC 3629, no overlong forms, no surrogates) that starts at TEXT with a byte
// above 0x7f; 0 if there is none.
size_t Utf8Length(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  auto continues = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  unsigned char first = byte(0);
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) > 0x9f) return 0;
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

// Writes VALUE with zeros in front; returns the end.
template <int kDigits>
char* WritePadded(char* out, uint64_t value) {
  for (int i = kDigits - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + kDigits;
}

constexpr uint64_t kEightZeros = 0x3030303030303030;  // "00000000"

// The eight decimal digits of VALUE, which is below 10^8, the first in the lowest byte: two numbers of four digits side
// by side, then four of two, then eight of one. Divisions by 100 and 10 are multiplications that are exact here.
uint64_t EightDigits(uint32_t value) {
  uint64_t four = value / 10000 | uint64_t{value % 10000} << 32;
  uint64_t hundreds = (four * 10486 >> 20) & 0x0000007f0000007f;
  uint64_t two = hundreds | (four - 100 * hundreds) << 16;
  uint64_t tens = (two * 103 >> 10) & 0x000f000f000f000f;
  return (tens | (two - 10 * tens) << 8) + kEightZeros;
}
static_assert(std::endian::native == std::endian::little);

// Writes an object key by key. Keys are literals, so that they cost a store or two. The caller guarantees that the
// buffer is large enough.
class Line {
 public:
  explicit Line(char* out) : begin_(out), at_(out) { *at_++ = '{'; }

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

  // Milliseconds with microseconds behind the point.
  template <size_t N>
  void Millis(const char (&key)[N], std::chrono::nanoseconds value) {
    Key(key);
    uint64_t us = static_cast<uint64_t>(std::max<int64_t>(value.count(), 0)) / 1000;
    Digits(us / 1000);
    *at_++ = '.';
    at_ = WritePadded<3>(at_, us % 1000);
  }

  // SECOND as AccessLogFormatter makes it, and the microseconds behind it.
  template <size_t N>
  void Time(const char (&key)[N], std::string_view second, uint64_t us) {
    Key(key);
    *at_++ = '"';
    Raw(second);
    at_ = WritePadded<6>(at_, us);
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
      uint64_t digits = EightDigits(static_cast<uint32_t>(value));
      int zeros = std::countr_zero(digits ^ kEightZeros) / 8;
      digits >>= 8 * zeros;
      std::memcpy(at_, &digits, sizeof(digits));
      at_ += 8 - zeros;
    } else {
      Digits(value / kEightDigits);
      uint64_t last = EightDigits(static_cast<uint32_t>(value % kEightDigits));
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

// Runs that need no escape are copied in bulk.
void Line::Escaped(std::string_view value, size_t limit) {
  const char* const end = at_ + limit;
  while (!value.empty()) {
    std::string_view fits = value.substr(0, static_cast<size_t>(end - at_));
    size_t plain = byte_scan::CopyUntil<byte_scan::NotPlainJson>(fits, at_);
    at_ += plain;
    value.remove_prefix(plain);
    if (value.empty()) return;
    if (plain == fits.size()) return Cut();
    std::array<char, 6> escape;
    size_t length = 0;
    size_t taken = EscapeOne(value, escape, length);
    if (length > static_cast<size_t>(end - at_)) return Cut();
    Raw({escape.data(), length});
    value.remove_prefix(taken);
  }
}

// Writes what stands for the first character of REST; returns how many bytes of REST it took.
size_t Line::EscapeOne(std::string_view rest, std::array<char, 6>& out, size_t& length) {
  auto c = static_cast<unsigned char>(rest[0]);
  if (c == '"' || c == '\\') {
    out = {'\\', static_cast<char>(c)};
    length = 2;
    return 1;
  }
  size_t utf8 = c >= 0x80 ? Utf8Length(rest) : 0;
  if (utf8 > 0) {
    std::memcpy(out.data(), rest.data(), utf8);
    length = utf8;
    return utf8;
  }
  constexpr char kHex[] = "0123456789abcdef";
  out = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
  length = 6;
  return 1;
}

constexpr int64_t kNsPerSecond = 1'000'000'000;

void WriteTls(const AccessLogEntry& entry, Line& line) {
  line.String("tls_version", entry.tls_version, kMaxShort);
  line.String("tls_cipher", entry.tls_cipher, kMaxShort);
  if (!entry.sni.empty()) line.String("sni", entry.sni, kMaxHost);
  if (!entry.alpn.empty()) line.String("alpn", entry.alpn, kMaxShort);
  if (!entry.client_identity.empty()) line.String("client_identity", entry.client_identity, kMaxName);
}

}  // namespace

// The part of a time that stays the same for a second; RFC 3339 in UTC: "2026-11-21T02:04:53.".
std::string_view AccessLogFormatter::Second(int64_t unix_seconds) {
  if (unix_seconds != second_) {
    second_ = unix_seconds;
    using namespace std::chrono;
    sys_seconds time{seconds(unix_seconds)};
    sys_days day = floor<days>(time);
    year_month_day date{day};
    auto of_day = static_cast<uint64_t>((time - day).count());
    char* out = second_text_.data();
    out = WritePadded<4>(out, static_cast<uint64_t>(static_cast<int>(date.year())));
    *out++ = '-';
    out = WritePadded<2>(out, static_cast<unsigned>(date.month()));
    *out++ = '-';
    out = WritePadded<2>(out, static_cast<unsigned>(date.day()));
    *out++ = 'T';
    out = WritePadded<2>(out, of_day / 3600);
    *out++ = ':';
    out = WritePadded<2>(out, of_day / 60 % 60);
    *out++ = ':';
    out = WritePadded<2>(out, of_day % 60);
    *out++ = '.';
  }
  return {second_text_.data(), kSecondSize};
}

size_t AccessLogFormatter::Format(const AccessLogEntry& entry, std::span<char> out) {
  PENSTOCK_CHECK(out.size() >= kMaxAccessLogLine, "a log line may be longer than its buffer");
  Line line(out.data());
  int64_t second = entry.time_unix_ns / kNsPerSecond;
  int64_t ns = entry.time_unix_ns % kNsPerSecond;
  if (ns < 0) --second, ns += kNsPerSecond;
  line.Time("time", Second(second), static_cast<uint64_t>(ns) / 1000);
  line.String("request_id", entry.request_id, kMaxShort);
  line.Generation("generation", entry.generation_epoch, entry.generation_number);
  line.Number("endpoints_epoch", entry.endpoints_epoch);
  line.String("listener", entry.listener, kMaxName);
  if (!entry.route.empty()) line.String("route", entry.route, kMaxName);
  if (entry.rule >= 0) line.Number("rule", static_cast<uint64_t>(entry.rule));
  if (!entry.rule_name.empty()) line.String("rule_name", entry.rule_name, kMaxName);
  if (!entry.cluster.empty()) line.String("cluster", entry.cluster, kMaxName);
  if (!entry.endpoint.empty()) line.String("endpoint", entry.endpoint, kMaxShort);
  line.String("method", entry.method, kMaxShort);
  line.String("host", entry.host, kMaxHost);
  line.String("path", entry.path, kMaxPath);
  line.Number("status", static_cast<uint64_t>(std::max(entry.status, 0)));
  if (!entry.upgrade.empty()) line.String("upgrade", entry.upgrade, kMaxShort);
  if (!entry.reason.empty()) line.String("reason", entry.reason, kMaxShort);
  if (!entry.detail.empty()) line.String("detail", entry.detail, kMaxShort);
  line.Number("bytes_in", entry.bytes_in);
  line.Number("bytes_out", entry.bytes_out);
  line.Millis("duration_ms", entry.duration);
  if (entry.upstream_connect.count() >= 0) line.Millis("upstream_connect_ms", entry.upstream_connect);
  if (entry.upstream_response.count() >= 0) line.Millis("upstream_response_ms", entry.upstream_response);
  line.String("peer", entry.peer, kMaxShort);
  line.String("client", entry.client, kMaxShort);
  if (!entry.tls_version.empty()) WriteTls(entry, line);
  if (!entry.user_agent.empty()) line.String("user_agent", entry.user_agent, kMaxUserAgent);
  line.Number("tries", entry.tries);
  line.Number("seed", entry.seed);
  return line.End();
}

}  // namespace penstock::telemetry
