// Endpoints that are reached over TLS.
#include <algorithm>

#include "dataplane/base/test_certificates.h"
#include "dataplane/tls/testing.h"
#include "dataplane/upstream/testing/upstream_fixture.h"
#include "dataplane/upstream/tunnel/dial.h"
#include "dataplane/upstream/tunnel/dial_datagrams.h"

namespace penstock::upstream {
namespace {

using std::chrono::milliseconds;
using telemetry::TlsFailure;
using tls::BundleOf;
using tls::PairOf;
using Protocol = snapshot::CompiledCluster::Protocol;

class ClusterTlsTest : public UpstreamTest {
 protected:
  ClusterTlsTest() : tickets_(std::make_shared<tls::TicketKeys>(clock_)) {
    config_.tls.emplace();
    config_.tls->hostname = "a.test";
    Ask({"http/1.1"});
  }

  // A server for a.test, that speaks ALPN.
  tls::ServerOptions Serving(std::vector<std::string> alpn = {"http/1.1"}) {
    return Showing(ca_.Issue(TestCertificateOptions{.names = {"DNS:a.test"}}), std::move(alpn));
  }
  tls::ServerOptions Showing(const TestCertificate& certificate, std::vector<std::string> alpn = {"http/1.1"}) {
    tls::ServerOptions options;
    options.name = "server";
    options.certificates = {PairOf(certificate)};
    options.alpn = std::move(alpn);
    options.tickets = tickets_;
    return options;
  }
  static std::shared_ptr<const tls::ServerContext> Made(tls::ServerOptions options) {
    return *tls::ServerContext::Make(std::move(options));
  }
  // What the cluster asks of a.test from the next Use() on.
  void Ask(std::vector<std::string> alpn, const TestCa* trusted = nullptr, const TestCertificate* shown = nullptr) {
    tls::ClientOptions options;
    options.hostname = "a.test";
    options.ca = {BundleOf((trusted == nullptr ? ca_ : *trusted).cert())};
    options.alpn = std::move(alpn);
    if (shown != nullptr) options.certificate = PairOf(*shown);
    tls_ = *tls::ClientContext::Make(std::move(options));
  }
  void AskWhatever() {
    config_.protocol = Protocol::kAuto;
    Ask({"h2", "http/1.1"});
  }
  std::vector<Result> SendMany(Cluster& cluster, std::size_t count) {
    std::vector<std::unique_ptr<Exchange>> exchanges;
    std::vector<Exchange*> pointers;
    for (std::size_t i = 0; i < count; ++i) {
      exchanges.push_back(std::make_unique<Exchange>(&reactor_->blocks()));
      pointers.push_back(exchanges.back().get());
    }
    return SendAll(pointers, cluster);
  }
  // How it fails: "cause: detail".
  std::string Refusal(const ScriptedUpstream& server) {
    std::uint64_t before[telemetry::kTlsFailures];
    for (std::size_t i = 0; i < telemetry::kTlsFailures; ++i) before[i] = Cells().tls_failures.At(i).Read();
    Exchange x(&reactor_->blocks());
    Result result = Send(x, Use({&server}));
    EXPECT_EQ(result.reason, Reason::kUpstreamTlsFailed);
    EXPECT_EQ(server.requests().size(), 0u);
    std::string causes;
    for (std::size_t i = 0; i < telemetry::kTlsFailures; ++i) {
      if (Cells().tls_failures.At(i).Read() != before[i]) causes += telemetry::kTlsFailureNames[i];
    }
    return StrCat(causes, ": ", x.detail);
  }

  static ScriptedUpstream::Action Hello(int, int) { return ScriptedUpstream::Reply("hello"); }
  static H2Upstream::Action Hello2(int, int) { return {.content = "hello"}; }

