#include "dataplane/http/grpc/status.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "dataplane/base/ascii.h"

namespace penstock::http::grpc {
namespace {

constexpr std::array<std::string_view, 17> kCodeTexts = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                                         "9", "10", "11", "12", "13", "14", "15", "16"};

constexpr std::array<std::string_view, 17> kCodeNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// Without parameters and the blanks before them.
std::string_view MediaType(std::string_view content_type) {
  return WithoutBlanks(content_type.substr(0, content_type.find(';')));
}

bool SameLower(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) { return Lower(a) == b; });
}

bool IsPlain(char c) { return c >= ' ' && c <= '~' && c != '%'; }

struct DialectRow {
  std::string_view type;
  Dialect dialect;
};
constexpr DialectRow kDialects[] = {{"application/grpc", Dialect::kGrpc},
                                    {"application/grpc-web", Dialect::kWeb},
                                    {"application/grpc-web-text", Dialect::kWebText}};

}  // namespace

std::string_view CodeText(Code code) { return kCodeTexts[static_cast<size_t>(code)]; }

std::optional<int> ParseStatus(std::string_view value) {
  int status = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), status);
  bool whole = error == std::errc() && end == value.data() + value.size();
  if (!whole || status < 0 || status > kLargestStatus) return std::nullopt;
  return status;
}

Code CodeOfHttpStatus(int status) {
  switch (status) {
    case 400:
      return Code::kInternal;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return Code::kUnavailable;
    default:
      return Code::kUnknown;
  }
}

std::string_view NameOf(Code code) { return kCodeNames[static_cast<size_t>(code)]; }

Dialect DialectOf(std::string_view content_type) {
  // Most content types end the search here.
  if (content_type.size() < kDialects[0].type.size()) return Dialect::kNone;
  std::string_view type = MediaType(content_type);
  type = type.substr(0, type.find('+'));
  for (const DialectRow& row : kDialects) {
    if (SameLower(type, row.type)) return row.dialect;
  }
  return Dialect::kNone;
}

std::string_view MessageFormatOf(std::string_view content_type) {
  std::string_view type = MediaType(content_type);
  size_t plus = type.find('+');
  return plus == std::string_view::npos ? std::string_view() : type.substr(plus);
}

std::optional<std::chrono::nanoseconds> ParseTimeout(std::string_view value) {
  constexpr size_t kMostDigits = 8;
  if (value.size() < 2 || value.size() > kMostDigits + 1) return std::nullopt;
  int64_t number = 0;
  for (char c : value.substr(0, value.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  using namespace std::chrono;
  switch (value.back()) {
    case 'H':
      return std::min(hours(number), kLongestTimeout);
    case 'M':
      return std::min(minutes(number), minutes(kLongestTimeout));
    case 'S':
      return seconds(number);
    case 'm':
      return milliseconds(number);
    case 'u':
      return microseconds(number);
    case 'n':
      return nanoseconds(number);
    default:
      return std::nullopt;
  }
}

std::string_view EncodeMessage(std::string_view message, Arena& arena) {
  constexpr char kHex[] = "0123456789ABCDEF";
  size_t odd = static_cast<size_t>(std::count_if(message.begin(), message.end(), [](char c) { return !IsPlain(c); }));
  if (odd == 0) return message;
  size_t size = message.size() + 2 * odd;
  char* out = arena.Allocate(size);
  char* next = out;
  for (char c : message) {
    if (IsPlain(c)) {
      *next++ = c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    *next++ = '%';
    *next++ = kHex[byte >> 4];
    *next++ = kHex[byte & 15];
  }
  return {out, size};
}

}  // namespace penstock::http::grpc
