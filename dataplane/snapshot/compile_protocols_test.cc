// What listeners, clusters and routes may say about TLS, layer 4 and how they are spoken to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/testing.h"
#include "proto/penstock/xds/v1/secret.pb.h"

namespace penstock::snapshot {
namespace {

using testing::Cluster;
using testing::Endpoints;
using testing::Listener;
using testing::MakeResource;
using testing::MustCompile;
using testing::Route;

Resource Secret(std::string_view name) {
  return MakeResource<xds::v1::Secret>(name, "name: '" + std::string(name) + "' type: 'kubernetes.io/tls'");
}

std::string ProblemsOf(std::vector<Resource> resources) {
  resources.push_back(Secret("cert"));
  return testing::Text(Compile(nullptr, {std::move(resources), {}, {}}).problems);
}

TEST(CompileProtocols, TakesAListenerWithEverythingThatTlsCanSay) {
  std::shared_ptr<const Snapshot> snapshot = MustCompile(
      nullptr,
      {{Secret("cert"), Secret("ca"),
        Listener("l",
                 "port: 443 protocol: HTTPS hostname: '*.a.example' tls { certificates: 'cert' min_version: "
                 "TLS_1_3 client { ca: 'ca' optional: true subject_alt_names { type: URI value: 'spiffe://a/B' } "
                 "subject_alt_names { type: IP value: '2001:DB8::1' } } }")},
       {},
       {}});
  const CompiledListener& listener = **snapshot->FindListener("l");
  EXPECT_EQ(listener.protocol, ListenerProtocol::kHttps);
  ASSERT_TRUE(listener.tls.has_value());
  EXPECT_EQ(listener.tls->min_version, TlsVersion::kTls13);
  EXPECT_THAT(listener.tls->alpn, ::testing::ElementsAre("h2", "http/1.1")) << "the default of HTTPS";
  ASSERT_TRUE(listener.tls->client.has_value());
  EXPECT_TRUE(listener.tls->client->optional);
  EXPECT_EQ(listener.tls->client->subject_alt_names[0], (SubjectAltName{SubjectAltName::Type::kUri, "spiffe://a/B"}));
  EXPECT_EQ(listener.tls->client->subject_alt_names[1], (SubjectAltName{SubjectAltName::Type::kIp, "2001:db8::1"}));
}

TEST(CompileProtocols, TakesClustersOfEveryProtocol) {
  std::shared_ptr<const Snapshot> snapshot = MustCompile(
      nullptr, {{Secret("ca"), Secret("me"), Cluster("clear"), Cluster("h2", "protocol: HTTP2 proxy_protocol: V2"),
                 Cluster("tls", "protocol: AUTO tls { hostname: 'a.example' ca: 'ca' client_certificate: 'me' }"),
                 Endpoints("clear", "endpoints { address: 'unix:/run/x.sock' weight: 1 }")},
                {},
                {}});
  EXPECT_EQ((*snapshot->FindCluster("clear"))->protocol, CompiledCluster::Protocol::kHttp1);
  EXPECT_EQ((*snapshot->FindCluster("h2"))->proxy_protocol, CompiledCluster::ProxyProtocol::kV2);
  const CompiledCluster& tls = **snapshot->FindCluster("tls");
  EXPECT_EQ(tls.protocol, CompiledCluster::Protocol::kAuto);
  EXPECT_EQ(tls.tls->hostname, "a.example");
  EXPECT_EQ((*snapshot->FindEndpoints("clear"))->endpoints[0].address, "unix:/run/x.sock");
}

TEST(CompileProtocols, DecidesATunnelByItsListenerAndServerName) {
  std::shared_ptr<const Snapshot> snapshot = MustCompile(
      nullptr,
      {{Cluster("pg"), Cluster("web"), Listener("tcp", "port: 5432 protocol: TCP"),
        Listener("sni", "port: 443 protocol: TLS hostname: '*.a.example'"), Listener("dns", "port: 5432 protocol: UDP"),
        Route("pg", "attachments { listener: 'tcp' } rules { tunnel { clusters { cluster: 'pg' weight: 3 } } }"),
        Route("web",
              "attachments { listener: 'sni' hostnames: 'x.a.example' } rules { tunnel { clusters { cluster: 'web' "
              "weight: 1 } idle_timeout { seconds: 5 } } }")},
       {},
       {}});
  const BindGroup* tcp = snapshot->FindBindGroup({"", 5432, false});
  ASSERT_NE(tcp, nullptr);
  EXPECT_NE(snapshot->FindBindGroup({"", 5432, true}), nullptr) << "TCP and UDP of one port are two places";
  Decision decision = snapshot->DecideTunnel(snapshot->DefaultListener(*tcp), "");
  ASSERT_NE(decision.match, nullptr);
  EXPECT_EQ(std::get<Tunnel>(decision.rule().action).total_weight, 3u);
  const BindGroup* tls = snapshot->FindBindGroup({"", 443, false});
  const Shared<CompiledListener>* listener = snapshot->FindListenerForHost(*tls, "x.a.example");
  ASSERT_NE(listener, nullptr);
  EXPECT_EQ(snapshot->DecideTunnel(*listener, "x.a.example").route().name, "web");
  EXPECT_EQ(snapshot->DecideTunnel(*listener, "y.a.example").match, nullptr);
  EXPECT_EQ(snapshot->FindListenerForHost(*tls, ""), nullptr) << "no server name, and no listener for any host";
}

TEST(CompileProtocols, RefusesWhatCannotBeSpoken) {
  struct Case {
    Resource resource;
    std::string problem;
  };
  const Case kCases[] = {
      {Listener("l", "protocol: HTTPS"), "E205 Listener l tls: an HTTPS listener needs a certificate"},
      {Listener("l", "protocol: HTTPS tls {}"), "E205 Listener l tls.certificates: there is no certificate to show"},
      {Listener("l", "protocol: HTTPS tls { certificates: 'none' }"),
       "E203 Listener l tls.certificates[0]: Secret \"none\" does not exist"},
      {Listener("l", "protocol: HTTP tls { certificates: 'cert' }"),
       "E205 Listener l tls: only HTTPS and TLS listeners"},
      {Listener("l", "protocol: TCP hostname: 'a.example'"),
       "E205 Listener l hostname: TCP and UDP know no host names"},
      {Listener("l", "protocol: HTTPS tls { certificates: 'cert' alpn: 'h3' }"), "E205 Listener l tls.alpn[0]: \"h3\""},
      {Listener("l", "protocol: HTTPS tls { certificates: 'cert' client {} }"),
       "E205 Listener l tls.client.ca: nobody is named who may issue certificates"},
      {Listener("l",
                "protocol: HTTPS tls { certificates: 'cert' client { ca: 'cert' subject_alt_names { type: DNS value: "
                "'*.a' } } }"),
       "E206 Listener l tls.client.subject_alt_names[0].value"},
      {Listener("l", "protocol: HTTP client { proxy_protocol: REQUIRED }"),
       "E205 Listener l client.proxy_protocol: nobody is trusted"},
      {Listener("l", "protocol: HTTP client { http2 { stream_window_bytes: 2147483648 } }"),
       "E210 Listener l client.http2.stream_window_bytes"},
      {Cluster("c", "protocol: AUTO"), "E205 Cluster c protocol: without TLS nothing is agreed on"},
      {Cluster("c", "tls { hostname: 'a' }"), "E205 Cluster c tls.ca: nobody is named who may issue"},
      {Cluster("c", "tls { hostname: 'a' ca: 'none' }"), "E203 Cluster c tls.ca[0]: Secret \"none\" does not exist"},
      {Endpoints("c", "endpoints { address: 'unix:x' weight: 1 }"), "E206 Endpoints c endpoints[0].address: no path"},
      {Endpoints("c", "endpoints { address: 'unix:/x' port: 1 weight: 1 }"), "E206 Endpoints c endpoints[0].port"},
      {Listener("l", "addresses: 'unix:run/x.sock' port: 80"), "E206 Listener l addresses[0]: no path"},
      {Listener("l", "addresses: 'unix:@name' port: 80"), "E206 Listener l addresses[0]: no path"},
      {Listener("l", StrCat("addresses: 'unix:/", std::string(107, 'x'), "' port: 80")),
       "E206 Listener l addresses[0]: no path"},
      {Listener("l", "addresses: 'unix:/x' addresses: 'unix:/x' port: 80"),
       "E206 Listener l addresses[1]: unix:/x is named twice"},
      {Listener("l", "addresses: 'unix:/x' port: 53 protocol: UDP"),
       "E206 Listener l addresses[0]: datagrams come to IP addresses only"},
      {Route("r", "rules { forward { upgrades: 'h2c' } }"),
       "E205 Route r rules[0].forward.upgrades[0]: \"h2c\" cannot"},
      {Route("r", "rules { matches { prefix: '/a' } matches { prefix: '/b' } tunnel {} }"),
       "E205 Route r rules[0]: a tunnel sees no requests"},
      {Route("r", "rules { tunnel {} } rules { tunnel {} }"), "E205 Route r rules: a route of layer 4 has one rule"},
  };
  for (const Case& c : kCases) EXPECT_THAT(ProblemsOf({c.resource}), ::testing::HasSubstr(c.problem));
}

TEST(CompileProtocols, RefusesListenersOfOnePlaceThatSpeakDifferently) {
  EXPECT_THAT(ProblemsOf({Listener("a", "port: 80 protocol: HTTP"), Listener("b", "port: 80 protocol: TCP")}),
              ::testing::HasSubstr("E212 Listener b protocol: another listener speaks another protocol"));
  EXPECT_EQ(ProblemsOf({Listener("a", "port: 443 protocol: HTTPS hostname: 'a' tls { certificates: 'cert' }"),
                        Listener("b", "port: 443 protocol: TLS hostname: 'b'")}),
            "")
      << "the handshake's server name tells HTTPS and TLS apart";
}

TEST(CompileProtocols, AUnixSocketIsOnePlaceWhateverThePortsAre) {
  std::shared_ptr<const Snapshot> snapshot = MustCompile(
      nullptr, {{Listener("a", "addresses: 'unix:/run/x.sock' addresses: '127.0.0.1' port: 80 hostname: 'a.test'"),
                 Listener("b", "addresses: 'unix:/run/x.sock' port: 8080 hostname: 'b.test'")},
                {},
                {}});
  EXPECT_THAT(snapshot->bind_keys(), ::testing::ElementsAre(BindKey{"127.0.0.1", 80}, BindKey{"unix:/run/x.sock", 0}));
  const BindGroup* group = snapshot->FindBindGroup({"unix:/run/x.sock", 0});
  EXPECT_EQ((*snapshot->FindListenerForHost(*group, "b.test"))->name, "b");
  EXPECT_THAT(ProblemsOf({Listener("a", "addresses: 'unix:/x' port: 80"),
                          Listener("b", "addresses: 'unix:/x' port: 81 protocol: TCP")}),
              ::testing::HasSubstr("E212 Listener b protocol: another listener speaks another protocol on unix:/x"));
  EXPECT_THAT(
      ProblemsOf({Listener("a", "addresses: 'unix:/x' port: 80"), Listener("b", "addresses: 'unix:/x' port: 81")}),
      ::testing::HasSubstr("E207 Listener b hostname: another listener serves host \"\" on unix:/x"));
}

TEST(CompileProtocols, NamesWhoStillUsesASecretThatIsTakenAway) {
  std::shared_ptr<const Snapshot> snapshot =
      MustCompile(nullptr, {{Secret("cert"), Listener("l", "protocol: HTTPS tls { certificates: 'cert' }")}, {}, {}});
  Delta removal{{}, {{std::string(kSecretType), "cert"}}, {}};
  EXPECT_THAT(testing::Text(Compile(snapshot.get(), removal).problems),
              ::testing::HasSubstr("E203 Listener l tls.certificates[0]: Secret \"cert\" does not exist"));
}

}  // namespace
}  // namespace penstock::snapshot
