// HTTPS as curl and openssl meet it: real clients, a gateway and an upstream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "dataplane/base/strings.h"
#include "dataplane/base/test_certificates.h"
#include "dataplane/io/net/connect.h"
#include "dataplane/server/testing.h"
#include "dataplane/snapshot/explain.h"
#include "dataplane/tls/tls_stream.h"
#include "test/integration/http1/test_gateway.h"
#include "test/support/test_folder.h"

namespace penstock::test {
namespace {

namespace t = snapshot::testing;
using telemetry::TlsFailure;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const char kA[] = "shop/web/a";
const char kB[] = "shop/web/b";

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    gateway.ChoosePort();
    folder.Write("ca.pem", ca.cert());
  }

  static snapshot::Resource SecretOf(std::string_view name, const TestCertificate& certificate) {
    return t::Secret(name, {{"tls.crt", certificate.cert}, {"tls.key", certificate.key}});
  }
  TestCertificate Issue(const std::string& subject, std::vector<std::string> names) {
    TestCertificateOptions options;
    options.subject = subject;
    options.names = std::move(names);
    return ca.Issue(options);
  }
  snapshot::Resource Https(std::string_view name, const std::string& hostname, const std::string& tls,
                           const std::string& client = "") {
    return t::Listener(name, StrCat("protocol: HTTPS port: ", gateway.port(), " hostname: '", hostname,
                                    "' client { reason_header: true ", client, " } tls { ", tls, " }"));
  }
  // Two listeners, of a.test and b.test, whose routes go to one upstream. MORE: of the TLS of a.test's.
  void Serve(const std::string& more = "", const std::string& client = "") {
    gateway.Serve(
        {SecretOf("shop/a", certificate_a), SecretOf("shop/b", certificate_b),
         t::Secret("shop/clients", {{"ca.crt", clients_ca.cert()}}),
         Https(kA, "a.test", "certificates: 'shop/a' " + more, client), Https(kB, "b.test", "certificates: 'shop/b'"),
         t::Cluster("up"),
         t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", upstream.port(), " weight: 1 }")),
         t::Route("shop/all", StrCat("attachments { listener: '", kA, "' } attachments { listener: '", kB,
                                     "' } rules { matches { prefix: '/' } forward { clusters { cluster: 'up' "
                                     "weight: 1 } } }"))});
  }

  // curl -v of PATH at HOST, with the CA, in HTTP/1.1 unless MORE says otherwise.
  ProgramEnd Curl(const std::string& host, std::vector<std::string> more = {}, const std::string& path = "/") {
    std::vector<std::string> arguments = {"curl",
                                          "-sv",
                                          "--http1.1",
                                          "--max-time",
                                          "20",
                                          "--cacert",
                                          folder.Path("ca.pem"),
                                          "--resolve",
                                          StrCat(host, ":", gateway.port(), ":127.0.0.1")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.push_back(StrCat("https://", host, ":", gateway.port(), path));
    return gateway.Run(arguments);
  }
  // openssl s_client; sends a request for HOST.
  ProgramEnd OpenSsl(const std::string& host, std::vector<std::string> more) {
    std::vector<std::string> arguments = {
        "openssl", "s_client",           "-ign_eof", "-connect", StrCat("127.0.0.1:", gateway.port()),
        "-CAfile", folder.Path("ca.pem")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return gateway.Run(arguments, StrCat("GET / HTTP/1.1\r\nHost: ", host, "\r\nConnection: close\r\n\r\n"));
  }
  uint64_t Failures(std::string_view listener, TlsFailure cause) {
    return gateway.proxy().stats.Listener(listener).tls_failures.At(static_cast<size_t>(cause)).Read();
  }

  // A connection of our own client to HOST, which stays.
  std::unique_ptr<tls::TlsStream> Connect(const std::string& host, const TestCertificate* shown = nullptr) {
    tls::ClientOptions options;
    options.hostname = host;
    options.ca = {*tls::CaBundle::Parse(ca.cert())};
    if (shown != nullptr) {
      options.certificate =
          *tls::KeyPair::Make(*tls::ReadCertificates(shown->cert, 1), *tls::ReadPrivateKey(shown->key));
    }
    auto stream = std::make_unique<tls::TlsStream>(gateway.Connect(), *tls::ClientContext::Make(std::move(options)));
    Status shaken = gateway.reactor().BlockOn(stream->Handshake(Wait{}));
    EXPECT_TRUE(shaken.ok()) << shaken;
    return stream;
  }
  std::string Ask(io::Stream& stream, std::string_view host) {
    std::string request = StrCat("GET / HTTP/1.1\r\nHost: ", host, "\r\n\r\n");
    std::string_view pieces[] = {request};
    Status written = gateway.reactor().BlockOn(stream.Write(pieces, Wait{}));
    StatusOr<Chunk> response = gateway.reactor().BlockOn(stream.Read(BlockPool::kMedium, Wait{}));
    return response.ok() ? std::string(response->view()) : response.status().ToString();
  }

  TestCa ca;
  TestCa clients_ca{"clients' CA"};
  TestCertificate certificate_a = Issue("the one of a", {"DNS:a.test"});
  TestCertificate certificate_b = Issue("the one of b", {"DNS:b.test"});
  TestFolder folder;
  TestGateway gateway;
  FakeUpstream upstream{gateway.reactor()};
};

TEST_F(TlsTest, ServesCurlWithBothVersionsAndSaysSoToTheUpstream) {
  Serve();
  for (const char* version : {"1.2", "1.3"}) {
    ProgramEnd result = Curl("a.test", {"--tls-max", version});
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr(StrCat("SSL connection using TLSv", version)));
    EXPECT_THAT(result.output, HasSubstr("< HTTP/1.1 200"));
    EXPECT_THAT(upstream.requests.back(), HasSubstr("x-forwarded-proto: https\r\n"));
  }
  telemetry::ListenerCells& cells = gateway.proxy().stats.Listener(kA);
  EXPECT_EQ(cells.tls_handshakes.Read(), 2u);
  EXPECT_EQ(cells.tls_resumptions.Read(), 0u);
}

