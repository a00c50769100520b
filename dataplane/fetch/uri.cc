#include "dataplane/fetch/uri.h"

#include <algorithm>

#include "dataplane/base/arena.h"
#include "dataplane/http/uri.h"

namespace penstock::fetch {
namespace {

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint16_t kHttpPort = 80;

bool IsVisible(char c) { return c > 0x20 && c < 0x7F; }

// Takes the scheme off TEXT.
StatusOr<bool> TakeTls(std::string_view& text, Schemes schemes) {
  if (text.starts_with(kHttps)) {
    text.remove_prefix(kHttps.size());
    return true;
  }
  if (!text.starts_with(kHttp)) return absl::InvalidArgumentError("the URI must begin with https://");
  if (schemes != Schemes::kAlsoHttp) {
    return absl::InvalidArgumentError("the URI must begin with https://; http:// needs allowPrivateAddresses");
  }
  text.remove_prefix(kHttp.size());
  return false;
}

std::string WithoutBrackets(std::string_view host) {
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return std::string(host);
}

Status ReadAuthority(std::string_view text, Uri& uri) {
  if (text.find('@') != text.npos) return absl::InvalidArgumentError("the URI must not name a user");
  Arena arena;
  http::Authority authority;
  if (http::CanonicalAuthority(text, arena, authority) != http::TargetResult::kOk) {
    return absl::InvalidArgumentError("the URI needs a host, and a port of 1 to 65535 if it has one");
  }
  std::uint16_t usual = uri.tls ? kHttpsPort : kHttpPort;
  uri.port = authority.port == 0 ? usual : authority.port;
  uri.host = WithoutBrackets(authority.host);
  uri.authority = uri.port == usual ? std::string(authority.host) : StrCat(authority.host, ":", uri.port);
  return absl::OkStatus();
}

}  // namespace

StatusOr<Uri> ParseUri(std::string_view text, Schemes schemes) {
  if (text.size() > kMaxUriBytes) {
    return absl::InvalidArgumentError(StrCat("the URI is longer than ", kMaxUriBytes, " bytes"));
  }
  if (!std::all_of(text.begin(), text.end(), IsVisible)) {
    return absl::InvalidArgumentError("the URI may hold printable ASCII without blanks only");
  }
  if (text.find('#') != text.npos) return absl::InvalidArgumentError("the URI must not have a fragment (#)");
  Uri uri;
  ASSIGN_OR_RETURN(uri.tls, TakeTls(text, schemes));
  size_t end = std::min(text.find_first_of("/?"), text.size());
  RETURN_IF_ERROR(ReadAuthority(text.substr(0, end), uri));
  std::string_view target = text.substr(end);
  uri.target = target.starts_with('/') ? std::string(target) : StrCat("/", target);
  return uri;
}

}  // namespace penstock::fetch
