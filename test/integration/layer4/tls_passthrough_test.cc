// TLS that is passed through by its server name, between openssl's client and server.
#include "dataplane/base/strings.h"
#include "dataplane/tls/client_hello.h"
#include "test/integration/layer4/layer4_fixture.h"
#include "test/integration/layer4/party.h"

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

const char kTls[] = "protocol: TLS";

class TlsPassthroughTest : protected HasClock, public Layer4Test {
 protected:
  TlsPassthroughTest() : Layer4Test(&clock_) {}

  // A certificate for NAME, which is its own issuer.
  std::string Certificate(const std::string& name) {
    std::string file = StrCat(testing::TempDir(), name, ".pem");
    ProgramEnd made = RunProgram({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                                  "-nodes", "-days", "2", "-subj", "/CN=" + name, "-addext",
                                  "subjectAltName=DNS:" + name, "-keyout", file, "-out", file});
    EXPECT_EQ(made.code, 0) << made.output;
    return file;
  }

  // A server that says every line backwards, as "lines of NAME's".
  std::unique_ptr<Party> Server(const std::string& certificate) {
    auto server = std::make_unique<Party>(std::vector<std::string>{"openssl", "s_server", "-accept", "127.0.0.1:0",
                                                                   "-cert", certificate, "-key", certificate, "-rev"});
    EXPECT_TRUE(gateway_.RunUntil([&] { return server->ListensAt("ACCEPT ") != 0; })) << server->Heard();
    return server;
  }
  std::string AsEndpoint(Party& server) {
    return StrCat("endpoints { address: '127.0.0.1' port: ", server.ListensAt("ACCEPT "), " weight: 1 } ");
  }

  std::vector<std::string> Client(std::vector<std::string> more) {
    std::vector<std::string> command = {"openssl", "s_client", "-connect", StrCat("127.0.0.1:", port_)};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }
  // A client that believes CERTIFICATE alone.
  std::vector<std::string> Client(const std::string& certificate, std::vector<std::string> more) {
    more.insert(more.end(), {"-CAfile", certificate, "-verify_return_error", "-quiet"});
    return Client(std::move(more));
  }
  bool Hears(Party& party, std::string_view text) {
    return gateway_.RunUntil([&] { return party.Heard().find(text) != std::string::npos; });
  }
};

TEST_F(TlsPassthroughTest, ChoosesTheUpstreamByTheServerName) {
  std::string a_pem = Certificate("a.test");
  std::string b_pem = Certificate("b.test");
  std::unique_ptr<Party> a = Server(a_pem);
  std::unique_ptr<Party> b = Server(b_pem);
  namespace t = snapshot::testing;
  Serve({.listener = kTls, .attachment = "hostnames: 'a.test'", .endpoints = AsEndpoint(*a)},
        {t::Cluster("b"), t::Endpoints("b", AsEndpoint(*b)),
         t::Route("edge/b",
                  "attachments { listener: 'edge/gw/l4' hostnames: '*.b.test' hostnames: 'b.test' } rules { "
                  "tunnel { clusters { cluster: 'b' weight: 1 } } }")});
  Party to_a(Client(a_pem, {"-servername", "A.test"}));
  to_a.Say("hello a\n");
  EXPECT_TRUE(Hears(to_a, "a olleh")) << to_a.Heard();
  Party to_b(Client(b_pem, {"-servername", "b.test", "-tls1_2"}));
  to_b.Say("hello b\n");
  EXPECT_TRUE(Hears(to_b, "b olleh")) << to_b.Heard();
  EXPECT_THAT(to_b.Heard(), HasSubstr("CN = b.test"));
  EXPECT_EQ(RouteCells().sessions_active.Read(), 1);
  EXPECT_EQ(RouteCells("edge/b").sessions_active.Read(), 1);
}

TEST_F(TlsPassthroughTest, LogsTheServerName) {
  std::string pem = Certificate("a.test");
  std::unique_ptr<Party> server = Server(pem);
  Serve({.listener = kTls, .endpoints = AsEndpoint(*server)});
  {
    Party client(Client(pem, {"-servername", "a.test"}));
    client.Say("hello\n");
    EXPECT_TRUE(Hears(client, "olleh")) << client.Heard();
  }
  server.reset();
  std::string line = NextLogLine();
  EXPECT_THAT(line, HasSubstr("\"protocol\":\"tls\""));
  EXPECT_THAT(line, HasSubstr("\"sni\":\"a.test\""));
  EXPECT_THAT(line, HasSubstr("\"route\":\"edge/route\""));
}

TEST_F(TlsPassthroughTest, ServesClientsWithoutAServerNameWhereAnyNameIsServed) {
  std::string pem = Certificate("a.test");
  std::unique_ptr<Party> server = Server(pem);
  Serve({.listener = kTls, .endpoints = AsEndpoint(*server)});
  Party client(Client(pem, {"-noservername"}));
  client.Say("hello\n");
  EXPECT_TRUE(Hears(client, "olleh")) << client.Heard();
}