TEST_F(TlsTest, RefusesConnectionsBeyondTheLimitOfTheListenerThatTheyNameAndNoOthers) {
  Serve("", "max_connections: 2");
  std::unique_ptr<tls::TlsStream> first = Connect("a.test"), second = Connect("a.test");
  EXPECT_NE(Curl("a.test").code, 0);
  EXPECT_EQ(gateway.proxy().stats.Listener(kA).connections_refused.Read(), 1u);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(Curl("b.test").output, HasSubstr("< HTTP/1.1 200"));
  first->Close();
  ASSERT_TRUE(gateway.RunUntil([&] { return gateway.downstream().connections() == 1; }));
  EXPECT_THAT(Curl("a.test").output, HasSubstr("< HTTP/1.1 200"));
}

TEST_F(TlsTest, CarriesAMebibyteUpAndDown) {
  Serve();
  std::string content(1 << 20, 'x');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>('a' + i * i % 26);
  upstream.script.response = StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", content.size(), "\r\n\r\n", content);
  std::string file = folder.Write("content", content);
  ProgramEnd result = Curl("a.test", {"--data-binary", "@" + file, "-o", folder.Path("answer")});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(folder.Read("answer") == content);
  EXPECT_TRUE(std::string_view(upstream.requests.back()).ends_with(content));
}

TEST_F(TlsTest, ShowsTheCertificateOfTheListenerThatTheServerNameNames) {
  Serve();
  EXPECT_THAT(OpenSsl("a.test", {"-servername", "a.test"}).output, HasSubstr("subject=CN = the one of a"));
  ProgramEnd b = OpenSsl("b.test", {"-servername", "b.test"});
  EXPECT_THAT(b.output, HasSubstr("subject=CN = the one of b"));
  EXPECT_THAT(b.output, HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(b.output, HasSubstr("Verify return code: 0 (ok)"));
}

TEST_F(TlsTest, ShowsTheCertificateOfTheKindThatTheClientCanVerify) {
  TestCertificateOptions rsa{.names = {"DNS:a.test"}, .subject = "the RSA one of a"};
  rsa.key = TestCertificateOptions::Key::kRsa2048;
  gateway.Serve({SecretOf("shop/a", certificate_a), SecretOf("shop/rsa", ca.Issue(rsa)),
                 Https(kA, "a.test", "certificates: 'shop/a' certificates: 'shop/rsa'")});
  const char* ecdsa = "subject=CN = the one of a";
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    EXPECT_THAT(OpenSsl("a.test", {"-servername", "a.test", version}).output, HasSubstr(ecdsa));
    EXPECT_THAT(OpenSsl("a.test", {"-servername", "a.test", version, "-sigalgs", "rsa_pss_rsae_sha256"}).output,
                HasSubstr("subject=CN = the RSA one of a"));
  }
  ProgramEnd suites = OpenSsl("a.test", {"-servername", "a.test", "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"});
  EXPECT_THAT(suites.output, HasSubstr("subject=CN = the RSA one of a"));
}