  SystemClock clock_;
  TestCa ca_;
  std::shared_ptr<tls::TicketKeys> tickets_;
};

TEST_F(ClusterTlsTest, SendsRequestsOneAfterTheOtherOverAVerifiedConnection) {
  ScriptedUpstream& server = Serve(Hello, Made(Serving()));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Send(Use({&server})).content, "hello");
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(server.facts().server_name, "a.test");
  EXPECT_EQ(server.facts().alpn, "http/1.1");
  EXPECT_EQ(Cells().tls_handshakes.Read(), 1u);
  EXPECT_EQ(Cells().connections_reused.Read(), 2u);
}

TEST_F(ClusterTlsTest, SendsNothingToAServerThatDoesNotVerifyAndSaysWhy) {
  using Options = TestCertificateOptions;
  using std::chrono::hours;
  TestCa stranger("stranger");
  const std::vector<std::string> names = {"DNS:a.test"};
  struct Case {
    TestCertificate certificate;
    const char* refusal;
  };
  const Case cases[] = {
      {ca_.Issue(Options{.names = names, .begins = -hours(2), .ends = -hours(1)}),
       "certificate_refused: certificate verify failed: certificate has expired"},
      {ca_.Issue(Options{.names = {"DNS:b.test"}}),
       "certificate_refused: certificate verify failed: hostname mismatch"},
      {ca_.Issue(Options{.names = names, .usage = "clientAuth"}),
       "certificate_refused: certificate verify failed: unsuitable certificate purpose"},
      {stranger.Issue(Options{.names = names}),
       "certificate_refused: certificate verify failed: unable to get local issuer certificate"},
  };
  for (const Case& c : cases) EXPECT_EQ(Refusal(Serve(Hello, Made(Showing(c.certificate)))), c.refusal);
  EXPECT_EQ(Refusal(Serve(Hello, Made(Serving({"imap"})))), "peer_alert: tlsv1 alert no application protocol");
  EXPECT_EQ(Cells().tls_handshakes.Read(), 0u);
}

TEST_F(ClusterTlsTest, GivesUpAHandshakeThatDoesNotComeOn) {
  config_.upstream.connect_timeout = milliseconds(20);
  ScriptedUpstream& silent = Serve(Hello);  // reads our hello as a head that does not end
  EXPECT_EQ(Refusal(silent).substr(0, 8), "timeout:");
}

TEST_F(ClusterTlsTest, TriesAnotherEndpointIfAHandshakeFails) {
  TestCa stranger("stranger");
  ScriptedUpstream& bad = Serve(Hello, Made(Showing(stranger.Issue(TestCertificateOptions{.names = {"DNS:a.test"}}))));
  ScriptedUpstream& good = Serve(Hello, Made(Serving()));
  Cluster& cluster = Use({&bad, &good});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Send(cluster, http::Method::kPost).status, 200);
  EXPECT_EQ(good.requests().size(), 4u);
  EXPECT_EQ(bad.connections(), 1) << "it is left alone for a while";
}

TEST_F(ClusterTlsTest, ResumesSessionsOfTheSameEndpoint) {
  auto once = [](int, int) {
    ScriptedUpstream::Action action = ScriptedUpstream::Reply("x");
    action.then = ScriptedUpstream::Action::Then::kClose;
    return action;
  };
  ScriptedUpstream& server = Serve(once, Made(Serving()));
  ScriptedUpstream& other = Serve(once, Made(Serving()));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Send(Use({&server})).status, 200);
  EXPECT_EQ(server.connections(), 3);
  EXPECT_EQ(Cells().tls_handshakes.Read(), 3u);
  EXPECT_EQ(Cells().tls_resumptions.Read(), 2u);
  EXPECT_EQ(Send(Use({&other})).status, 200);
  EXPECT_FALSE(other.facts().resumed);
}

TEST_F(ClusterTlsTest, ShowsTheClustersCertificate) {
  TestCa clients("clients' CA");
  tls::ServerOptions options = Serving();
  options.clients.emplace();
  options.clients->ca = {BundleOf(clients.cert())};
  ScriptedUpstream& server = Serve(Hello, Made(options));
  // TLS 1.3: the handshake has ended for the client when the server refuses it.
  EXPECT_EQ(Refusal(server), "peer_alert: tlsv13 alert certificate required");
  TestCertificate mine = clients.Issue("spiffe://shop/gateway");
  Ask({"http/1.1"}, nullptr, &mine);
  EXPECT_EQ(Send(Use({&server})).status, 200);
  EXPECT_EQ(server.facts().peer_identity, "spiffe://shop/gateway");
}

TEST_F(ClusterTlsTest, SaysWhyAnEndpointOfHttp2RefusesItsCertificate) {
  config_.protocol = Protocol::kHttp2;
  Ask({"h2"});
  tls::ServerOptions options = Serving({"h2"});
  options.clients.emplace();
  options.clients->ca = {BundleOf(ca_.cert())};
  H2Upstream& server = ServeH2(Hello2, {}, Made(options));
  Exchange x(&reactor_->blocks());
  EXPECT_EQ(Send(x, UseH2({&server})).reason, Reason::kUpstreamTlsFailed);
  EXPECT_EQ(x.detail, "tlsv13 alert certificate required");
  for (const Result& result : SendMany(UseH2({&server}), 10)) EXPECT_EQ(result.reason, Reason::kUpstreamTlsFailed);
  EXPECT_EQ(server.connections(), 2) << "requests that come together fail together";
  EXPECT_EQ(Cells().tls_failures.At(static_cast<std::size_t>(TlsFailure::kPeerAlert)).Read(), 2u);
}

