#include "dataplane/http/forwarded.h"

#include <string>

#include "dataplane/http/hop_by_hop.h"
#include "gtest/gtest.h"

namespace penstock::http {
namespace {

IpAddress Ip(std::string_view text) { return *IpAddress::Parse(text); }

struct TrustedProxies {
  std::vector<Cidr> ranges;
  uint32_t max_hops = 0;
};

TrustedProxies Trusting(std::vector<std::string_view> ranges, uint32_t hops = 0) {
  TrustedProxies trusted;
  for (std::string_view range : ranges) trusted.ranges.push_back(*Cidr::Parse(range));
  trusted.max_hops = hops;
  return trusted;
}

std::string ClientBehind(std::string_view peer, const TrustedProxies& trusted, std::vector<std::string_view> values) {
  Headers headers;
  for (std::string_view value : values) headers.Add("x-forwarded-for", value);
  return FindClient(headers, Ip(peer), trusted.ranges, trusted.max_hops).address.ToString();
}

TEST(FindClient, TakesThePeerUnlessItIsTrusted) {
  EXPECT_EQ(ClientBehind("10.0.0.9", Trusting({}), {"1.2.3.4"}), "10.0.0.9");
  EXPECT_EQ(ClientBehind("10.0.0.9", Trusting({"192.0.2.0/24"}), {"1.2.3.4"}), "10.0.0.9");
}

TEST(FindClient, WalksOutwardsThroughTrustedProxies) {
  TrustedProxies trusted = Trusting({"10.0.0.0/8"});
  EXPECT_EQ(ClientBehind("10.0.0.9", trusted, {"6.6.6.6, 1.2.3.4, 10.1.1.1"}), "1.2.3.4");
  EXPECT_EQ(ClientBehind("10.0.0.9", trusted, {"6.6.6.6, 1.2.3.4", "10.1.1.1,, 10.2.2.2"}), "1.2.3.4");
  EXPECT_EQ(ClientBehind("10.0.0.9", trusted, {"10.3.3.3"}), "10.3.3.3");
  EXPECT_EQ(ClientBehind("10.0.0.9", trusted, {}), "10.0.0.9");
  EXPECT_EQ(ClientBehind("10.0.0.9", trusted, {"2001:db8::1"}), "2001:db8::1");
  EXPECT_EQ(ClientBehind("10.0.0.9", trusted, {"[2001:db8::1]:99"}), "2001:db8::1");
  EXPECT_EQ(ClientBehind("10.0.0.9", trusted, {"1.2.3.4:5678"}), "1.2.3.4");
}

TEST(FindClient, StopsAtWhatIsNoAddress) {
  TrustedProxies trusted = Trusting({"10.0.0.0/8"});
  EXPECT_EQ(ClientBehind("10.0.0.9", trusted, {"1.2.3.4, unknown, 10.1.1.1"}), "10.1.1.1");
  EXPECT_EQ(ClientBehind("10.0.0.9", trusted, {"["}), "10.0.0.9");
}

TEST(FindClient, CountsHopsOnlyInsideTheTrustedRanges) {
  EXPECT_EQ(ClientBehind("10.0.0.9", Trusting({"10.0.0.0/8"}, 1), {"1.2.3.4, 10.1.1.1"}), "10.1.1.1");
  EXPECT_EQ(ClientBehind("10.0.0.9", Trusting({"10.0.0.0/8"}, 2), {"1.2.3.4, 10.1.1.1"}), "1.2.3.4");
  EXPECT_EQ(ClientBehind("10.0.0.9", Trusting({"10.0.0.0/8"}, 9), {"6.6.6.6, 1.2.3.4, 10.1.1.1"}), "1.2.3.4");
}

TEST(WriteForwarding, ReplacesWhatAnUntrustedPeerSays) {
  Arena arena;
  Headers headers;
  headers.Add("x-forwarded-for", "1.2.3.4");
  headers.Add("forwarded", "for=1.2.3.4");
  headers.Add("x-real-ip", "1.2.3.4");
  headers.Add("x-forwarded-proto", "https");
  WriteForwarding(headers, {.peer = "192.0.2.7", .scheme = "http", .authority = "a.test", .port = "80"}, arena);
  EXPECT_EQ(headers.Get("x-forwarded-for"), "192.0.2.7");
  EXPECT_EQ(headers.Get("x-forwarded-proto"), "http");
  EXPECT_EQ(headers.Get("x-forwarded-host"), "a.test");
  EXPECT_EQ(headers.Get("x-forwarded-port"), "80");
  EXPECT_EQ(headers.Get("via"), "1.1 penstock");
  EXPECT_FALSE(headers.Has("forwarded"));
  EXPECT_FALSE(headers.Has("x-real-ip"));
}

TEST(WriteForwarding, AppendsToWhatATrustedPeerSays) {
  Arena arena;
  Headers headers;
  headers.Add("x-forwarded-for", "1.2.3.4");
  headers.Add("x-forwarded-for", "5.6.7.8");
  headers.Add("forwarded", "for=1.2.3.4");
  headers.Add("x-forwarded-proto", "https");
  headers.Add("via", "1.1 edge");
  HopFacts facts{.peer = "2001:db8::1", .scheme = "http", .authority = "a.test", .port = "80", .peer_trusted = true};
  WriteForwarding(headers, facts, arena);
  EXPECT_EQ(headers.Get("x-forwarded-for"), "1.2.3.4, 5.6.7.8, 2001:db8::1");
  EXPECT_EQ(headers.Count("x-forwarded-for"), 1u);
  EXPECT_EQ(headers.Get("x-forwarded-proto"), "https");
  EXPECT_EQ(headers.Get("forwarded"), "for=1.2.3.4, for=\"[2001:db8::1]\";host=\"a.test\";proto=http");
  EXPECT_EQ(headers.Get("via"), "1.1 edge, 1.1 penstock");
}

// Nobody upstream could make sense of an address there.
TEST(WriteForwarding, NamesNobodyWhereThePeerHasNoAddress) {
  Arena arena;
  Headers headers;
  headers.Add("x-forwarded-for", "1.2.3.4");
  HopFacts facts{.peer = kUnixPeer, .scheme = "http", .authority = "a.test", .port = ""};
  WriteForwarding(headers, facts, arena);
  EXPECT_FALSE(headers.Has("x-forwarded-for"));
  EXPECT_FALSE(headers.Has("x-forwarded-port"));
  EXPECT_EQ(headers.Get("x-forwarded-host"), "a.test");

  headers.Clear();
  headers.Add("x-forwarded-for", "1.2.3.4");
  headers.Add("forwarded", "for=1.2.3.4");
  facts.peer_trusted = true;
  WriteForwarding(headers, facts, arena);
  EXPECT_EQ(headers.Get("x-forwarded-for"), "1.2.3.4");
  EXPECT_EQ(headers.Get("forwarded"), "for=1.2.3.4, for=unknown;host=\"a.test\";proto=http");
}

TEST(FindClient, BelievesPeersOfUnixSocketsIfTheyAreNamed) {
  EXPECT_EQ(ClientBehind("0.0.0.0", Trusting({"10.0.0.0/8"}), {"1.2.3.4"}), "0.0.0.0");
  EXPECT_EQ(ClientBehind("0.0.0.0", Trusting({kUnixPeerBlock}), {"1.2.3.4"}), "1.2.3.4");
}

TEST(CountLoops, SeesItself) {
  Headers headers;
  headers.Add("via", "1.1 penstock, 1.0 other");
  headers.Add("via", "1.1 penstock");
  EXPECT_EQ(CountLoops(headers), 2);
}

std::string Names(const Headers& headers) {
  std::string names;
  for (const Field& field : headers) names += std::string(field.name()) + " ";
  return names;
}

TEST(StripRequest, RemovesHopByHopFieldsAndWhatConnectionNames) {
  Headers headers;
  for (const char* name :
       {"host", "accept", "keep-alive", "x-one", "te", "upgrade", "http2-settings", "x-two", "proxy-connection",
        "transfer-encoding", "content-length", "expect", "proxy-authorization"}) {
    headers.Add(name, "v");
  }
  headers.Add("connection", "close, X-One");
  headers.Add("connection", "x-two");
  StripRequest(headers);
  EXPECT_EQ(Names(headers), "accept ");
}

TEST(StripRequest, IgnoresAConnectionFieldThatNamesOwnedFields) {
  Headers headers;
  headers.Add("connection", "close, X-Forwarded-For, Authorization, Cookie, Host, X-Request-Id");
  for (const char* name : {"x-forwarded-for", "authorization", "cookie", "x-request-id"}) headers.Add(name, "v");
  StripRequest(headers);
  EXPECT_EQ(Names(headers), "x-forwarded-for authorization cookie x-request-id ");
}

TEST(StripRequest, RemovesEveryFieldThatOverridesAGateway) {
  Headers headers;
  for (const char* name : {"x-original-url", "x-rewrite-url", "x-envoy-original-path", "x-forwarded-prefix",
                           "x-forwarded-uri", "x-original-uri", "proxy", "x-penstock-reason", "x-envoy-anything"}) {
    headers.Add(name, "/admin/x");
  }
  StripRequest(headers);
  EXPECT_TRUE(headers.empty());
}

TEST(StripResponse, KeepsTheOriginsFields) {
  Headers headers;
  for (const char* name : {"server", "date", "set-cookie", "content-type", "connection", "keep-alive", "content-length",
                           "x-penstock-reason", "upgrade"}) {
    headers.Add(name, "v");
  }
  StripResponse(headers);
  EXPECT_EQ(Names(headers), "server date set-cookie content-type ");
}

TEST(StripTrailers, LeavesNothingThatChangesTheMessage) {
  Headers headers;
  for (const char* name : {"content-length", "host", "authorization", "transfer-encoding", "x-checksum", "grpc-status",
                           "content-type", "x-forwarded-for", "cookie", "cache-control"}) {
    headers.Add(name, "v");
  }
  StripTrailers(headers);
  EXPECT_EQ(Names(headers), "x-checksum grpc-status ");
}

}  // namespace
}  // namespace penstock::http