TEST_F(TlsTest, AnswersWithoutAServerNameForTheLeastSpecificListener) {
  Serve();
  ProgramEnd nameless = OpenSsl("a.test", {"-noservername"});
  EXPECT_THAT(nameless.output, HasSubstr("subject=CN = the one of"));
  gateway.Serve({SecretOf("shop/a", certificate_a), SecretOf("shop/b", certificate_b),
                 Https(kA, "a.test", "certificates: 'shop/a'"), Https(kB, "", "certificates: 'shop/b'")});
  EXPECT_THAT(OpenSsl("x.test", {"-noservername"}).output, HasSubstr("subject=CN = the one of b"));
  EXPECT_THAT(OpenSsl("x.test", {"-servername", "x.test"}).output, HasSubstr("subject=CN = the one of b"));
}

TEST_F(TlsTest, RefusesAServerNameThatNobodyServes) {
  Serve();
  ProgramEnd result = OpenSsl("x.test", {"-servername", "x.test"});
  EXPECT_NE(result.code, 0);
  EXPECT_THAT(result.output, HasSubstr("SSL alert number 112"));
  EXPECT_EQ(Failures(kA, TlsFailure::kUnrecognizedName) + Failures(kB, TlsFailure::kUnrecognizedName), 1u);
}

// RFC 9110 15.5.20.
TEST_F(TlsTest, AnswersWith421ForTheHostOfAnotherListenerThanTheHandshakes) {
  Serve();
  ProgramEnd other = Curl("a.test", {"-H", "Host: b.test"});
  EXPECT_THAT(other.output, HasSubstr("< HTTP/1.1 421"));
  EXPECT_THAT(other.output, HasSubstr("< x-penstock-reason: misdirected"));
  ProgramEnd unknown = Curl("a.test", {"-H", "Host: x.test"});
  EXPECT_THAT(unknown.output, HasSubstr("< HTTP/1.1 421"));
  EXPECT_THAT(OpenSsl("b.test", {"-servername", "a.test"}).output, HasSubstr("HTTP/1.1 421"));
  EXPECT_TRUE(upstream.requests.empty());
  std::unique_ptr<tls::TlsStream> stays = Connect("a.test");
  EXPECT_THAT(Ask(*stays, "b.test"), StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(Ask(*stays, "A.TEST:443"), StartsWith("HTTP/1.1 200"));
}

TEST_F(TlsTest, DoesWhatExplainSays) {
  Serve();
  for (std::string server_name : {"", "a.test", "b.test", "x.test"}) {
    std::vector<std::string> named = {"-servername", server_name};
    if (server_name.empty()) named = {"-noservername"};
    for (std::string host : {"a.test", "b.test", "x.test", "127.0.0.1", "a b"}) {
      snapshot::ExplainRequest request;
      request.scheme = "https";
      request.port = gateway.port();
      request.server_name = server_name;
      request.fields = {{"Host", host}};
      snapshot::Explanation said = snapshot::Explain(*gateway.proxy().generation->snapshot, request);
      std::string live = OpenSsl(host, named).output;
      SCOPED_TRACE(StrCat("\"", server_name, "\" asks for ", host, ": ", live));
      if (said.outcome == snapshot::Explanation::Outcome::kNoListener) {
        EXPECT_THAT(live, HasSubstr("SSL alert number 112"));
      } else {
        EXPECT_THAT(live, HasSubstr(StrCat("HTTP/1.1 ", said.status == 0 ? 200 : said.status, " ")));
        if (said.status != 0) EXPECT_THAT(live, HasSubstr(StrCat("x-penstock-reason: ", said.reason)));
      }
    }
  }
}

TEST_F(TlsTest, AgreesOnHttp2WithWhoOffersItUnlessItsListenerDoesNot) {
  Serve();
  gateway.LogTo(folder.Path("access.log"));
  for (const char* version : {"1.2", "1.3"}) {
    ProgramEnd result = Curl("a.test", {"--http2", "--tls-max", version});
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("< HTTP/2 200"));
    EXPECT_THAT(upstream.requests.back(), HasSubstr("x-forwarded-proto: https\r\n"));
  }
  ASSERT_TRUE(gateway.RunUntil([&] { return folder.Read("access.log").ends_with("}\n"); }));
  std::string line = folder.Read("access.log");
  EXPECT_THAT(line, HasSubstr("\"protocol\":\"HTTP/2\""));
  EXPECT_THAT(line, HasSubstr("\"alpn\":\"h2\""));
  Serve("alpn: 'http/1.1'");
  EXPECT_THAT(Curl("a.test", {"--http2"}).output, HasSubstr("< HTTP/1.1 200"));
  Serve("alpn: 'h2'");
  EXPECT_THAT(Curl("a.test", {"--http2"}).output, HasSubstr("< HTTP/2 200"));
}

