#include "dataplane/snapshot/values.h"

#include <algorithm>

#include "dataplane/base/ip_address.h"
#include "dataplane/base/strings.h"

namespace penstock::snapshot {
namespace {

bool IsLabel(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
}

bool IsHostname(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  while (!host.empty()) {
    std::string_view label = host.substr(0, host.find('.'));
    if (!IsLabel(label)) return false;
    if (label.size() == host.size()) return true;
    host.remove_prefix(label.size() + 1);
  }
  return false;
}

}  // namespace

nanoseconds ReadDuration(const google::protobuf::Duration& value, Zero zero, nanoseconds fallback, const Field& field,
                         ProblemSink& problems) {
  constexpr int64_t kMaxSeconds = std::chrono::duration_cast<std::chrono::seconds>(kMaxDuration).count();
  bool normal = value.nanos() > -1'000'000'000 && value.nanos() < 1'000'000'000;
  if (!normal || value.seconds() < 0 || value.nanos() < 0) {
    problems.Add("E205", field, "a duration is not negative, and its nanos are below one second");
    return fallback;
  }
  if (value.seconds() > kMaxSeconds) {
    problems.Add("E205", field, "the duration is longer than a year", "leave it out for the default");
    return fallback;
  }
  nanoseconds result = std::chrono::seconds(value.seconds()) + nanoseconds(value.nanos());
  if (result == nanoseconds(0) && zero == Zero::kRefused) {
    problems.Add("E205", field, "the duration must be above 0", "leave it out for the default");
    return fallback;
  }
  return result;
}

uint32_t ReadLimit(uint32_t value, uint32_t fallback, uint32_t maximum, const Field& field, ProblemSink& problems) {
  if (value == 0) return fallback;
  if (value <= maximum) return value;
  problems.Add("E210", field, StrCat(value, " is above the maximum of ", maximum));
  return fallback;
}

uint16_t ReadPort(uint32_t value, const Field& field, ProblemSink& problems) {
  if (value >= 1 && value <= 65535) return static_cast<uint16_t>(value);
  problems.Add("E206", field, StrCat(value, " is no port"), "a port is 1 to 65535");
  return 0;
}

std::string ReadAddress(std::string_view text, const Field& field, ProblemSink& problems) {
  StatusOr<IpAddress> address = IpAddress::Parse(text);
  if (address.ok()) return address->ToString();
  problems.Add("E206", field, address.status(), "write an IPv4 or IPv6 literal");
  return "";
}

bool IsUnixPath(std::string_view path, UnixPath kind) {
  bool absolute = path.starts_with('/') || (kind == UnixPath::kAny && path.starts_with('@'));
  return absolute && path.size() <= kMaxUnixPath && path.find('\0') == path.npos;
}

void CheckHostname(std::string_view host, Wildcard wildcard, const Field& field, ProblemSink& problems) {
  std::string_view name = host;
  if (wildcard == Wildcard::kAllowed && name.starts_with("*.")) name.remove_prefix(2);
  if (IsHostname(name)) return;
  problems.Add("E206", field, StrCat("\"", host, "\" is no host name"),
               wildcard == Wildcard::kAllowed ? "lower case, as \"a.example\" or \"*.example\""
                                              : "lower case, as \"a.example\"");
}

}  // namespace penstock::snapshot
