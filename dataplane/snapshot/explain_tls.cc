#include "dataplane/snapshot/explain_tls.h"

#include <utility>

#include "dataplane/base/strings.h"

namespace penstock::snapshot {
namespace {

// What people call the object that a Secret was made of: "Secret shop/cert"; of authorities, whose names begin with
// "ca/" (proto/penstock/xds/v1/secret.proto), "ConfigMap shop/ca".
std::string ObjectOf(std::string_view secret) {
  constexpr std::pair<std::string_view, std::string_view> kPrefixes[] = {{"ca/configmap/", "ConfigMap "},
                                                                         {"ca/secret/", "Secret "}};
  for (const auto& [prefix, kind] : kPrefixes) {
    if (secret.starts_with(prefix)) return StrCat(kind, secret.substr(prefix.size()));
  }
  return StrCat("Secret ", secret);
}

std::string ObjectsOf(const std::vector<std::string>& secrets) {
  std::string objects;
  for (const std::string& secret : secrets) objects += StrCat(objects.empty() ? "" : ", ", ObjectOf(secret));
  return objects;
}

std::string Join(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += StrCat(joined.empty() ? "" : ", ", text);
  return joined;
}

std::string_view Text(TlsVersion oldest) { return oldest == TlsVersion::kTls13 ? "TLS 1.3" : "TLS 1.2 or newer"; }

std::string_view Text(CompiledCluster::Protocol protocol) {
  switch (protocol) {
    case CompiledCluster::Protocol::kHttp2:
      return "HTTP/2";
    case CompiledCluster::Protocol::kAuto:
      return "HTTP/2 or HTTP/1.1";
    default:
      return "HTTP/1.1";
  }
}

}  // namespace

std::string DescribeTls(const ServerTls& tls) {
  std::string text(Text(tls.min_version));
  text += StrCat(", shows ", ObjectsOf(tls.certificates));
  if (!tls.alpn.empty()) text += StrCat(", offers ", Join(tls.alpn));
  if (!tls.client.has_value()) return text;
  text += StrCat(tls.client->optional ? ", asks clients for" : ", clients need", " a certificate issued by ",
                 ObjectsOf(tls.client->ca));
  if (!tls.client->subject_alt_names.empty()) text += " with one of the names that are allowed";
  return text;
}

std::string DescribeTls(const UpstreamTls& tls, std::optional<CompiledCluster::Protocol> protocol) {
  std::string text = StrCat(Text(tls.min_version), " with ", tls.hostname, ", certificate issued by ");
  if (!tls.ca.empty()) text += ObjectsOf(tls.ca);
  if (tls.system_ca) text += StrCat(tls.ca.empty() ? "" : " or ", "the machine's CAs");
  if (!tls.subject_alt_names.empty()) text += " with one of the names that are allowed";
  if (protocol.has_value()) text += StrCat(", agrees on ", Text(*protocol));
  if (!tls.client_certificate.empty()) text += StrCat(", shows ", ObjectOf(tls.client_certificate));
  return text;
}

}  // namespace penstock::snapshot