TEST_F(TlsTest, AgreesOnHttp11AndRefusesProtocolsThatAreNotServed) {
  Serve();
  EXPECT_THAT(OpenSsl("a.test", {"-servername", "a.test", "-alpn", "http/1.1"}).output,
              HasSubstr("ALPN protocol: http/1.1"));
  EXPECT_THAT(OpenSsl("a.test", {"-servername", "a.test"}).output, HasSubstr("No ALPN negotiated"));
  EXPECT_THAT(OpenSsl("a.test", {"-servername", "a.test", "-alpn", "imap"}).output, HasSubstr("SSL alert number 120"));
  EXPECT_EQ(Failures(kA, TlsFailure::kAlpn), 1u);
}

TEST_F(TlsTest, RefusesOldVersionsAndSuites) {
  Serve("min_version: TLS_1_2");
  ProgramEnd tls11 = OpenSsl("a.test", {"-servername", "a.test", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"});
  EXPECT_THAT(tls11.output, HasSubstr("SSL alert number 70"));
  ProgramEnd cbc = OpenSsl("a.test", {"-servername", "a.test", "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"});
  EXPECT_THAT(cbc.output, HasSubstr("SSL alert number 40"));
  Serve("min_version: TLS_1_3");
  ProgramEnd tls12 = OpenSsl("a.test", {"-servername", "a.test", "-tls1_2"});
  EXPECT_THAT(tls12.output, HasSubstr("SSL alert number 70"));
  EXPECT_EQ(Failures(kA, TlsFailure::kVersion), 2u);
  EXPECT_EQ(Failures(kA, TlsFailure::kNothingShared), 1u);
}

TEST_F(TlsTest, ResumesASessionAtItsListenerOnly) {
  Serve();
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    std::string session = folder.Path("session");
    EXPECT_THAT(OpenSsl("a.test", {"-servername", "a.test", version, "-sess_out", session}).output,
                HasSubstr("New, TLSv1"));
    EXPECT_THAT(OpenSsl("b.test", {"-servername", "b.test", version, "-sess_in", session}).output,
                HasSubstr("New, TLSv1"));
    EXPECT_THAT(OpenSsl("a.test", {"-servername", "a.test", version, "-sess_in", session}).output,
                HasSubstr("Reused, TLSv1"));
  }
  EXPECT_EQ(gateway.proxy().stats.Listener(kA).tls_resumptions.Read(), 2u);
}

TEST_F(TlsTest, AsksForClientCertificatesAndWritesWhoCameIntoTheLog) {
  Serve("client { ca: 'shop/clients' subject_alt_names { type: URI value: 'spiffe://shop/orders' } }");
  gateway.LogTo(folder.Path("access.log"));
  TestCertificate mine = clients_ca.Issue("spiffe://shop/orders");
  std::string certificate = folder.Write("mine.crt", mine.cert);
  std::string key = folder.Write("mine.key", mine.key);
  ProgramEnd good = Curl("a.test", {"--cert", certificate, "--key", key});
  EXPECT_THAT(good.output, HasSubstr("< HTTP/1.1 200"));
  ASSERT_TRUE(gateway.RunUntil([&] { return folder.Read("access.log").ends_with("}\n"); }));
  std::string line = folder.Read("access.log");
  EXPECT_THAT(line,
              HasSubstr("\"tls_version\":\"TLSv1.3\",\"tls_cipher\":\"TLS_AES_128_GCM_SHA256\",\"sni\":\"a.test\","
                        "\"alpn\":\"http/1.1\",\"client_identity\":\"spiffe://shop/orders\""));

  ProgramEnd missing = Curl("a.test");
  EXPECT_NE(missing.code, 0);
  EXPECT_THAT(missing.output, HasSubstr("certificate required"));
  TestCertificate other = clients_ca.Issue("spiffe://shop/users");
  ProgramEnd wrong =
      Curl("a.test", {"--cert", folder.Write("other.crt", other.cert), "--key", folder.Write("other.key", other.key)});
  EXPECT_NE(wrong.code, 0);
  TestCertificate stranger = ca.Issue("spiffe://shop/orders");
  ProgramEnd strange = Curl("a.test", {"--cert", folder.Write("stranger.crt", stranger.cert), "--key",
                                       folder.Write("stranger.key", stranger.key)});
  EXPECT_NE(strange.code, 0);
  EXPECT_EQ(upstream.requests.size(), 1u);
  EXPECT_EQ(Failures(kA, TlsFailure::kCertificateMissing), 1u);
  EXPECT_EQ(Failures(kA, TlsFailure::kCertificateRefused), 2u);
  // The listener beside it asks for nothing.
  EXPECT_THAT(Curl("b.test").output, HasSubstr("< HTTP/1.1 200"));
}

TEST_F(TlsTest, RotatesACertificateWhileConnectionsLive) {
  Serve();
  std::unique_ptr<tls::TlsStream> before = Connect("a.test");
  EXPECT_THAT(Ask(*before, "a.test"), StartsWith("HTTP/1.1 200"));
  certificate_a = Issue("the new one of a", {"DNS:a.test"});
  Serve();
  EXPECT_THAT(Ask(*before, "a.test"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(OpenSsl("a.test", {"-servername", "a.test"}).output, HasSubstr("subject=CN = the new one of a"));
  EXPECT_THAT(Ask(*before, "a.test"), StartsWith("HTTP/1.1 200"));
}

TEST_F(TlsTest, RotatesTheCaOfClientsWhileConnectionsLiveThatDoByItToo) {
  TestCa next("clients' next CA");
  auto serve = [&](const std::string& trusted) {
    gateway.Serve({SecretOf("shop/a", certificate_a), t::Secret("shop/clients", {{"ca.crt", trusted}}),
                   Https(kA, "a.test", "certificates: 'shop/a' client { ca: 'shop/clients' }"),
                   t::Route("shop/all", StrCat("attachments { listener: '", kA,
                                               "' } rules { matches { prefix: '/' } "
                                               "static_reply { status: 204 } }"))});
  };
  serve(clients_ca.cert());
  TestCertificate mine = clients_ca.Issue("spiffe://shop/orders");
  std::unique_ptr<tls::TlsStream> lives = Connect("a.test", &mine);
  EXPECT_THAT(Ask(*lives, "a.test"), StartsWith("HTTP/1.1 204"));
  serve(clients_ca.cert() + next.cert());
  EXPECT_THAT(Ask(*lives, "a.test"), StartsWith("HTTP/1.1 204"));
  TestCertificate renewed = next.Issue("spiffe://shop/orders");
  std::unique_ptr<tls::TlsStream> after = Connect("a.test", &renewed);
  EXPECT_THAT(Ask(*after, "a.test"), StartsWith("HTTP/1.1 204"));
  serve(next.cert());
  EXPECT_THAT(Ask(*after, "a.test"), StartsWith("HTTP/1.1 204"));
  EXPECT_THAT(Ask(*lives, "a.test"), StartsWith("HTTP/1.1 421"));
}

TEST_F(TlsTest, EndsAConnectionThatProvedLessThanItsListenerAsksForNow) {
  Serve();
  std::unique_ptr<tls::TlsStream> before = Connect("a.test");
  EXPECT_THAT(Ask(*before, "a.test"), StartsWith("HTTP/1.1 200"));
  Serve("client { ca: 'shop/clients' }");
  std::string answer = Ask(*before, "a.test");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(answer, HasSubstr("connection: close"));
  StatusOr<Chunk> end = gateway.reactor().BlockOn(before->Read(1000, Wait{}));
  EXPECT_TRUE(end.ok() && end->empty()) << end.status();
  EXPECT_EQ(upstream.requests.size(), 1u);
}

TEST_F(TlsTest, EndsAConnectionInCleartextWhoseListenerSpeaksTlsNow) {
  gateway.Serve({t::Listener(kA, StrCat("port: ", gateway.port(), " client { reason_header: true }"))});
  std::unique_ptr<io::TcpStream> before = gateway.Connect();
  EXPECT_THAT(Ask(*before, "a.test"), StartsWith("HTTP/1.1 404"));
  Serve();
  std::string answer = Ask(*before, "a.test");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(answer, HasSubstr("connection: close"));
}

TEST_F(TlsTest, SaysNothingInCleartextWhereItsListenersHaveGone) {
  Serve();
  int early = server::ConnectTo(gateway.port());  // waits in the accept queue
  gateway.Serve({t::Listener("shop/web/http", StrCat("port: ", server::FreePort()))});
  ASSERT_TRUE(gateway.RunUntil([&] { return gateway.downstream().connections() == 0; }));
  std::string answer = server::SendAndReadAll(early, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(answer, "");
}

TEST_F(TlsTest, HangsUpOnPlainHttp) {
  Serve();
  std::string answer = gateway.Send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(answer, "");
  EXPECT_EQ(Failures(kA, TlsFailure::kNotTls) + Failures(kB, TlsFailure::kNotTls), 1u);
}

TEST_F(TlsTest, LogsAFailedHandshakeUnderTheListenerThatTheServerNameChose) {
  Serve();
  gateway.LogTo(folder.Path("access.log"));
  for (const char* name : {"a.test", "b.test"}) OpenSsl(name, {"-servername", name, "-alpn", "spdy/1"});
  OpenSsl("x.test", {"-servername", "x.test"});
  auto lines = [this] {
    std::string log = folder.Read("access.log");
    return std::count(log.begin(), log.end(), '\n');
  };
  ASSERT_TRUE(gateway.RunUntil([&] { return lines() == 3; }));
  std::string log = folder.Read("access.log");
  EXPECT_THAT(log,
              HasSubstr(StrCat("\"listener\":\"", kA, "\",\"sni\":\"a.test\",\"reason\":\"tls_handshake_failed\"")));
  EXPECT_THAT(log,
              HasSubstr(StrCat("\"listener\":\"", kB, "\",\"sni\":\"b.test\",\"reason\":\"tls_handshake_failed\"")));
  EXPECT_THAT(log, HasSubstr("\"sni\":\"x.test\",\"reason\":\"tls_handshake_failed\",\"detail\":\"no listener serves "
                             "the server name\""));
}

TEST_F(TlsTest, LogsWhatCameInsteadOfTls) {
  Serve();
  gateway.LogTo(folder.Path("access.log"));
  gateway.Send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  ASSERT_TRUE(gateway.RunUntil([&] { return folder.Read("access.log").ends_with("}\n"); }));
  EXPECT_THAT(
      folder.Read("access.log"),
      HasSubstr("\"reason\":\"tls_handshake_failed\",\"detail\":\"HTTP in the clear at a port that speaks TLS\""));
}

TEST(TlsInTheClear, IsNamedInTheLog) {
  TestGateway gateway;
  TestFolder folder;
  gateway.ChoosePort();
  gateway.Serve({t::Listener("shop/web/clear", StrCat("port: ", gateway.port()))});
  gateway.LogTo(folder.Path("access.log"));
  ProgramEnd result = gateway.Run({"curl", "-sv", "--max-time", "20", StrCat("https://127.0.0.1:", gateway.port())});
  EXPECT_EQ(result.code, 35) << "curl: no TLS there";
  ASSERT_TRUE(gateway.RunUntil([&] { return folder.Read("access.log").ends_with("}\n"); }));
  EXPECT_THAT(folder.Read("access.log"),
              HasSubstr("\"reason\":\"bad_request\",\"detail\":\"TLS at a port that speaks HTTP in the clear\""));
}

TEST_F(TlsTest, TellsAHelloThatIsMalformedWhyItHangsUp) {
  Serve();
  std::string alert = gateway.Send(std::string("\x16\x03\x01\x00\x04\x02\x00\x00\x00", 9));
  EXPECT_EQ(alert, std::string("\x15\x03\x03\x00\x02\x02\x32", 7)) << "decode_error";
  EXPECT_EQ(Failures(kA, TlsFailure::kProtocol) + Failures(kB, TlsFailure::kProtocol), 1u);
}

TEST(TlsTimeout, EndsAHandshakeThatDoesNotComeOn) {
  FakeClock clock;
  TestCa ca;
  TestGateway gateway(&clock);
  TestCertificate certificate = ca.Issue(TestCertificateOptions{.names = {"DNS:a.test"}});
  gateway.ChoosePort();
  gateway.Serve(
      {t::Secret("shop/a", {{"tls.crt", certificate.cert}, {"tls.key", certificate.key}}),
       t::Listener(kA, StrCat("protocol: HTTPS port: ", gateway.port(),
                              " client { tls_handshake_timeout { seconds: 7 } } tls { certificates: 'shop/a' }"))});
  std::unique_ptr<io::TcpStream> silent = gateway.Connect();
  std::unique_ptr<io::TcpStream> slow = gateway.Connect();
  gateway.WriteTo(*slow, std::string("\x16\x03\x01\x00\xff\x01", 6));
  ASSERT_TRUE(gateway.RunUntil([&] { return gateway.downstream().connections() == 2; }));
  clock.Advance(std::chrono::seconds(6));
  gateway.reactor().Turn(Duration(0));
  EXPECT_EQ(gateway.downstream().connections(), 2u);
  clock.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(gateway.RunUntil([&] { return gateway.downstream().connections() == 0; }));
  const telemetry::ListenerCells& cells = gateway.proxy().stats.Listener(kA);
  EXPECT_EQ(cells.tls_failures.At(static_cast<size_t>(TlsFailure::kTimeout)).Read(), 2u);
}

TEST(TlsLimit, GivesUpTheOldestHandshakeForOneThatIsTooMany) {
  TestCa ca;
  TestGateway gateway(nullptr, 2);
  TestCertificate certificate = ca.Issue(TestCertificateOptions{.names = {"DNS:a.test"}});
  gateway.ChoosePort();
  gateway.Serve({t::Secret("shop/a", {{"tls.crt", certificate.cert}, {"tls.key", certificate.key}}),
                 t::Listener(kA, StrCat("protocol: HTTPS port: ", gateway.port(), " tls { certificates: 'shop/a' }"))});
  std::vector<std::unique_ptr<io::TcpStream>> silent;
  for (size_t i = 1; i <= 2; ++i) {
    silent.push_back(gateway.Connect());
    ASSERT_TRUE(gateway.RunUntil([&] { return gateway.downstream().handshakes().under_way() == i; }));
  }
  silent.push_back(gateway.Connect());
  EXPECT_EQ(gateway.ReadUntil(*silent[0], "never"), "");
  EXPECT_EQ(gateway.downstream().handshakes().under_way(), 2u);
  const telemetry::ListenerCells& cells = gateway.proxy().stats.Listener(kA);
  EXPECT_EQ(cells.tls_failures.At(static_cast<size_t>(TlsFailure::kTooMany)).Read(), 1u);
}

}  // namespace
}  // namespace penstock::test
