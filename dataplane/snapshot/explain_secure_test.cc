// Requests over TLS, and the replies that callers of gRPC get.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/explain.h"
#include "dataplane/snapshot/testing.h"

namespace penstock::snapshot {
namespace {

using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// HTTPS listeners of one port, by name and host name.
std::shared_ptr<const Snapshot> Secure(const std::vector<std::pair<std::string, std::string>>& listeners,
                                       const std::string& tls = "") {
  Delta delta{{testing::Secret("shop/cert", {}), testing::Secret("ca/configmap/shop/ca", {})}, {}, {}};
  std::string attachments;
  for (const auto& [name, hostname] : listeners) {
    delta.upserts.push_back(testing::Listener(name, StrCat("port: 443 protocol: HTTPS hostname: '", hostname,
                                                           "' tls { certificates: 'shop/cert' ", tls, " }")));
    attachments += StrCat("attachments { listener: '", name, "' } ");
  }
  delta.upserts.push_back(testing::Listener("w/g/clear", "port: 80"));
  delta.upserts.push_back(
      testing::Route("w/all", attachments + "rules { matches { prefix: '/' } static_reply { status: 204 } }"));
  return testing::MustCompile(nullptr, delta);
}

ExplainRequest Ask(std::string server_name, std::string host) {
  ExplainRequest request;
  request.scheme = "https";
  request.port = 443;
  request.server_name = std::move(server_name);
  request.fields = {{"Host", std::move(host)}};
  return request;
}

TEST(ExplainSecure, SaysHowHandshakesAreAnswered) {
  Explanation explanation = Explain(
      *Secure({{"shop/web/https", ""}}, "min_version: TLS_1_3 client { ca: 'ca/configmap/shop/ca' }"), Ask("", "x"));
  EXPECT_EQ(
      explanation.tls,
      "TLS 1.3, shows Secret shop/cert, offers h2, http/1.1, clients need a certificate issued by ConfigMap shop/ca");
  EXPECT_THAT(ExplanationText(explanation), HasSubstr("\nhandshake with no server name, reaches shop/web/https\n"
                                                      "tls       TLS 1.3, shows Secret shop/cert"));
  EXPECT_THAT(ExplanationJson(explanation), HasSubstr(",\"tls\":\"TLS 1.3, shows"));
}

TEST(ExplainSecure, KnowsAClientByItsCertificateWhereOneIsAskedFor) {
  auto verdicts = [](const std::string& tls, std::string certificate) {
    Delta delta{{testing::Secret("shop/cert", {}), testing::Secret("ca/configmap/shop/ca", {}),
                 testing::Listener("w/g/a", StrCat("port: 443 protocol: HTTPS policy_chain: 'edge' tls { certificates: "
                                                   "'shop/cert' ",
                                                   tls, " }")),
                 testing::PolicyChain("edge", R"(policies { type: 'client_certificate' config {
                     [type.googleapis.com/penstock.xds.v1.ClientCertificateAuthentication] {} } }
                   policies { type: 'authorization' config { [type.googleapis.com/penstock.xds.v1.Authorization] {
                     rules { condition { subjects: 'spiffe://shop/orders' } } } } })"),
                 testing::Route("w/all",
                                "attachments { listener: 'w/g/a' } rules { matches { prefix: '/' } "
                                "static_reply { status: 204 } }")},
                {},
                {}};
    ExplainRequest request = Ask("a.test", "a.test");
    request.client_certificate = std::move(certificate);
    Explanation explanation = Explain(*testing::MustCompile(nullptr, delta), request);
    return explanation.policies[1].verdict + ": " + explanation.policies[0].why;
  };
  const std::string kAsks = "client { ca: 'ca/configmap/shop/ca' }";
  EXPECT_EQ(verdicts(kAsks, "spiffe://shop/orders"), "pass: certificate of spiffe://shop/orders");
  EXPECT_EQ(verdicts(kAsks, "spiffe://shop/other"), "deny: certificate of spiffe://shop/other");
  EXPECT_EQ(verdicts(kAsks, ""), "deny: no certificate that was verified");
  EXPECT_EQ(verdicts("", "spiffe://shop/orders"), "deny: no certificate that was verified");
}

