// HTTP/2 inside TLS: what a handshake proved counts for every request of the connection, and for what is asked now.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/base/test_certificates.h"
#include "dataplane/tls/tls_stream.h"
#include "test/integration/http2/h2_client.h"

namespace penstock::test {
namespace {

namespace h2 = http::h2::testing;
namespace t = snapshot::testing;

class Http2TlsTest : public ::testing::Test {
 protected:
  Http2TlsTest() { gateway.ChoosePort(); }

  // Listeners of a.test and b.test; MORE: of the TLS of a.test's.
  void Serve(const std::string& more = "") {
    auto https = [&](std::string_view name, std::string_view more_tls) {
      return t::Listener(
          StrCat("shop/web/", name),
          StrCat("protocol: HTTPS port: ", gateway.port(), " hostname: '", name,
                 ".test' client { reason_header: true } tls { certificates: 'shop/cert' ", more_tls, " }"));
    };
    gateway.Serve({t::Secret("shop/cert", {{"tls.crt", certificate.cert}, {"tls.key", certificate.key}}),
                   t::Secret("shop/clients", {{"ca.crt", ca.cert()}}), https("a", more), https("b", ""),
                   t::Route("shop/all",
                            "attachments { listener: 'shop/web/a' } attachments { listener: 'shop/web/b' } rules { "
                            "matches { prefix: '/' } static_reply { status: 204 } }")});
  }
  std::unique_ptr<io::Stream> Connect() {
    tls::ClientOptions options;
    options.hostname = "a.test";
    options.ca = {*tls::CaBundle::Parse(ca.cert())};
    options.alpn = {"h2"};
    auto stream = std::make_unique<tls::TlsStream>(gateway.Connect(), *tls::ClientContext::Make(std::move(options)));
    Status shaken = gateway.reactor().BlockOn(stream->Handshake(Wait{}));
    EXPECT_TRUE(shaken.ok()) << shaken;
    return stream;
  }
  static FieldTexts Get(const std::string& host) {
    return {{":method", "GET"}, {":scheme", "https"}, {":authority", host}, {":path", "/"}};
  }

  TestCa ca;
  TestCertificate certificate = ca.Issue(TestCertificateOptions{.names = {"DNS:a.test", "DNS:b.test"}});
  TestGateway gateway;
};

// RFC 9110 15.5.20: a client may try one connection for all names of a certificate.
TEST_F(Http2TlsTest, AnswersWith421ForTheHostOfAnotherListenerAndGoesOn) {
  Serve();
  H2Client client(gateway, Connect());
  EXPECT_EQ(client.Await(client.Ask(Get("a.test"))).status(), 204);
  EXPECT_EQ(client.Await(client.Ask(Get("b.test"))).status(), 421);
  EXPECT_EQ(client.Await(client.Ask(Get("a.test"))).status(), 204);
  EXPECT_TRUE(client.goaways().empty());
}

TEST_F(Http2TlsTest, EndsAConnectionThatProvedLessThanItsListenerAsksForNow) {
  Serve();
  H2Client client(gateway, Connect());
  EXPECT_EQ(client.Await(client.Ask(Get("a.test"))).status(), 204);
  Serve("client { ca: 'shop/clients' }");
  H2Client::Response response = client.Await(client.Ask(Get("a.test")));
  EXPECT_EQ(response.status(), 421);
  EXPECT_EQ(response.Get("x-penstock-reason"), "misdirected");
  EXPECT_TRUE(client.RunUntil([&] { return client.ended(); }));
  ASSERT_EQ(client.goaways().size(), 2u);
  EXPECT_EQ(client.goaways()[1].code, 0);
}

}  // namespace
}  // namespace penstock::test
