// Tunnels whose client speaks TLS, as wss:// does.
#include "dataplane/base/test_certificates.h"
#include "dataplane/tls/tls_stream.h"
#include "test/integration/upgrade/tunnel_fixture.h"

namespace penstock::test {
namespace {

namespace t = snapshot::testing;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TlsTunnelTest : public TunnelTest {
 protected:
  // A tunnel that is open.
  void Open() {
    TestCa ca;
    TestCertificate certificate = ca.Issue(TestCertificateOptions{.names = {"DNS:a.test"}});
    gateway.Serve(
        {t::Secret("shop/cert", {{"tls.crt", certificate.cert}, {"tls.key", certificate.key}}),
         t::Listener("shop/web/http",
                     StrCat("protocol: HTTPS port: ", gateway.ChoosePort(), " tls { certificates: 'shop/cert' }")),
         t::Cluster("up"),
         t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", upstream.port(), " weight: 1 }")),
         t::Route("shop/all", StrCat("attachments { listener: 'shop/web/http' } ", kRules))});
    tls::ClientOptions options;
    options.hostname = "a.test";
    options.ca = {*tls::CaBundle::Parse(ca.cert())};
    client = std::make_unique<tls::TlsStream>(gateway.Connect(), *tls::ClientContext::Make(std::move(options)));
    Status shaken = gateway.reactor().BlockOn(client->Handshake(Wait{}));
    ASSERT_TRUE(shaken.ok()) << shaken;
    Say(kAsk);
    server = upstream.Take();
    ASSERT_NE(server, nullptr);
    EXPECT_THAT(gateway.ReadUntil(*server, "\r\n\r\n"), HasSubstr("x-forwarded-proto: https\r\n"));
    Write(*server, kSwitch);
    std::string head;
    while (!head.ends_with("\r\n\r\n") && head.size() < 1000) head += Hear(1);
    EXPECT_THAT(head, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
    EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 1);
  }

  void Say(std::string_view bytes) {
    std::string_view pieces[] = {bytes};
    Status written = gateway.reactor().BlockOn(client->Write(pieces, Wait{}));
    EXPECT_TRUE(written.ok()) << written;
  }
  // COUNT bytes; fewer if the gateway ends its side, cleanly.
  std::string Hear(size_t count) {
    std::string heard;
    while (heard.size() < count) {
      StatusOr<Chunk> bytes = gateway.reactor().BlockOn(client->Read(count - heard.size(), Wait{}));
      EXPECT_TRUE(bytes.ok()) << bytes.status();
      if (!bytes.ok() || bytes->empty()) break;
      heard += bytes->view();
    }
    return heard;
  }

  std::unique_ptr<tls::TlsStream> client;
  std::unique_ptr<io::TcpStream> server;
};

TEST_F(TlsTunnelTest, CarriesBytesBothWays) {
  Open();
  const std::string large(1 << 20, 'x');
  for (int i = 0; i < 20; ++i) {
    Say(StrCat("ping ", i));
    EXPECT_EQ(Read(*server, StrCat("ping ", i).size()), StrCat("ping ", i));
    Write(*server, StrCat("pong ", i));
    EXPECT_EQ(Hear(StrCat("pong ", i).size()), StrCat("pong ", i));
  }
  Cancellation stop;
  gateway.reactor().Spawn(WriteAll(*server, large, stop));
  EXPECT_TRUE(Hear(large.size()) == large);
}

TEST_F(TlsTunnelTest, PassesEachSidesEndOnWhileTheOtherGoesOn) {
  Open();
  Say("last words");
  Status ended = gateway.reactor().BlockOn(client->ShutdownWrite(Wait{}));
  EXPECT_TRUE(ended.ok()) << ended;
  EXPECT_EQ(Read(*server, 100), "last words");
  Write(*server, "still here");
  EXPECT_EQ(Hear(10), "still here");
  End(*server);
  EXPECT_EQ(Hear(1), "");
  client->Close();
  EXPECT_TRUE(Idle());
  EXPECT_EQ(gateway.Replies(Reason::kUpstreamAborted) + gateway.Replies(Reason::kClientGone), 0u);
}

TEST_F(TlsTunnelTest, SaysCloseAtTheDrainsDeadline) {
  Open();
  gateway.downstream().Abort();
  EXPECT_EQ(Hear(100), "\x88\x02\x03\xe9");
  client->Close();
  EXPECT_TRUE(Idle());
  EXPECT_EQ(gateway.Replies(Reason::kShuttingDown), 1u);
}

}  // namespace
}  // namespace penstock::test