TEST_F(ClusterTlsTest, SpeaksHttp2WhereTheEndpointAgrees) {
  AskWhatever();
  H2Upstream& server = ServeH2(Hello2, {}, Made(Serving({"h2"})));
  for (const Result& result : SendMany(UseServers<H2Upstream>({&server}, "c"), 10)) EXPECT_EQ(result.content, "hello");
  for (const Result& result : SendMany(UseServers<H2Upstream>({&server}, "c"), 10)) EXPECT_EQ(result.content, "hello");
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(server.requests(), 20u);
}

TEST_F(ClusterTlsTest, SpeaksHttp11WhereTheEndpointAgreesOnThatOrOnNothing) {
  AskWhatever();
  for (std::vector<std::string> alpn : {std::vector<std::string>{"http/1.1"}, std::vector<std::string>{}}) {
    ScriptedUpstream& server = Serve(Hello, Made(Serving(alpn)));
    for (const Result& result : SendMany(Use({&server}), 5)) EXPECT_EQ(result.content, "hello");
    EXPECT_EQ(server.connections(), 5) << "the first one, too, serves a request";
    EXPECT_EQ(Send(Use({&server})).content, "hello");
    EXPECT_EQ(server.connections(), 5);
  }
}

TEST_F(ClusterTlsTest, NeverAssumesThatAnEndpointSpeaksHttp2) {
  config_.protocol = Protocol::kHttp2;
  Ask({"h2"});
  H2Upstream& server = ServeH2(Hello2, {}, Made(Serving(std::vector<std::string>{})));
  Exchange x(&reactor_->blocks());
  EXPECT_EQ(Send(x, UseH2({&server})).reason, Reason::kUpstreamTlsFailed);
  EXPECT_EQ(x.detail, "the endpoint does not agree to speak HTTP/2");
  EXPECT_EQ(Cells().tls_failures.At(static_cast<std::size_t>(TlsFailure::kAlpn)).Read(), 1u);
  EXPECT_EQ(server.requests(), 0u);
}

TEST_F(ClusterTlsTest, FollowsAnEndpointThatAgreesOnTheOtherProtocolLater) {
  AskWhatever();
  ScriptedUpstream& old = Serve(Hello, Made(Serving()));
  io::SocketAddress address = old.address();
  Cluster& cluster = UseAddresses({address}, "c");
  EXPECT_EQ(Send(cluster).content, "hello");
  auto restart = [&](auto& server) {
    server.StopListening();
    server.CloseConnections();
    EXPECT_TRUE(RunUntil([&] { return Cells().connections_active.Read() == 0; }));
  };
  restart(old);
  H2Upstream& modern = ServeH2(Hello2, {}, Made(Serving({"h2"})), address.ToString());
  for (const Result& result : SendMany(cluster, 5)) EXPECT_EQ(result.content, "hello");
  EXPECT_EQ(modern.requests(), 5u);
  restart(modern);
  ScriptedUpstream& again = Serve(Hello, Made(Serving()), address.ToString());
  for (const Result& result : SendMany(cluster, 5)) EXPECT_EQ(result.content, "hello");
  EXPECT_EQ(again.requests().size(), 5u);
}

TEST_F(ClusterTlsTest, RotatesCertificatesAndDropsNoRequest) {
  ScriptedUpstream& server = Serve(Hello, Made(Serving()));
  EXPECT_EQ(Send(Use({&server})).status, 200);
  Ask({"http/1.1"});  // made again, but alike
  EXPECT_EQ(Send(Use({&server})).status, 200);
  EXPECT_EQ(server.connections(), 1);

  // A request that is under way when the CA changes ends over its connection, which is then closed.
  PiecesBody body({"a"});
  body.waits_on = reactor_.get();
  Exchange x(&reactor_->blocks());
  UpstreamTest::Get(x, http::Method::kPost);
  SetBody(x, body, {http::Framing::Kind::kChunked, 0});
  Cancellation gone;
  std::optional<Result> result;
  Begin(x, Use({&server}), result, gone);
  TestCa next("the next CA");
  server.set_tls(Made(Showing(next.Issue(TestCertificateOptions{.names = {"DNS:a.test"}}))));
  Ask({"http/1.1"}, &next);
  Cluster& cluster = Use({&server});
  EXPECT_EQ(Cells().connections_active.Read(), 1);
  EXPECT_EQ(Send(cluster).status, 200);
  EXPECT_EQ(server.connections(), 2);
  EXPECT_FALSE(result.has_value());
  gone.Cancel();
  EXPECT_TRUE(RunUntil([&] { return result.has_value(); }));
  EXPECT_EQ(Cells().connections_active.Read(), 1);
  EXPECT_EQ(Cells().connections_idle.Read(), 1);
}