TEST_F(TlsPassthroughTest, TellsWhoAsksForAnotherNameThatItIsNotHere) {
  ByteUpstream upstream(gateway_.reactor());
  const Setup kCases[] = {
      {.listener = "protocol: TLS hostname: '*.a.test'", .endpoints = upstream.AsEndpoint()},       // no listener
      {.listener = kTls, .attachment = "hostnames: 'a.test'", .endpoints = upstream.AsEndpoint()},  // no route
  };
  const char* reasons[] = {"tls_handshake_failed", "no_route"};
  for (int i = 0; i < 2; ++i) {
    Serve(kCases[i]);
    Party client(Client({"-servername", "other.test"}));
    EXPECT_TRUE(Hears(client, "unrecognized name")) << client.Heard();
    EXPECT_THAT(NextLogLine(), HasSubstr(StrCat("\"sni\":\"other.test\",\"reason\":\"", reasons[i], "\"")));
  }
  EXPECT_FALSE(upstream.HasConnection());
}

TEST_F(TlsPassthroughTest, PassesTheHelloOnAsItCame) {
  ByteUpstream upstream(gateway_.reactor());
  Serve({.listener = kTls, .cluster = "proxy_protocol: V1", .endpoints = upstream.AsEndpoint()});
  Party client(Client({"-servername", "a.test"}));
  StreamPtr server = upstream.Accept();
  std::string bytes = ReadAtLeast(*server, 200);
  EXPECT_THAT(bytes, ::testing::StartsWith("PROXY TCP4 127.0.0.1 127.0.0.1 "));
  std::string_view hello = std::string_view(bytes).substr(bytes.find('\n') + 1);
  tls::ClientHelloParser parser;
  EXPECT_EQ(parser.Parse(hello), tls::ClientHelloParser::Progress::kDone);
  EXPECT_EQ(parser.hello().server_name, "a.test");
}

TEST_F(TlsPassthroughTest, EndsWhatIsNoTlsAtItsFirstByte) {
  ByteUpstream upstream(gateway_.reactor());
  Serve({.listener = kTls, .endpoints = upstream.AsEndpoint()});
  StreamPtr client = Connect();
  Write(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(ReadAtLeast(*client, 1), "") << "no alert for who does not speak TLS";
  client->Close();
  EXPECT_THAT(
      NextLogLine(),
      HasSubstr("\"reason\":\"tls_handshake_failed\",\"detail\":\"HTTP in the clear at a port that speaks TLS\""));

  client = Connect();
  Write(*client, std::string_view("\x16\x03\x01\0\x04\x02\0\0\0", 9));
  EXPECT_EQ(ReadAtLeast(*client, 7), std::string("\x15\x03\x03\0\x02\x02\x32", 7)) << "decode_error";
  EXPECT_FALSE(upstream.HasConnection());
}

TEST_F(TlsPassthroughTest, WaitsForTheHelloAsLongAsForAHandshake) {
  ByteUpstream upstream(gateway_.reactor());
  Serve({.listener = kTls, .endpoints = upstream.AsEndpoint()});
  StreamPtr client = Connect();
  Write(*client, "\x16\x03\x01");
  Settle();
  clock_.Advance(9900ms);
  Settle();
  EXPECT_EQ(gateway_.downstream().connections(), 1u);
  clock_.Advance(200ms);
  EXPECT_EQ(ReadAtLeast(*client, 1), "");
  EXPECT_THAT(NextLogLine(), HasSubstr("\"reason\":\"tls_handshake_failed\""));
}

TEST_F(TlsPassthroughTest, ReadsTheServerNameBehindAProxyProtocolHeader) {
  ByteUpstream upstream(gateway_.reactor());
  Serve({.listener = "protocol: TLS client { proxy_protocol: REQUIRED trusted_proxies: '127.0.0.1' }",
         .attachment = "hostnames: 'a.test'",
         .endpoints = upstream.AsEndpoint()});
  // The hello of a client of ours, said behind a header.
  ByteUpstream recorder(gateway_.reactor());
  Party openssl({"openssl", "s_client", "-connect", recorder.address().ToString(), "-servername", "a.test"});
  StreamPtr recorded = recorder.Accept();
  std::string hello = ReadAtLeast(*recorded, 200);
  StreamPtr client = Connect();
  Write(*client, "PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n" + hello);
  StreamPtr server = upstream.Accept();
  EXPECT_TRUE(ReadAtLeast(*server, hello.size()) == hello);
  client->Close();
  server->Close();
  EXPECT_THAT(NextLogLine(), HasSubstr("\"peer\":\"203.0.113.7:4711\""));
}

}  // namespace
}  // namespace penstock::test
