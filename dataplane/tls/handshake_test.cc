// What two ends agree on, or why they do not.
#include <openssl/ssl.h>

#include "dataplane/base/when.h"
#include "dataplane/tls/testing.h"

namespace penstock::tls {
namespace {

using telemetry::TlsFailure;

class Handshake : public TlsTest {
 protected:
  static constexpr std::string_view kNamed = "urn:test:";
  // Who is shown to a client that asks for HOSTNAME.
  std::string Shown(std::shared_ptr<const ServerContext> server, const std::string& hostname,
                    const char* signatures = nullptr, int version = TLS1_3_VERSION) {
    ClientOptions options = Asking(hostname);
    // Whoever it is.
    options.names = {{SubjectAltName::Type::kEmail, "every@certificate"}};
    std::shared_ptr<const ClientContext> client = Client(std::move(options));
    SSL_CTX_set_max_proto_version(client->raw(), version);
    if (signatures != nullptr) SSL_CTX_set1_sigalgs_list(client->raw(), signatures);
    Ends ends = Shake(std::move(server), client);
    if (!ends.ok()) return ends.client_status.ToString();
    const std::string& identity = ends.client->facts().peer_identity;
    return identity.starts_with(kNamed) ? identity.substr(kNamed.size()) : identity;
  }
  std::shared_ptr<const KeyPair> Named(const std::string& uri, const std::string& dns,
                                       TestCertificateOptions::Key key = TestCertificateOptions::Key::kP256) {
    return PairOf(ca_.Issue(TestCertificateOptions{
        .names = {StrCat("URI:", kNamed, uri), "DNS:" + dns, "EMAIL:every@certificate"}, .key = key}));
  }
};

TEST_F(Handshake, AgreesOnTls13AndSaysWhatItIs) {
  Ends ends = Shake(Serving(), Asking());
  ASSERT_TRUE(ends.ok()) << ends.client_status << ends.server_status;
  for (const HandshakeFacts* facts : {&ends.client->facts(), &ends.server->facts()}) {
    EXPECT_EQ(facts->version, "TLSv1.3");
    EXPECT_EQ(facts->cipher, "TLS_AES_128_GCM_SHA256");
    EXPECT_EQ(facts->server_name, "a.test");
    EXPECT_EQ(facts->alpn, "");
    EXPECT_FALSE(facts->resumed);
  }
  EXPECT_EQ(ends.server->facts().peer_identity, "");
  EXPECT_EQ(ends.client->facts().peer_identity, "a.test");
}

TEST_F(Handshake, AgreesOnTls12WithAClientThatHasNothingNewer) {
  std::shared_ptr<const ClientContext> client = Client(Asking());
  SSL_CTX_set_max_proto_version(client->raw(), TLS1_2_VERSION);
  Ends ends = Shake(Server(Serving()), client);
  ASSERT_TRUE(ends.ok()) << ends.client_status << ends.server_status;
  EXPECT_EQ(ends.server->facts().version, "TLSv1.2");
  EXPECT_EQ(ends.server->facts().cipher, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
}

TEST_F(Handshake, RefusesWhatIsOlderThanItsOldestVersion) {
  ServerOptions strict = Serving();
  strict.min_version = Version::kTls13;
  std::shared_ptr<const ClientContext> client = Client(Asking());
  SSL_CTX_set_max_proto_version(client->raw(), TLS1_2_VERSION);
  Ends ends = Shake(Server(std::move(strict)), client);
  EXPECT_EQ(ends.server->failure().cause, TlsFailure::kVersion);
  EXPECT_EQ(ends.client->failure().cause, TlsFailure::kPeerAlert);
  EXPECT_NE(ends.client->failure().text.find("protocol version"), std::string::npos) << ends.client->failure().text;
}

TEST_F(Handshake, RefusesTls11) {
  std::shared_ptr<const ClientContext> client = Client(Asking());
  SSL_CTX_set_security_level(client->raw(), 0);
  SSL_CTX_set_min_proto_version(client->raw(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(client->raw(), TLS1_1_VERSION);
  SSL_CTX_set_cipher_list(client->raw(), "ALL:@SECLEVEL=0");
  Ends ends = Shake(Server(Serving()), client);
  EXPECT_EQ(ends.server->failure().cause, TlsFailure::kVersion) << ends.server->failure().text;
}

TEST_F(Handshake, RefusesAClientWithoutAForwardSecretAeadSuite) {
  std::shared_ptr<const ClientContext> client = Client(Asking());
  SSL_CTX_set_max_proto_version(client->raw(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(client->raw(), "AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA");
  Ends ends = Shake(Server(Serving()), client);
  EXPECT_EQ(ends.server->failure().cause, TlsFailure::kNothingShared);
}

TEST_F(Handshake, TakesItsOwnFavouriteAmongTheProtocolsThatTheClientOffers) {
  ServerOptions server = Serving();
  server.alpn = {"h2", "http/1.1"};
  ClientOptions client = Asking();
  client.alpn = {"spdy/3", "http/1.1", "h2"};
  Ends ends = Shake(std::move(server), std::move(client));
  ASSERT_TRUE(ends.ok());
  EXPECT_EQ(ends.server->facts().alpn, "h2");
  EXPECT_EQ(ends.client->facts().alpn, "h2");
}

TEST_F(Handshake, FailsIfTheClientOffersOnlyProtocolsThatAreNotServed) {
  ServerOptions server = Serving();
  server.alpn = {"http/1.1"};
  ClientOptions client = Asking();
  client.alpn = {"imap"};
  Ends ends = Shake(std::move(server), std::move(client));
  EXPECT_EQ(ends.server->failure().cause, TlsFailure::kAlpn);
  EXPECT_EQ(ends.client->failure().cause, TlsFailure::kPeerAlert);
}

TEST_F(Handshake, FailsIfTheServerChoosesAProtocolThatItWasNotOffered) {
  std::shared_ptr<const ServerContext> server = Server(Serving());
  auto choose = [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char*, unsigned int, void*) {
    *out = reinterpret_cast<const unsigned char*>("h2");
    *size = 2;
    return SSL_TLSEXT_ERR_OK;
  };
  SSL_CTX_set_alpn_select_cb(server->raw(), choose, nullptr);
  ClientOptions client = Asking();
  client.alpn = {"http/1.1"};
  Ends ends = Shake(server, Client(std::move(client)));
  EXPECT_EQ(ends.client->failure().cause, TlsFailure::kProtocol) << ends.client->failure().text;
  EXPECT_EQ(Read(*ends.client).substr(0, 7), "ABORTED");
}

TEST_F(Handshake, GoesOnWithoutAProtocolIfTheClientOffersNone) {
  ServerOptions server = Serving();
  server.alpn = {"h2", "http/1.1"};
  Ends ends = Shake(std::move(server), Asking());
  ASSERT_TRUE(ends.ok());
  EXPECT_EQ(ends.server->facts().alpn, "");
}

TEST_F(Handshake, ShowsTheCertificateWhoseNamesFitBest) {
  ServerOptions options = Serving();
  options.certificates = {Named("first", "other.test"), Named("wildcard", "*.a.test"), Named("exact", "www.a.test")};
  std::shared_ptr<const ServerContext> server = Server(std::move(options));
  EXPECT_EQ(Shown(server, "www.a.test"), "exact");
  EXPECT_EQ(Shown(server, "WWW.a.TEST"), "exact");
  EXPECT_EQ(Shown(server, "shop.a.test"), "wildcard");
  EXPECT_EQ(Shown(server, "deep.shop.a.test"), "first");
  EXPECT_EQ(Shown(server, "a.test"), "first");
  EXPECT_EQ(Shown(server, "unknown.test"), "first");
  EXPECT_EQ(Shown(server, ""), "first");
}

TEST_F(Handshake, ShowsOfTwoCertificatesForOneNameTheOneThatTheClientCanVerify) {
  using Key = TestCertificateOptions::Key;
  ServerOptions options = Serving();
  options.certificates = {Named("ecdsa", "a.test"), Named("rsa", "a.test", Key::kRsa2048)};
  std::shared_ptr<const ServerContext> server = Server(std::move(options));
  // The issuer signs with ECDSA and P-256; the client must accept that in any case.
  const char kRsaOnly[] = "RSA-PSS+SHA256:RSA+SHA256";
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(Shown(server, "a.test", nullptr, version), "ecdsa");
    EXPECT_EQ(Shown(server, "a.test", "ECDSA+SHA256", version), "ecdsa");
    EXPECT_EQ(Shown(server, "a.test", kRsaOnly, version), "rsa");
    EXPECT_EQ(Shown(server, "unknown.test", kRsaOnly, version), "rsa");
  }
}

TEST_F(Handshake, ShowsAnRsaCertificateToATls12ClientThatHasOnlyRsaSuites) {
  using Key = TestCertificateOptions::Key;
  ServerOptions options = Serving();
  options.certificates = {Named("ecdsa", "a.test"), Named("rsa", "a.test", Key::kRsa2048)};
  ClientOptions asking = Asking();
  std::shared_ptr<const ClientContext> client = Client(std::move(asking));
  SSL_CTX_set_max_proto_version(client->raw(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(client->raw(), "ECDHE-RSA-AES128-GCM-SHA256");
  Ends ends = Shake(Server(std::move(options)), client);
  ASSERT_TRUE(ends.ok()) << ends.client_status;
  EXPECT_EQ(ends.client->facts().peer_identity, StrCat(kNamed, "rsa"));
}

TEST_F(Handshake, WorksWithEveryKindOfKeyThatIsServed) {
  using Key = TestCertificateOptions::Key;
  for (Key key : {Key::kP256, Key::kP384, Key::kRsa2048, Key::kEd25519}) {
    for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      ServerOptions options = Serving();
      options.certificates = {Named("it", "a.test", key)};
      EXPECT_EQ(Shown(Server(std::move(options)), "a.test", nullptr, version), "it") << static_cast<int>(key);
    }
  }
}

TEST_F(Handshake, RefusesAServerWhoseCertificateIsForAnotherName) {
  Ends ends = Shake(Serving({"DNS:b.test", "URI:a.test", "EMAIL:a@a.test"}), Asking("a.test"));
  EXPECT_EQ(ends.client->failure().cause, TlsFailure::kCertificateRefused);
  EXPECT_NE(ends.client->failure().text.find("hostname mismatch"), std::string::npos) << ends.client->failure().text;
  EXPECT_EQ(ends.server->failure().cause, TlsFailure::kPeerAlert);
}

TEST_F(Handshake, DoesNotTakeTheSubjectForAName) {
  ServerOptions server = Serving();
  server.certificates = {PairOf(ca_.Issue(TestCertificateOptions{.names = {}, .subject = "a.test"}))};
  Ends ends = Shake(std::move(server), Asking("a.test"));
  EXPECT_EQ(ends.client->failure().cause, TlsFailure::kCertificateRefused);
}

TEST_F(Handshake, RefusesAServerThatIsExpiredOrNotYetValidOrForClientsOnlyOrIssuedByAStranger) {
  TestCa stranger("stranger");
  std::vector<TestCertificateOptions> bad = {
      {.names = {"DNS:a.test"}, .begins = -std::chrono::hours(2), .ends = -std::chrono::hours(1)},
      {.names = {"DNS:a.test"}, .begins = std::chrono::hours(1), .ends = std::chrono::hours(2)},
      {.names = {"DNS:a.test"}, .usage = "clientAuth"},
  };
  std::vector<TestCertificate> certificates;
  for (const TestCertificateOptions& options : bad) certificates.push_back(ca_.Issue(options));
  certificates.push_back(stranger.Issue(TestCertificateOptions{.names = {"DNS:a.test"}}));
  for (const TestCertificate& certificate : certificates) {
    ServerOptions server = Serving();
    server.certificates = {PairOf(certificate)};
    Ends ends = Shake(std::move(server), Asking());
    EXPECT_EQ(ends.client->failure().cause, TlsFailure::kCertificateRefused) << ends.client_status;
  }
}

TEST_F(Handshake, VerifiesAnUpstreamByAddressOrByItsNamesWhereTheySaySo) {
  EXPECT_TRUE(Shake(Serving({"IP:127.0.0.1"}), Asking("127.0.0.1")).ok());
  EXPECT_FALSE(Shake(Serving({"DNS:127.0.0.1"}), Asking("127.0.0.1")).ok());
  ClientOptions by_uri = Asking("a.test");
  by_uri.names = {{SubjectAltName::Type::kUri, "spiffe://shop/users"}};
  EXPECT_TRUE(Shake(Serving({"URI:spiffe://shop/users"}), by_uri).ok());
  EXPECT_FALSE(Shake(Serving({"DNS:a.test", "DNS:spiffe://shop/users"}), by_uri).ok());
}

TEST_F(Handshake, EndsAtItsDeadlineWithAClientThatIsSilent) {
  Streams streams = Connected();
  TlsStream server(std::move(streams.server), Server(Serving()));
  Wait wait{After(reactor_->Now(), std::chrono::milliseconds(5)), nullptr};
  Status status = reactor_->BlockOn(server.Handshake(wait));
  EXPECT_TRUE(IsTimeout(status)) << status;
  EXPECT_EQ(server.failure().cause, TlsFailure::kTimeout);
}

TEST_F(Handshake, EndsWithAClientThatLeaves) {
  for (bool reset : {false, true}) {
    Streams streams = Connected();
    TlsStream server(std::move(streams.server), Server(Serving()));
    ASSERT_TRUE(Write(*streams.client, std::string("\x16\x03\x01\x02\x00\x01", 6)).ok());
    if (reset) {
      streams.client->Reset();
    } else {
      streams.client->Close();
    }
    Status status = reactor_->BlockOn(server.Handshake({}));
    EXPECT_TRUE(absl::IsAborted(status)) << status;
    EXPECT_EQ(server.failure().cause, TlsFailure::kPeerGone);
  }
}

TEST_F(Handshake, SaysThatPlainHttpIsNoTls) {
  Streams streams = Connected();
  TlsStream server(std::move(streams.server), Server(Serving()));
  ASSERT_TRUE(Write(*streams.client, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").ok());
  Status status = reactor_->BlockOn(server.Handshake({}));
  EXPECT_EQ(server.failure().cause, TlsFailure::kNotTls) << status;
}

TEST_F(Handshake, FailsIfTheHelloSaysAnotherNameThanTheOneByWhichTheContextWasChosen) {
  Streams streams = Connected();
  TlsStream server(std::move(streams.server), Server(Serving()), Chunk(), "other.test");
  TlsStream client(std::move(streams.client), Client(Asking()));
  auto [at_client, at_server] = reactor_->BlockOn(WhenAll(client.Handshake({}), server.Handshake({})));
  EXPECT_FALSE(at_server.ok());
  EXPECT_NE(client.failure().text.find("illegal parameter"), std::string::npos) << client.failure().text;
}

TEST_F(Handshake, HoldsNoBlockWhileItWaits) {
  Streams streams = Connected();
  TlsStream server(std::move(streams.server), Server(Serving()));
  Cancellation cancellation;
  Child<Status> shaking;
  shaking.Start(server.Handshake({kNoDeadline, &cancellation}));
  EXPECT_TRUE(shaking.running());
  EXPECT_EQ(reactor_->blocks().bytes_in_use(), 0u);
  cancellation.Cancel();
  Status status = reactor_->BlockOn(shaking.Join());
  EXPECT_TRUE(IsCancelled(status));
}

}  // namespace
}  // namespace penstock::tls
