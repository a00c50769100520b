#include "tools/cli/render/listeners.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace penstock::cli {
namespace {

namespace api = ::penstock::management::v1;

const absl::Time kNow = absl::FromUnixSeconds(1'000'000);

api::ListenerStatus& AddListener(api::FleetStatus& fleet, const std::string& name, uint32_t port,
                                 const std::string& protocol) {
  api::ListenerStatus& listener = *fleet.add_listeners();
  listener.set_name(name);
  listener.add_addresses("");
  listener.set_port(port);
  listener.set_protocol(protocol);
  return listener;
}

void AddCertificate(api::ListenerStatus& listener, const std::string& secret, absl::Time end) {
  api::CertificateStatus& certificate = *listener.mutable_tls()->add_certificates();
  certificate.set_secret(secret);
  certificate.mutable_not_after()->set_seconds(absl::ToUnixSeconds(end));
}

TEST(Listeners, SayWhereTheyAreWhatTheySpeakAndWhichCertificateEndsFirst) {
  api::FleetStatus fleet;
  AddListener(fleet, "shop/edge/http", 80, "HTTP").add_addresses("::1");
  api::ListenerStatus& https = AddListener(fleet, "shop/edge/https", 443, "HTTPS");
  https.set_hostname("*.shop.example");
  https.mutable_tls()->set_min_version("1.2");
  https.mutable_tls()->add_alpn("h2");
  https.mutable_tls()->add_alpn("http/1.1");
  https.mutable_tls()->set_clients("required");
  AddCertificate(https, "shop/ecdsa", kNow + absl::Hours(24 * 89));
  AddCertificate(https, "shop/rsa", kNow + absl::Hours(24 * 9));
  AddListener(fleet, "shop/edge/tcp", 5432, "TCP");
  EXPECT_EQ(ListenersText(fleet, kNow), R"(
LISTENER         ADDRESS       PROTOCOL  HOSTNAME        TLS                                                  CERTIFICATES         EXPIRE
shop/edge/http   :80,[::1]:80  HTTP      *               -                                                    -                    -
shop/edge/https  :443          HTTPS     *.shop.example  TLS 1.2+, h2, http/1.1, client certificate required  shop/ecdsa,shop/rsa  in 9 d
shop/edge/tcp    :5432         TCP       -               -                                                    -                    -
)");
}

TEST(Listeners, SayThatACertificateHasExpired) {
  api::FleetStatus fleet;
  api::ListenerStatus& listener = AddListener(fleet, "shop/edge/https", 443, "HTTPS");
  listener.mutable_tls()->set_min_version("1.3");
  AddCertificate(listener, "shop/cert", kNow - absl::Hours(3));
  std::string text = ListenersText(fleet, kNow);
  EXPECT_NE(text.find("EXPIRED 3 h ago"), std::string::npos) << text;
  EXPECT_EQ(text.find("1.3+"), std::string::npos) << text;
}

TEST(Listeners, AreNotAllShownWhenThereAreVeryMany) {
  api::FleetStatus fleet;
  for (int i = 0; i < kListenersShown + 7; ++i) AddListener(fleet, "shop/edge/l" + std::to_string(i), 80, "HTTP");
  std::string text = ListenersText(fleet, kNow);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 1 + kListenersShown + 1);
  EXPECT_NE(text.find("and 7 more: penstock status -o json\n"), std::string::npos);
}

TEST(Listeners, AreNotMentionedWithoutAny) { EXPECT_EQ(ListenersText({}, kNow), ""); }

}  // namespace
}  // namespace penstock::cli