TEST_F(ClusterTlsTest, NeverUsesAConnectionThatProvesLessThanTheGenerationOfTheRequestAsks) {
  ScriptedUpstream& secure = Serve(Hello, Made(Serving()));
  Cluster& cluster = Use({&secure});
  ViewRef encrypted = cluster.view();
  EXPECT_EQ(Send(cluster).status, 200);
  config_.tls.reset();
  tls_.reset();
  Use({&secure});
  ViewRef clear = cluster.view();
  Acquired in_clear = reactor_->BlockOn(cluster.Acquire(*clear, 0, false, {}));
  ASSERT_NE(in_clear.connection, nullptr);
  EXPECT_FALSE(in_clear.reused);
  EXPECT_EQ(dynamic_cast<tls::TlsStream*>(&in_clear.connection->stream()), nullptr);
  cluster.Reuse(std::move(in_clear.connection), clear->settings());
  Acquired still = reactor_->BlockOn(cluster.Acquire(*encrypted, 0, false, {}));
  ASSERT_NE(still.connection, nullptr);
  EXPECT_FALSE(still.reused);
  EXPECT_NE(dynamic_cast<tls::TlsStream*>(&still.connection->stream()), nullptr);
  cluster.Discard(std::move(still.connection));
}

TEST_F(ClusterTlsTest, SwitchesProtocolsOverHttp11WithAnEndpointThatSpeaksHttp2Too) {
  AskWhatever();
  auto switches = [](int, int) {
    return ScriptedUpstream::Action{
        .bytes = "HTTP/1.1 101 Yes\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhello",
        .then = ScriptedUpstream::Action::Then::kClose};
  };
  ScriptedUpstream& server = Serve(switches, Made(Serving({"h2", "http/1.1"})));
  Exchange x(&reactor_->blocks());
  UpstreamTest::Get(x);
  x.request.upgrade = "websocket";
  Result result = Send(x, Use({&server}));
  EXPECT_EQ(result.status, 101);
  EXPECT_EQ(result.content, "hello");
  EXPECT_EQ(server.facts().alpn, "http/1.1");
  x.Clear();
}

TEST_F(ClusterTlsTest, AgreesOnNothingForATunnel) {
  AskWhatever();
  ScriptedUpstream& server = Serve(Hello, Made(Serving({"h2", "http/1.1"})));
  Cluster& cluster = Use({&server});
  ViewRef view = cluster.view();
  Acquired opened = reactor_->BlockOn(cluster.Open(*view, 0, "", {}));
  ASSERT_NE(opened.connection, nullptr);
  EXPECT_TRUE(RunUntil([&] { return !server.facts().version.empty(); }));
  EXPECT_EQ(server.facts().alpn, "");
  cluster.Discard(std::move(opened.connection));
}

TEST_F(ClusterTlsTest, SendsThePrefaceOfATunnelInCleartextBeforeTheHandshake) {
  ScriptedUpstream& server = Serve(Hello);
  Cluster& cluster = Use({&server});
  Dialed dialed = reactor_->BlockOn(Dial(cluster.view(), 1, "PREFACE / HTTP/1.1\r\n\r\n", {}));
  EXPECT_EQ(dialed.reason, Reason::kUpstreamTlsFailed);
  EXPECT_NE(dialed.detail, "");
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0], "PREFACE / HTTP/1.1\r\n\r\n");
}

TEST_F(ClusterTlsTest, SendsNoDatagramsInCleartext) {
  ScriptedUpstream& server = Serve(Hello, Made(Serving()));
  DialedDatagrams dialed = reactor_->BlockOn(DialDatagrams(Use({&server}).view(), 1, {}));
  EXPECT_EQ(dialed.reason, Reason::kUpstreamTlsFailed);
  EXPECT_EQ(dialed.detail, "datagrams cannot be sent over TLS");
  EXPECT_EQ(dialed.socket, nullptr);
}

}  // namespace
}  // namespace penstock::upstream
