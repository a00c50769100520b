#include "dataplane/snapshot/explain_tls.h"

#include "dataplane/base/strings.h"

namespace penstock::snapshot {
namespace {

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
  text += StrCat(", shows Secret ", Join(tls.certificates));
  if (!tls.alpn.empty()) text += StrCat(", offers ", Join(tls.alpn));
  if (!tls.client.has_value()) return text;
  text += StrCat(tls.client->optional ? ", asks clients for" : ", clients need", " a certificate issued by Secret ",
                 Join(tls.client->ca));
  if (!tls.client->subject_alt_names.empty()) text += " with one of the names that are allowed";
  return text;
}

std::string DescribeTls(const UpstreamTls& tls, CompiledCluster::Protocol protocol) {
  std::string text = StrCat(Text(tls.min_version), " with ", tls.hostname, ", certificate issued by ");
  if (!tls.ca.empty()) text += StrCat("Secret ", Join(tls.ca));
  if (tls.system_ca) text += StrCat(tls.ca.empty() ? "" : " or ", "the machine's CAs");
  if (!tls.subject_alt_names.empty()) text += " with one of the names that are allowed";
  text += StrCat(", agrees on ", Text(protocol));
  if (!tls.client_certificate.empty()) text += StrCat(", shows Secret ", tls.client_certificate);
  return text;
}

}  // namespace penstock::snapshot