TEST(ExplainSecure, TakesTheListenerThatTheServerNameReaches) {
  struct Case {
    std::string server_name, host, reached;
    int status;
    std::string reason;
  };
  const Case kCases[] = {
      {"a.test", "a.test", "w/g/a", 0, ""},
      {"x.b.test", "y.b.test", "w/g/b", 0, ""},
      {"a.test", "x.b.test", "w/g/a", 421, "misdirected"},
      {"x.b.test", "a.test", "w/g/b", 421, "misdirected"},
      {"a.test", "nobody.example", "w/g/a", 421, "misdirected"},
      {"", "x.b.test", "w/g/b", 0, ""},
      {"", "a.test", "w/g/b", 421, "misdirected"},
      {"", "192.0.2.1", "w/g/b", 421, "misdirected"},
  };
  std::shared_ptr<const Snapshot> snapshot = Secure({{"w/g/a", "a.test"}, {"w/g/b", "*.b.test"}});
  for (const Case& c : kCases) {
    Explanation explanation = Explain(*snapshot, Ask(c.server_name, c.host));
    SCOPED_TRACE(StrCat(c.server_name, " asks for ", c.host));
    EXPECT_EQ(explanation.status, c.status);
    EXPECT_EQ(explanation.reason, c.reason);
    EXPECT_THAT(explanation.handshake, HasSubstr(StrCat(", reaches ", c.reached)));
    bool routed = explanation.outcome == Explanation::Outcome::kRouted;
    EXPECT_EQ(routed, c.status == 0);
  }
}

TEST(ExplainSecure, SaysWithWhichAlertAnUnknownServerNameIsRefused) {
  Explanation explanation = Explain(*Secure({{"w/g/a", "a.test"}}), Ask("other.test", "a.test"));
  EXPECT_EQ(explanation.outcome, Explanation::Outcome::kNoListener);
  EXPECT_EQ(ExplanationText(explanation),
            "listener  none on port 443: no listener has the server name other.test: the handshake is refused with the "
            "alert unrecognized_name\n"
            "log       tls_handshake_failed: no listener serves the server name\n");
  EXPECT_THAT(ExplanationJson(explanation), HasSubstr("\"reason\":\"tls_handshake_failed\""));
}

TEST(ExplainSecure, ShowsWhichListenersArePutAsideAndWhy) {
  std::shared_ptr<const Snapshot> snapshot = Secure({{"w/g/a", "a.test"}});
  for (const char* host : {"a.test", "b.test"}) {
    Explanation explanation = Explain(*snapshot, Ask(host, "b.test"));
    explanation.unserved = {"w/g/b is not served: ConfigMap \"ca\" does not exist"};
    EXPECT_THAT(ExplanationText(explanation),
                HasSubstr("\nbut       w/g/b is not served: ConfigMap \"ca\" does not exist\n"));
    EXPECT_THAT(ExplanationJson(explanation), HasSubstr(",\"unserved\":[\"w/g/b is not served: "));
  }
}

TEST(ExplainSecure, SaysThatTheClearAndTlsDoNotMeet) {
  std::shared_ptr<const Snapshot> snapshot = Secure({{"w/g/a", "a.test"}});
  ExplainRequest request = Ask("a.test", "a.test");
  request.scheme = "http";
  Explanation explanation = Explain(*snapshot, request);
  EXPECT_EQ(explanation.outcome, Explanation::Outcome::kNoListener);
  EXPECT_THAT(ExplanationText(explanation),
              Eq("listener  none on port 443: the port speaks TLS, so the connection is closed without an "
                 "answer; ask about https://\n"
                 "log       tls_handshake_failed: HTTP in the clear at a port that speaks TLS\n"));
  request = Ask("a.test", "a.test");
  request.port = 80;
  explanation = Explain(*snapshot, request);
  EXPECT_EQ(explanation.outcome, Explanation::Outcome::kNoListener);
  EXPECT_THAT(ExplanationText(explanation),
              Eq("listener  none on port 80: the port speaks HTTP in the clear, so there is no handshake: the "
                 "client reads a 400 where TLS should be, and breaks off; ask about http://\n"
                 "log       bad_request: TLS at a port that speaks HTTP in the clear\n"));
}

TEST(ExplainSecure, KnowsThatClientsSendNoAddressAsServerName) {
  EXPECT_EQ(ServerNameFor("shop.test"), "shop.test");
  EXPECT_EQ(ServerNameFor("192.0.2.1"), "");
  EXPECT_EQ(ServerNameFor("[2001:db8::1]"), "");
}

