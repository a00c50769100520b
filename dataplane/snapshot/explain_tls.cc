#include "dataplane/snapshot/explain_tls.h"

#include "dataplane/base/strings.h"

namespace penstock::snapshot {
namespace {

std::string Join(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += StrCat(joined.empty() ? "" : ", ", text);
  return joined;
}

}  // namespace

std::string DescribeTls(const ServerTls& tls) {
  std::string text = tls.min_version == TlsVersion::kTls13 ? "TLS 1.3" : "TLS 1.2 or newer";
  text += StrCat(", shows Secret ", Join(tls.certificates));
  if (!tls.alpn.empty()) text += StrCat(", offers ", Join(tls.alpn));
  if (!tls.client.has_value()) return text;
  text += StrCat(tls.client->optional ? ", asks clients for" : ", clients need", " a certificate issued by Secret ",
                 Join(tls.client->ca));
  if (!tls.client->subject_alt_names.empty()) text += " with one of the names that are allowed";
  return text;
}

}  // namespace penstock::snapshot
