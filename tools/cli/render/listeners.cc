#include "tools/cli/render/listeners.h"

#include <algorithm>
#include <optional>

#include "tools/cli/render/human.h"
#include "tools/cli/render/table.h"
#include "tools/cli/text.h"

namespace penstock::cli {

namespace api = ::penstock::management::v1;

namespace {

std::string PlaceText(const api::ListenerStatus& listener) {
  std::string text;
  for (const std::string& address : listener.addresses()) {
    const bool v6 = address.find(':') != std::string::npos;
    StrAppend(&text, text.empty() ? "" : ",", v6 ? "[" : "", address, v6 ? "]" : "", ":", listener.port());
  }
  return text;
}

std::string TlsText(const api::ListenerTls& tls) {
  std::string text = StrCat("TLS ", tls.min_version(), tls.min_version() == "1.2" ? "+" : "");
  for (const std::string& protocol : tls.alpn()) StrAppend(&text, ", ", protocol);
  if (!tls.clients().empty()) StrAppend(&text, ", client certificate ", tls.clients());
  return text;
}

std::string CertificatesText(const api::ListenerTls& tls) {
  std::string text;
  for (const api::CertificateStatus& certificate : tls.certificates()) {
    StrAppend(&text, text.empty() ? "" : ",", Printable(certificate.secret()));
  }
  return text;
}

// Of the certificate that ends first.
std::string ExpiryText(const api::ListenerTls& tls, absl::Time now) {
  std::optional<absl::Time> first;
  for (const api::CertificateStatus& certificate : tls.certificates()) {
    if (!certificate.has_not_after()) continue;
    const absl::Time end = absl::FromUnixSeconds(certificate.not_after().seconds());
    first = std::min(first.value_or(end), end);
  }
  if (!first.has_value()) return "-";
  return *first < now ? StrCat("EXPIRED ", HumanDuration(now - *first), " ago")
                      : StrCat("in ", HumanDuration(*first - now));
}

}  // namespace

std::string ListenersText(const api::FleetStatus& fleet, absl::Time now) {
  if (fleet.listeners().empty()) return "";
  Table table({"LISTENER", "ADDRESS", "PROTOCOL", "HOSTNAME", "TLS", "CERTIFICATES", "EXPIRE"});
  const int shown = std::min(fleet.listeners_size(), kListenersShown);
  for (int i = 0; i < shown; ++i) {
    const api::ListenerStatus& listener = fleet.listeners(i);
    const bool by_host = listener.protocol() != "TCP" && listener.protocol() != "UDP";
    const std::string any = by_host ? "*" : "-";
    const std::string hostname = listener.hostname().empty() ? any : Printable(listener.hostname());
    if (!listener.has_tls()) {
      table.Add({Printable(listener.name()), PlaceText(listener), listener.protocol(), hostname, "-", "-", "-"});
      continue;
    }
    table.Add({Printable(listener.name()), PlaceText(listener), listener.protocol(), hostname, TlsText(listener.tls()),
               CertificatesText(listener.tls()), ExpiryText(listener.tls(), now)});
  }
  const int rest = fleet.listeners_size() - shown;
  return StrCat("\n", table.Text(), rest == 0 ? "" : StrCat("and ", rest, " more: penstock status -o json\n"));
}

}  // namespace penstock::cli
