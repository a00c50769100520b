#include "controlplane/manifests/formats.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "absl/time/time.h"
#include "controlplane/manifests/text.h"
#include "re2/re2.h"

namespace penstock::manifests {
namespace {

// RFC 1123 label, as Kubernetes writes names: lower case.
bool IsDnsLabel(std::string_view text) {
  auto allowed = [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; };
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), allowed);
}

bool IsDnsSubdomain(std::string_view text) {
  if (text.size() > 253) return false;
  while (true) {
    size_t dot = text.find('.');
    if (!IsDnsLabel(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool IsIpv4(std::string_view text) {
  in_addr address;
  return inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

bool IsIpv6(std::string_view text) {
  in6_addr address;
  return inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool IsIp(std::string_view text) { return IsIpv4(text) || IsIpv6(text); }

bool IsCidr(std::string_view text) {
  size_t slash = text.find('/');
  unsigned bits = 0;
  if (slash == std::string_view::npos || !ReadNumber(text.substr(slash + 1), bits)) return false;
  std::string_view address = text.substr(0, slash);
  return (IsIpv4(address) && bits <= 32) || (IsIpv6(address) && bits <= 128);
}

bool IsHostname(std::string_view text) { return IsDnsSubdomain(text) && !IsIpv4(text); }

bool IsHostnameOrWildcard(std::string_view text) { return IsHostname(text.starts_with("*.") ? text.substr(2) : text); }

// GEP-2257: up to four of h, m, s, ms, each at most five digits.
bool IsDuration(std::string_view text) {
  static const RE2 pattern("([0-9]{1,5}(h|m|s|ms)){1,4}");
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

bool IsTokenCharacter(char c) {
  constexpr std::string_view kSigns = "!#$%&'*+-.^_`|~";
  return IsAlphaNumeric(c) || kSigns.find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter); }

// RFC 9110 5.5, without obs-text.
bool IsHeaderValue(std::string_view text) {
  auto visible = [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\t'; };
  bool blank_ends =
      !text.empty() && (text.front() == ' ' || text.back() == ' ' || text.front() == '\t' || text.back() == '\t');
  return !blank_ends && std::all_of(text.begin(), text.end(), visible);
}

// RFC 3986 pchar and "/", percent-encoding complete.
bool IsPath(std::string_view text) {
  static const RE2 pattern("(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*");
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

bool IsAbsolutePath(std::string_view text) { return text.starts_with('/') && IsPath(text); }

bool IsOrigin(std::string_view text) {
  static const RE2 pattern(
      R"(\*|[A-Za-z][A-Za-z0-9+.\-]*://(\*|(\*\.)?[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(:([0-9]{1,5}|\*))?)");
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

bool IsRegex(std::string_view text) {
  RE2::Options quiet;
  quiet.set_log_errors(false);
  return RE2(re2::StringPiece(text.data(), text.size()), quiet).ok();
}

bool IsLabelValue(std::string_view text) {
  auto allowed = [](char c) { return IsAlphaNumeric(c) || c == '-' || c == '_' || c == '.'; };
  if (text.empty()) return true;
  return text.size() <= 63 && IsAlphaNumeric(text.front()) && IsAlphaNumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), allowed);
}

bool IsQuantity(std::string_view text) {
  static const RE2 pattern(R"([0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?)");
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

bool IsPercent(std::string_view text) {
  double number = 0;
  if (!text.ends_with('%')) return false;
  text.remove_suffix(1);
  return ReadNumber(text, number) && number >= 0 && number <= 100;
}

// Of sockaddr_un: an absolute path, or "@" and a name in the abstract namespace of Linux.
bool IsSocketPath(std::string_view text) {
  constexpr size_t kMaxPath = 107;
  bool starts = text.starts_with('/') || text.starts_with('@');
  return starts && text.size() > 1 && text.size() <= kMaxPath && text.find('\0') == std::string_view::npos;
}

// As the compiler has it: HTTP/2 or TLS inside would carry requests past every rule.
bool IsUpgrade(std::string_view text) {
  auto allowed = [](char c) { return IsLower(c) || IsDigit(c) || c == '-' || c == '.' || c == '_'; };
  bool plain = !text.empty() && std::all_of(text.begin(), text.end(), allowed);
  return plain && text != "h2c" && text != "tls";
}

bool IsSha256(std::string_view text) {
  auto digit = [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); };
  return text.size() == 64 && std::all_of(text.begin(), text.end(), digit);
}

// A quoted-string of a challenge (RFC 9110 5.6.4) that needs no escapes.
bool IsRealm(std::string_view text) {
  auto allowed = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

// RFC 7617 2. Manifests are UTF-8.
bool IsUserName(std::string_view text) {
  auto allowed = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != ':'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

// RFC 3339: a year has four digits.
bool IsTime(std::string_view text) {
  absl::Time time;
  if (text.find('-') != 4) return false;
  return absl::ParseTime(absl::RFC3339_full, absl::string_view(text.data(), text.size()), &time, nullptr);
}

constexpr Format kFormats[] = {
    {"absolute_path", IsAbsolutePath, "an absolute path such as \"/products\""},
    {"address_range", [](std::string_view text) { return IsIp(text) || IsCidr(text); },
     "an address or a range of them such as \"10.0.0.11\", \"10.0.0.0/8\" or \"2001:db8::/32\""},
    {"cidr", IsCidr, "an address range such as \"10.0.0.0/8\" or \"2001:db8::/32\""},
    {"cors_origin", IsOrigin, "\"*\" or an origin such as \"https://app.example\" or \"https://*.example:8443\""},
    {"dns_label", IsDnsLabel, "a name of lower case letters, digits and \"-\", at most 63 characters"},
    {"dns_subdomain", IsDnsSubdomain, "a name of lower case letters, digits, \"-\" and \".\", as \"products-v1\""},
    {"duration", IsDuration, "a duration such as \"2s\", \"250ms\" or \"1h30m\""},
    {"header_name", IsToken, "the name of a header such as \"x-api\""},
    {"header_value", IsHeaderValue, "the value of a header: visible ASCII, no blanks at its ends"},
    {"hostname", IsHostname, "a host name in lower case such as \"shop.example\" (not an address, no port)"},
    {"hostname_or_wildcard", IsHostnameOrWildcard,
     "a host name in lower case such as \"shop.example\" or \"*.shop.example\" (not an address, no port)"},
    {"ip", IsIp, "an IPv4 or IPv6 address such as \"10.0.0.11\" or \"2001:db8::1\""},
    {"label_value", IsLabelValue, "a label: letters, digits, \"-\", \"_\" and \".\", at most 63 characters, or empty"},
    {"method", IsToken, "a method such as \"GET\""},
    {"path", IsPath, "a path such as \"/products\" (other characters percent-encoded)"},
    {"percent", IsPercent, "a percentage such as \"20%\""},
    {"quantity", IsQuantity, "a quantity such as \"64Ki\" or \"10M\""},
    {"realm", IsRealm, "a name in printable ASCII without quotation marks and backslashes, such as \"shop\""},
    {"regex", IsRegex, "a regular expression in RE2 syntax"},
    {"sha256", IsSha256, "64 hexadecimal digits", /*by_mistake_secret=*/true},
    {"socket_path", IsSocketPath, "the path of a socket such as \"/run/app.sock\", or \"@name\", at most 107 bytes"},
    {"time", IsTime, "a time such as \"2026-11-29T12:00:00Z\""},
    {"upgrade", IsUpgrade, "a protocol in lower case such as \"websocket\" (never h2c or tls, which hide requests)"},
    {"user_name", IsUserName, "the name of a user: no colon and no control characters"},
};

}  // namespace

const Format* FindFormat(std::string_view name) {
  for (const Format& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

std::span<const Format> AllFormats() { return kFormats; }

}  // namespace penstock::manifests
