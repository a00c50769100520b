#include "dataplane/snapshot/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/testing.h"
#include "proto/penstock/xds/v1/listener.pb.h"

namespace penstock::snapshot {
namespace {

using testing::Cluster;
using testing::Endpoints;
using testing::Listener;
using testing::MustCompile;
using testing::PolicyChain;
using testing::Route;

std::shared_ptr<const Snapshot> Shop() {
  Delta delta{{Listener("shop/web/http", "policy_chain: 'edge'"), Cluster("users"), Cluster("products-v1"),
               Cluster("products-v2"), Endpoints("users", "endpoints { address: '10.0.0.21' port: 8081 weight: 1 }"),
               Endpoints("products-v1", "endpoints { address: '10.0.0.31' port: 8082 weight: 1 }"),
               PolicyChain("edge", R"(policies { type: 'cors' origin: 'Gateway shop' config {
           [type.googleapis.com/penstock.xds.v1.Cors] { allow_origins: 'https://shop.example' } } })"),
               Route("shop/users", R"(attachments { listener: 'shop/web/http' }
           rules { name: 'all' matches { prefix: '/users' } forward { clusters { cluster: 'users' weight: 1 } } })"),
               Route("shop/products", R"(attachments { listener: 'shop/web/http' }
           rules { name: 'catalog' matches { prefix: '/products' method: 'GET' }
                   filters { request_headers { set { name: 'x-env' value: 'prod' } } }
                   forward { clusters { cluster: 'products-v1' weight: 90 } clusters { cluster: 'products-v2' weight: 10 } } }
           rules { matches { prefix: '/products' headers { name: 'x-env' exact: 'dev' } } redirect { hostname: 'dev.example' } })")},
              {},
              {}};
  return MustCompile(nullptr, delta);
}

ExplainRequest Get(std::string path) {
  ExplainRequest request;
  request.port = 8080;
  request.fields = {{"Host", "shop"}};
  request.target = std::move(path);
  return request;
}

TEST(Explain, NamesListenerRouteRuleAndWhyNotTheOthers) {
  Explanation explanation = Explain(*Shop(), Get("/products"));
  EXPECT_EQ(
      ExplanationText(explanation),
      "listener  shop/web/http :8080\n"
      "client    timeouts: first byte 10s, request headers 10s, keep-alive 60s, stream idle 300s, connection age "
      "3600s\n"
      "          limits: request line 8192 B, headers 61440 B in 100 fields, body without bound, body rate 500 B/s "
      "after 30s, 10000 requests per connection, 10000 connections\n"
      "          trusted proxies: none\n"
      "          escaped slashes: Reject\n"
      "route     shop/products     rule \"catalog\"    match: PathPrefix /products (9 chars) + method GET\n"
      "          shop/products     rules[1]          no: header x-env is missing\n"
      "          shop/users        rule \"all\"        no: path /products is not under /users\n"
      "policies  1 cors              pass     from Gateway shop  cross-origin requests from https://shop.example\n"
      "filters   request header: set x-env: prod\n"
      "backend   products-v1 90 % | products-v2 10 % [no endpoint: 503]  ->  forward to products-v1, would pick "
      "10.0.0.31:8082\n"
      "timeouts  request 15s, one try 15s, connect 2s, stream idle 300s\n"
      "retries   only where nothing can have been processed\n"
      "decided   by what is written, which nobody serves\n");
}

TEST(Explain, SaysThatConnectionsMustBeginWithAProxyHeader) {
  ClientSettings settings;
  std::vector<std::string> without = ExplainClient(settings);
  settings.proxy_protocol = true;
  std::vector<std::string> lines = ExplainClient(settings);
  ASSERT_EQ(lines.size(), without.size() + 1);
  EXPECT_EQ(lines.back(), "PROXY protocol: required; a connection without its header is closed");
}

TEST(Explain, PicksAsLiveTrafficDoesForTheSameSeed) {
  std::shared_ptr<const Snapshot> snapshot = Shop();
  const auto& forward = std::get<Forward>((*snapshot->FindRoute("shop/products"))->rules[0].action);
  for (uint64_t seed = 0; seed < 100; ++seed) {
    ExplainRequest request = Get("/products");
    request.seed = seed;
    Explanation explanation = Explain(*snapshot, request);
    size_t picked = PickCluster(forward, seed) - forward.clusters.data();
    EXPECT_TRUE(explanation.backends[picked].picked);
    EXPECT_FALSE(explanation.backends[1 - picked].picked);
  }
}

TEST(Explain, SaysNoRouteAndStillNamesThePolicies) {
  Explanation explanation = Explain(*Shop(), Get("/nothing"));
  EXPECT_EQ(explanation.outcome, Explanation::Outcome::kNoRoute);
  EXPECT_EQ(explanation.policies.size(), 1u);
  EXPECT_EQ(explanation.misses.size(), 3u);
  EXPECT_THAT(ExplanationText(explanation), ::testing::HasSubstr("none: 404 no_route"));
}

TEST(Explain, ShowsTheSettingsOfTheListenerThatTheHostFinds) {
  Delta delta{{Listener("any", ""), Listener("mine", R"(hostname: 'mine' client {
                 keepalive_timeout { seconds: 5 } max_request_body_bytes: 1000 escaped_slashes: KEEP
                 trusted_proxies: '10.0.0.0/8' trusted_proxies: '192.0.2.1/32' trusted_hops: 2
                 http2 { prior_knowledge: true max_concurrent_streams: 10 } })")},
              {},
              {}};
  std::shared_ptr<const Snapshot> snapshot = MustCompile(nullptr, delta);
  ExplainRequest request = Get("/");
  request.fields = {{"Host", "mine"}};
  Explanation explanation = Explain(*snapshot, request);
  ASSERT_EQ(explanation.client.size(), 5u);
  EXPECT_THAT(explanation.client[0], ::testing::HasSubstr("keep-alive 5s"));
  EXPECT_THAT(explanation.client[1], ::testing::HasSubstr("body 1000 B"));
  EXPECT_EQ(explanation.client[2], "trusted proxies: 10.0.0.0/8, 192.0.2.1/32, at most 2 hops");
  EXPECT_EQ(explanation.client[3], "escaped slashes: Keep");
  EXPECT_EQ(
      explanation.client[4],
      "HTTP/2 by prior knowledge: 10 requests at once, windows 65536 B and 1048576 B, idle 300s, budget 200 frames "
      "and 20/s");
  EXPECT_THAT(ExplanationJson(explanation), ::testing::HasSubstr("\"client\":[\"timeouts: first byte 10s"));
  request.fields = {{"Host", "other"}};
  EXPECT_THAT(Explain(*snapshot, request).client[0], ::testing::HasSubstr("keep-alive 60s"));
}

TEST(Explain, NamesTheNearestPortsWhereNothingListens) {
  ExplainRequest request = Get("/");
  request.port = 9;
  Explanation explanation = Explain(*Shop(), request);
  EXPECT_EQ(ExplanationText(explanation),
            "listener  none on port 9: nothing listens there, so the connection is refused; the nearest ports are 8080 "
            "(HTTP)\n");
  EXPECT_THAT(ExplanationJson(explanation),
              ::testing::HasSubstr(",\"nearestPorts\":[{\"port\":8080,\"speaks\":\"HTTP\"}]"));
}

TEST(Explain, SaysThatNoListenerHasTheHost) {
  Delta delta{{Listener("w/g/a", "hostname: 'a.test'")}, {}, {}};
  EXPECT_EQ(ExplanationText(Explain(*MustCompile(nullptr, delta), Get("/"))),
            "listener  none on port 8080 serves this host: 404 no_listener\n");
}

TEST(Explain, SaysWhatTheDataPlaneAnswersBeforeAnyRoute) {
  struct Case {
    std::string method, target, field, value;
    int status;
    std::string reason;
  };
  const Case kCases[] = {
      {"TRACE", "/users", "x", "y", 405, "method_not_allowed"},
      {"CONNECT", "shop:80", "x", "y", 501, "unsupported_method"},
      {"GET", "/users", "a_b", "1", 400, "bad_request"},
      {"GET", "/users", "Expect", "foo", 417, "expectation_failed"},
      {"GET", "/users", "Host", "again", 400, "bad_host"},
      {"GET", "/users", "x", "y\r\n\r\nGET /other HTTP/1.1", 400, "bad_request"},
      {"GET", "/a%2Fb", "x", "y", 400, "bad_target"},
      {"GET", "/users\"\xff", "x", "y", 400, "bad_request"},
      {"OPTIONS", "*", "x", "y", 200, "options"},
      {"GET", "/users", "Via",
       std::string("1.1 penstock, 1.1 penstock, 1.1 penstock, 1.1 penstock, 1.1 penstock, 1.1 ") +
           "penstock, 1.1 penstock, 1.1 penstock",
       508, "loop_detected"},
  };
  for (const Case& c : kCases) {
    ExplainRequest request = Get(c.target);
    request.method = c.method;
    request.fields.emplace_back(c.field, c.value);
    Explanation explanation = Explain(*Shop(), request);
    EXPECT_EQ(explanation.status, c.status) << c.method << " " << c.target << " " << c.field;
    EXPECT_EQ(explanation.reason, c.reason) << c.method << " " << c.target << " " << c.field;
    EXPECT_EQ(explanation.listener, "shop/web/http");
  }
}

TEST(Explain, TakesMethodsAsTheyAreWritten) {
  ExplainRequest request = Get("/products");
  request.method = "get";
  EXPECT_EQ(Explain(*Shop(), request).outcome, Explanation::Outcome::kNoRoute) << "methods know no case (RFC 9110 9.1)";
}

TEST(Explain, ReadsThePathAsTheListenerOfTheHostWants) {
  Delta delta{{Listener("keep", "hostname: 'keep' client { escaped_slashes: KEEP }"),
               Listener("redirect", "hostname: 'redirect' client { escaped_slashes: REDIRECT }"),
               Route("r",
                     "attachments { listener: 'keep' } attachments { listener: 'redirect' } "
                     "rules { static_reply { status: 200 } }")},
              {},
              {}};
  std::shared_ptr<const Snapshot> snapshot = MustCompile(nullptr, delta);
  ExplainRequest request = Get("/a%2Fb");
  request.fields = {{"Host", "keep"}};
  EXPECT_EQ(Explain(*snapshot, request).outcome, Explanation::Outcome::kRouted);
  request.fields = {{"Host", "redirect"}};
  Explanation explanation = Explain(*snapshot, request);
  EXPECT_EQ(explanation.status, 307);
  EXPECT_EQ(explanation.detail, "to /a/b");
}

TEST(Explain, SaysThatThePickedBackendHasNoEndpoint) {
  ExplainRequest request = Get("/products");
  for (request.seed = 0; request.seed < 200; ++request.seed) {
    Explanation explanation = Explain(*Shop(), request);
    if (!explanation.backends[1].picked) continue;
    EXPECT_EQ(explanation.status, 503);
    EXPECT_EQ(explanation.reason, "no_endpoints");
    return;
  }
  FAIL() << "10 % never came";
}

TEST(Explain, SaysHowABackendIsSpokenTo) {
  struct Case {
    const char* cluster;
    const char* endpoint;
  };
  constexpr Case kCases[] = {
      {"", "10.0.0.1:80"},
      {"protocol: HTTP2", "10.0.0.1:80 in HTTP/2"},
      {"protocol: HTTP2 tls { hostname: 'a.test' system_ca: true }", "10.0.0.1:80"},
      {"protocol: AUTO tls { hostname: 'a.test' system_ca: true }", "10.0.0.1:80"},
  };
  for (const Case& c : kCases) {
    Delta delta{
        {Listener("l"), Cluster("up", c.cluster),
         Endpoints("up", "endpoints { address: '10.0.0.1' port: 80 weight: 1 }"),
         Route("r", "attachments { listener: 'l' } rules { forward { clusters { cluster: 'up' weight: 1 } } }")},
        {},
        {}};
    EXPECT_EQ(Explain(*MustCompile(nullptr, delta), Get("/")).endpoint, c.endpoint);
  }
}

// A port of each protocol: TLS passed through by name, TCP, UDP.
std::shared_ptr<const Snapshot> Wires() {
  auto listener = [](const std::string& name, const std::string& text) {
    return testing::MakeResource<xds::v1::Listener>(name, StrCat("name: '", name, "' ", text));
  };
  Delta delta{{listener("w/g/tls", "port: 443 protocol: TLS hostname: '*.test'"),
               listener("w/g/tcp", "port: 5432 protocol: TCP"), listener("w/g/udp", "port: 53 protocol: UDP"),
               listener("w/g/tcp53", "port: 53 protocol: TCP"), Cluster("db"), Cluster("empty"),
               Endpoints("db",
                         "endpoints { address: '10.0.0.1' port: 5432 weight: 1 } "
                         "endpoints { address: 'unix:/run/db' weight: 1 }"),
               Route("tlsroute/w/db", R"(attachments { listener: 'w/g/tls' hostnames: 'a.test' }
           rules { tunnel { clusters { cluster: 'db' weight: 1 } } })"),
               Route("tcproute/w/pg", R"(attachments { listener: 'w/g/tcp' }
           rules { name: 'all' tunnel { clusters { cluster: 'empty' weight: 1 } } })"),
               Route("udproute/w/dns", R"(attachments { listener: 'w/g/udp' }
           rules { tunnel { clusters { problem: 'gone' weight: 1 } } })")},
              {},
              {}};
  return MustCompile(nullptr, delta);
}

std::string Connect(const std::string& scheme, const std::string& server_name, uint16_t port) {
  ExplainRequest request;
  request.scheme = scheme;
  request.server_name = server_name;
  request.port = port;
  return ExplanationText(Explain(*Wires(), request));
}

TEST(Explain, SaysWhereAConnectionGoes) {
  EXPECT_EQ(Connect("tls", "a.test", 443),
            "listener  w/g/tls :443 host *.test\n"
            "handshake with server name a.test, reaches w/g/tls\n"
            "route     tlsroute/w/db     rules[0]          match: server name a.test\n"
            "backend   db 100 %  ->  bytes to db, would pick one of 2 by round_robin, as 10.0.0.1:5432\n"
            "decided   by what is written, which nobody serves\n");
  EXPECT_EQ(Connect("tcp", "any.test", 5432),
            "listener  w/g/tcp :5432\n"
            "route     tcproute/w/pg     rule \"all\"        match: every connection\n"
            "backend   empty 100 % [no endpoint: refused]  ->  refused: empty has no endpoint\n"
            "decided   by what is written, which nobody serves\n");
  EXPECT_EQ(Connect("udp", "", 53),
            "listener  w/g/udp :53\n"
            "route     udproute/w/dns    rules[0]          match: every connection\n"
            "backend   (unresolved) 100 % [gone: refused]  ->  refused: the picked backend is unresolved\n"
            "decided   by what is written, which nobody serves\n");
}

TEST(Explain, SaysWhatBecomesOfAConnectionThatNobodyWants) {
  EXPECT_EQ(Connect("tls", "b.test", 443),
            "listener  w/g/tls :443 host *.test\n"
            "handshake with server name b.test, reaches w/g/tls\n"
            "route     none: the handshake is refused with the alert unrecognized_name\n"
            "decided   by what is written, which nobody serves\n");
  EXPECT_EQ(Connect("tls", "other.example", 443),
            "listener  none on port 443: no listener has the server name other.example: the handshake is refused with "
            "the alert unrecognized_name\n"
            "log       tls_handshake_failed: no listener serves the server name\n");
  EXPECT_EQ(Connect("tcp", "", 1),
            "listener  none on port 1: nothing listens there, so the connection is refused; the nearest ports are 53 "
            "(TCP), 53 (UDP), 443 (TLS), 5432 (TCP)\n");
  EXPECT_EQ(Connect("tcp", "", 443), "listener  none on port 443: w/g/tls speaks another protocol; ask about tls://\n");
  EXPECT_EQ(Connect("tls", "a.test", 5432),
            "listener  none on port 5432: w/g/tcp speaks another protocol; ask about tcp://\n");
}

TEST(Explain, GivesAClientWithoutAServerNameTheLeastSpecificListener) {
  EXPECT_EQ(Connect("tls", "", 443),
            "listener  w/g/tls :443 host *.test\n"
            "handshake with no server name, reaches w/g/tls\n"
            "route     none: the handshake is refused with the alert unrecognized_name\n"
            "decided   by what is written, which nobody serves\n");
}

TEST(Explain, SaysThatAPortSpeaksNoHttp) {
  ExplainRequest request = Get("/");
  request.port = 5432;
  EXPECT_EQ(ExplanationText(Explain(*Wires(), request)),
            "listener  none on port 5432: the listener carries bytes; ask about tcp://\n");
}

TEST(Explain, SaysWhereARequestGoesWhoseTlsIsPassedThrough) {
  ExplainRequest request = Get("/");
  request.scheme = "https";
  request.server_name = "a.test";
  request.port = 443;
  EXPECT_EQ(ExplanationText(Explain(*Wires(), request)), Connect("tls", "a.test", 443));
}

TEST(Explain, SaysHowHandshakesWithEndpointsAreMade) {
  auto snapshot = testing::MustCompile(
      nullptr,
      {.upserts = {testing::Secret("shop/me", {}), testing::Secret("ca/secret/shop/ca", {}),
                   testing::Listener("shop/web/http", ""),
                   testing::Cluster(
                       "api",
                       "protocol: AUTO tls { hostname: 'api.example' ca: 'ca/secret/shop/ca' system_ca: true "
                       "client_certificate: 'shop/me' min_version: TLS_1_3 }"),
                   testing::Endpoints("api", "endpoints { address: '10.0.0.1' port: 443 weight: 1 }"),
                   testing::Route("shop/api",
                                  "attachments { listener: 'shop/web/http' } rules { matches { prefix: '/' } forward { "
                                  "clusters { cluster: 'api' weight: 1 } } }")},
       .removals = {},
       .generation = {}});
  Explanation explanation = Explain(*snapshot, Get("/"));
  EXPECT_EQ(explanation.endpoint_tls,
            "TLS 1.3 with api.example, certificate issued by Secret shop/ca or the machine's CAs, agrees on HTTP/2 or "
            "HTTP/1.1, shows Secret shop/me");
  EXPECT_THAT(ExplanationText(explanation),
              ::testing::HasSubstr("would pick 10.0.0.1:443\nover      TLS 1.3 with api.example, "));
  EXPECT_THAT(ExplanationJson(explanation), ::testing::HasSubstr(",\"endpointTls\":\"TLS 1.3 with"));
}

TEST(Explain, SaysHowBytesAreCarriedOverTls) {
  Delta delta{{testing::MakeResource<xds::v1::Listener>("l", "name: 'l' port: 5432 protocol: TCP"),
               Cluster("db", "tls { hostname: 'db.test' system_ca: true }"),
               Endpoints("db", "endpoints { address: '10.0.0.1' port: 5432 weight: 1 }"),
               Route("r", "attachments { listener: 'l' } rules { tunnel { clusters { cluster: 'db' weight: 1 } } }")},
              {},
              {}};
  ExplainRequest request;
  request.scheme = "tcp";
  request.port = 5432;
  EXPECT_THAT(
      ExplanationText(Explain(*MustCompile(nullptr, delta), request)),
      ::testing::HasSubstr("bytes to db, would pick 10.0.0.1:5432\n"
                           "over      TLS 1.2 or newer with db.test, certificate issued by the machine's CAs\n"));
}

TEST(Explain, SaysThatAListenerIsAtAUnixSocket) {
  Delta delta{{Listener("w/g/web", "addresses: 'unix:/run/web.sock' port: 8080"),
               testing::MakeResource<xds::v1::Listener>(
                   "w/g/db", "name: 'w/g/db' addresses: 'unix:/run/db.sock' port: 5432 protocol: TCP")},
              {},
              {}};
  std::shared_ptr<const Snapshot> snapshot = MustCompile(nullptr, delta);
  ExplainRequest request = Get("/");
  request.port = 8080;
  Explanation explanation = Explain(*snapshot, request);
  EXPECT_THAT(ExplanationText(explanation), ::testing::StartsWith("listener  w/g/web at unix:/run/web.sock\n"));
  EXPECT_THAT(ExplanationJson(explanation), ::testing::HasSubstr(",\"socket\":\"unix:/run/web.sock\""));
  request.scheme = "tcp";
  request.port = 5432;
  EXPECT_THAT(ExplanationText(Explain(*snapshot, request)),
              ::testing::StartsWith("listener  w/g/db at unix:/run/db.sock\n"));
}

TEST(Explain, WritesJsonThatAnyBytesSurvive) {
  Explanation explanation = Explain(*Shop(), Get("/users/x"));
  std::string json = ExplanationJson(explanation);
  EXPECT_THAT(json, ::testing::StartsWith(
                        "{\"outcome\":\"routed\",\"epoch\":0,\"generation\":0,\"listener\":\"shop/web/http\""));
  EXPECT_THAT(json, ::testing::HasSubstr("\"picked\":true"));
}

TEST(Explain, SaysWhatTheConnectionMaySwitchTo) {
  Delta delta{{Listener("l"), Cluster("chat"), Endpoints("chat", "endpoints { address: '10.0.0.1' port: 1 weight: 1 }"),
               Route("r",
                     "attachments { listener: 'l' } rules { matches { prefix: '/' } forward { clusters { cluster: "
                     "'chat' weight: 1 } upgrades: 'websocket' } }")},
              {},
              {}};
  Explanation explanation = Explain(*MustCompile(nullptr, delta), Get("/chat"));
  EXPECT_THAT(explanation.filters, ::testing::ElementsAre("may switch to websocket"));
  delta.upserts[1] = Cluster("chat", "protocol: HTTP2");
  explanation = Explain(*MustCompile(nullptr, delta), Get("/chat"));
  EXPECT_THAT(explanation.filters,
              ::testing::ElementsAre("cannot switch to websocket: the backend is spoken to in HTTP/2"));
}

}  // namespace
}  // namespace penstock::snapshot