TEST(ExplainSecure, NamesAFewPortsNearestFirst) {
  std::vector<ExplainedPort> ports = NearestPorts(
      {{80, "HTTP"}, {8080, "HTTP"}, {443, "HTTPS"}, {8443, "HTTPS"}, {9000, "TCP"}, {8080, "HTTP"}, {1, "UDP"}}, 8081);
  ASSERT_EQ(ports.size(), kMaxPorts);
  EXPECT_EQ(ports[0], (ExplainedPort{8080, "HTTP"}));
  EXPECT_EQ(ports[1], (ExplainedPort{8443, "HTTPS"}));
  EXPECT_EQ(ports[2], (ExplainedPort{9000, "TCP"}));
  EXPECT_EQ(ports[4], (ExplainedPort{80, "HTTP"}));
}

// One backend without an endpoint, one that is not there, and nothing else.
std::shared_ptr<const Snapshot> Calls() {
  Delta delta{{testing::Listener("w/g/h2", "hostname: '*.test'"), testing::Cluster("down"),
               testing::Route("w/calls", R"(attachments { listener: 'w/g/h2' }
           rules { matches { prefix: '/down' } forward { clusters { cluster: 'down' weight: 1 } } }
           rules { matches { prefix: '/gone' } forward { clusters { problem: 'gone' weight: 1 } } }
           rules { matches { prefix: '/none' } forward { clusters { cluster: 'down' weight: 0 } } })")},
              {},
              {}};
  return testing::MustCompile(nullptr, delta);
}

Explanation Called(const std::string& host, const std::string& target, const std::string& content_type) {
  ExplainRequest request;
  request.port = 8080;
  request.method = "POST";
  request.target = target;
  request.fields = {{"Host", host}, {"Content-Type", content_type}};
  return Explain(*Calls(), request);
}

TEST(ExplainGrpc, SaysWhatACallerIsTold) {
  struct Case {
    std::string host, target, content_type;
    int status, grpc_status;
  };
  const Case kCases[] = {
      {"a.test", "/shop.Orders/Get", "application/grpc", 200, 12},
      {"a.test", "/shop.Orders/Get", "application/grpc+proto", 200, 12},
      {"a.test", "/shop.Orders/Get", "application/grpc-web-text", 200, 12},
      {"a.test", "/shop.Orders/Get", "application/json", 404, 0},
      {"other.example", "/shop.Orders/Get", "application/grpc", 200, 12},
      {"a.test", "/down", "application/grpc", 200, 14},
      {"a.test", "/gone", "application/grpc", 200, 14},
      {"a.test", "/none", "application/grpc", 200, 14},
      {"a.test", "/gone", "text/plain", 500, 0},
      {"a.test", "/a%2Fb", "application/grpc", 200, 13},
  };
  for (const Case& c : kCases) {
    Explanation explanation = Called(c.host, c.target, c.content_type);
    SCOPED_TRACE(StrCat(c.host, c.target, " ", c.content_type));
    EXPECT_EQ(explanation.status, c.status);
    EXPECT_EQ(explanation.grpc_status, c.grpc_status);
    EXPECT_TRUE(explanation.refused());
  }
}

TEST(ExplainGrpc, NamesTheStatusInItsText) {
  Explanation explanation = Called("a.test", "/shop.Orders/Get", "application/grpc");
  EXPECT_THAT(ExplanationText(explanation),
              HasSubstr("\nroute     none: grpc-status 12 UNIMPLEMENTED (HTTP 200) no_route\n"));
  EXPECT_THAT(ExplanationJson(explanation),
              StartsWith("{\"outcome\":\"no_route\",\"status\":200,\"grpcStatus\":12,\"reason\":\"no_route\""));
  EXPECT_EQ(ExplanationText(Called("other.example", "/", "application/grpc")),
            "listener  none on port 8080 serves this host: grpc-status 12 UNIMPLEMENTED (HTTP 200) no_listener\n");
  EXPECT_THAT(ExplanationText(Called("a.test", "/down", "application/grpc")),
              HasSubstr("\nbackend   down 100 % [no endpoint: grpc-status 14 UNAVAILABLE]  ->  grpc-status 14 "
                        "UNAVAILABLE: down has no endpoint\n"));
}

}  // namespace
}  // namespace penstock::snapshot
