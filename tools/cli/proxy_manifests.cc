#include "tools/cli/proxy_manifests.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "dataplane/base/status.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

struct HostPort {
  std::string host;
  uint16_t port = 0;
};

bool IsIp(const std::string& host) {
  in6_addr scratch;
  return inet_pton(AF_INET, host.c_str(), &scratch) == 1 || inet_pton(AF_INET6, host.c_str(), &scratch) == 1;
}

bool IsHostName(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '.';
  });
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view flag, std::string_view typed) {
  std::string_view text = typed;
  if (StartsWith(text, "https://")) {
    return absl::InvalidArgumentError(StrCat("--", flag, " ", typed, ": TLS is not supported here; use http"));
  }
  ConsumePrefix(&text, "http://");
  ConsumeSuffix(&text, "/");
  size_t colon = text.rfind(':');
  uint32_t port = 0;
  bool ok =
      ReadNumber(text.substr(colon == std::string_view::npos ? 0 : colon + 1), &port) && port >= 1 && port <= 65535;
  if (!ok) return absl::InvalidArgumentError(StrCat("--", flag, " ", typed, ": write HOST:PORT"));
  std::string_view host = colon == std::string_view::npos ? "" : text.substr(0, colon);
  if (ConsumePrefix(&host, "[")) ConsumeSuffix(&host, "]");
  return HostPort{std::string(host), static_cast<uint16_t>(port)};
}

std::string BackendText(size_t i, const HostPort& to) {
  std::string host = to.host == "localhost" ? "127.0.0.1" : to.host;
  std::string spec = IsIp(host) ? StrCat("{endpoints: [{address: \"", host, "\", port: ", to.port, "}]}")
                                : StrCat("{dns: {name: ", host, ", port: ", to.port, "}}");
  return StrCat("---\napiVersion: penstock.dev/v1\nkind: Backend\nmetadata: {name: to-", i, "}\nspec: ", spec, "\n");
}

}  // namespace

absl::StatusOr<ProxyWish> ParseProxyWish(std::string_view from, const std::vector<std::string>& to) {
  if (to.empty()) return absl::InvalidArgumentError("where to? --to HOST:PORT");
  ASSIGN_OR_RETURN(HostPort listen, ParseHostPort("from", from));
  ProxyWish wish{listen.host.empty() || listen.host == "localhost" ? "127.0.0.1" : listen.host, listen.port, {}};
  in_addr scratch;
  if (inet_pton(AF_INET, wish.address.c_str(), &scratch) != 1) {
    return absl::InvalidArgumentError(StrCat("--from ", from, ": the address must be IPv4, like 127.0.0.1 or 0.0.0.0"));
  }
  for (const std::string& typed : to) {
    ASSIGN_OR_RETURN(HostPort target, ParseHostPort("to", typed));
    if (target.host.empty()) target.host = "localhost";
    if (!IsIp(target.host) && !IsHostName(target.host)) {
      return absl::InvalidArgumentError(
          StrCat("--to ", typed, ": \"", target.host, "\" is neither a host name nor an address"));
    }
    bool is_v6 = target.host.find(':') != std::string::npos;
    wish.to.push_back(is_v6 ? StrCat("[", target.host, "]:", target.port) : StrCat(target.host, ":", target.port));
  }
  return wish;
}

std::string ProxyManifest(const ProxyWish& wish) {
  std::string text = StrCat(R"(apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: proxy}
spec:
  gatewayClassName: default
  listeners: [{name: http, protocol: HTTP, port: )",
                            wish.port, R"(}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: proxy}
spec:
  parentRefs: [{name: proxy}]
  rules:
  - backendRefs:
)");
  std::string backends;
  for (size_t i = 0; i < wish.to.size(); ++i) {
    StrAppend(&text, "    - {group: penstock.dev, kind: Backend, name: to-", i, "}\n");
    StrAppend(&backends, BackendText(i, *ParseHostPort("to", wish.to[i])));
  }
  return text + backends;
}

}  // namespace penstock::cli
