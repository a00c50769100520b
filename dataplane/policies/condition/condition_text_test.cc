#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "dataplane/policies/condition/condition.h"
#include "dataplane/policies/condition/testing.h"
#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

StatusOr<Condition> Compile(const std::string& text) {
  xds::v1::Condition message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return Condition::Compile(message, "rules[0].condition");
}

Condition Of(const std::string& text) {
  StatusOr<Condition> condition = Compile(text);
  EXPECT_TRUE(condition.ok()) << condition.status();
  return *std::move(condition);
}

TEST(Condition, DescribesItselfAndSaysWhatDoesNotHold) {
  struct Line {
    const char* config;
    const char* describes;
    const char* why;
  };
  const Line kLines[] = {
      {"roles: 'admin' roles: 'editor'", "role admin, editor", "no token"},
      {"scopes: 'read'", "scope read", "no token"},
      {"claims { name: 'tier' values: 'gold' }", "claim tier=gold", "no token"},
      {"claims { name: 'tier' }", "claim tier", "no token"},
      {"subjects: 'ann'", "subject ann", "no subject"},
      {"consumers: 'c' consumers: 'b' consumers: 'a' consumers: 'd' consumers: 'e' consumers: 'f'",
       "consumer a, b, c, d and 2 more", "no consumer"},
      {"plans: 'gold'", "plan gold", "no plan"},
      {"authenticated: true", "authenticated", "nothing is proven"},
      {"methods: 'PUT'", "method PUT", "it is GET"},
      {"paths { exact: '/a' } paths { prefix: '/b/' } paths { regex: '/c.*' }", "path =/a, /b, ~/c.*", "it is /"},
      {"headers { name: 'x-a' values: 'b' }", "header x-a=b", "it is not there"},
      {"headers { name: 'x-a' }", "header x-a", "it is not there"},
      {"headers { name: 'authorization' values: 'secret' }", "header authorization=...", "it is not there"},
      {"addresses: '10.0.0.0/8'", "address 10.0.0.0/8", "it is 192.0.2.1"},
      {"times { from_minute: 480 to_minute: 1080 days: 1 days: 2 } times { from_minute: 60 to_minute: 1440 }",
       "time 08:00-18:00 Mon Tue, 01:00-24:00 UTC", "it is Thu 00:00"},
      {"subjects: 'a\\nb'", "subject a\\x0ab", "no subject"},
  };
  for (const Line& line : kLines) {
    Condition condition = Of(line.config);
    EXPECT_EQ(condition.Describe(), line.describes);
    TestRequest request;
    EXPECT_EQ(condition.Why(*TestExchange(request), Use::kAllow), StrCat(line.describes, ": ", line.why));
  }
}

TEST(Condition, SaysWhyThereAreNoClaims) {
  Condition condition = Of("roles: 'admin'");
  TestRequest request;
  TestExchange x(request);
  x->identity.of(AuthMethod::kJwt) = {AuthResult::State::kInvalid, "token expired"};
  EXPECT_EQ(condition.Why(*x, Use::kAllow), "role admin: the token does not hold: token expired");
  x->identity.of(AuthMethod::kJwt) = {AuthResult::State::kUnknown, "the key set is away"};
  EXPECT_EQ(condition.Why(*x, Use::kAllow), "role admin: the token cannot be judged: the key set is away");
  TestRequest viewer{.claims = R"({"roles": "viewer"})"};
  EXPECT_EQ(condition.Why(*TestExchange(viewer), Use::kDeny), "role admin: the claim roles is another");
}

TEST(Condition, MightHoldIfOnlyWhoAsksIsNotKnown) {
  TestRequest request;
  TestExchange x(request);
  EXPECT_TRUE(Of("methods: 'GET' roles: 'admin'").MightHold(*x, Use::kAllow));
  EXPECT_FALSE(Of("methods: 'PUT' roles: 'admin'").MightHold(*x, Use::kDeny));
  EXPECT_TRUE(Of("methods: 'GET'").MightHold(*x, Use::kAllow));
  EXPECT_TRUE(Of("authenticated: true").MightHold(*x, Use::kDeny));
}

TEST(Condition, RefusesWhatGuardsNothing) {
  const std::string kLong(1025, 'a');
  const std::pair<std::string, const char*> kRows[] = {
      {"roles: ''", "roles[0]: is empty"},
      {"roles: 'a' roles: '" + kLong + "'", "roles[1]: has 1025 characters; at most 1024 are allowed"},
      {"claims { values: 'x' }", "claims[0].name: names no claim"},
      {"claims { name: 'a' } claims { name: 'b' values: '' }", "claims[1].values[0]: is empty"},
      {"claims { name: '" + kLong + "' }", "claims[0].name: has 1025 characters; at most 256 are allowed"},
      {"methods: 'GET /'", "methods[0]: \"GET /\" is no method"},
      {"paths {}", "paths[0]: none of exact, prefix and regex, or what this build does not know"},
      {"paths { exact: 'a' }", "paths[0]: a path begins with \"/\""},
      {"paths { prefix: '/a/../b' }", "paths[0]: \"/../\" never occurs in the canonical path of a request"},
      {"paths { prefix: '/%61dmin' }",
       "paths[0]: \"/%61dmin\" is never the canonical path of a request; that is \"/admin\""},
      {"paths { exact: '/caf%c3%a9' }",
       "paths[0]: \"/caf%c3%a9\" is never the canonical path of a request; that is \"/caf%C3%A9\""},
      {"paths { regex: '(' }", "paths[0]: not a valid RE2 expression: missing ): ("},
      {"paths { regex: '" + kLong + "' }", "paths[0]: the expression has 1025 characters; at most 1024 are allowed"},
      {"paths { regex: '((a{100}){100}){100}' }",
       "paths[0]: not a valid RE2 expression: invalid repetition size: {100}"},
      {"headers { name: 'a b' }", "headers[0].name: \"a b\" is no header field name"},
      {"headers { name: 'Host' values: 'x' }",
       "headers[0].name: \"host\" is taken out of every request before policies see it, so that it is never there"},
      {"headers { name: 'x-original-url' }",
       "headers[0].name: \"x-original-url\" is taken out of every request before policies see it, so that it is never "
       "there"},
      {"headers { name: 'x' values: 'a, b' }",
       "headers[0].values[0]: holds a comma: write what stands between commas as values of their own"},
      {"headers { name: 'x' values: ' a' }", "headers[0].values[0]: the value begins or ends with a blank"},
      {"addresses: '10.0.0.1/8'", "addresses[0]: '10.0.0.1/8' has bits set behind its prefix of 8: zero them"},
      {"times { from_minute: 1440 }", "times[0].from_minute: a day has 1440 minutes"},
      {"times { to_minute: 1441 }", "times[0].to_minute: a day has 1440 minutes"},
      {"times { from_minute: 60 to_minute: 60 }",
       "times[0].to_minute: is the time that the window begins at, so that no time is within it"},
      {"times { days: 7 }", "times[0].days: 7 is none of 0 (Sunday) to 6"},
  };
  for (const auto& [config, message] : kRows) {
    EXPECT_EQ(Compile(config).status().message(), StrCat("rules[0].condition.", message)) << config;
  }
}

TEST(Condition, BoundsItsLists) {
  auto many = [](const char* entry, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += entry;
    return std::string(Compile(text).status().message());
  };
  EXPECT_EQ(many("subjects: 'a' ", 10'001),
            "rules[0].condition.subjects: has 10001 entries; at most 10000 are allowed");
  EXPECT_EQ(many("paths { exact: '/' } ", 65), "rules[0].condition.paths: has 65 entries; at most 64 are allowed");
  EXPECT_EQ(many("headers { name: 'a' } ", 65), "rules[0].condition.headers: has 65 entries; at most 64 are allowed");
  EXPECT_EQ(many("claims { name: 'a' } ", 65), "rules[0].condition.claims: has 65 entries; at most 64 are allowed");
  EXPECT_EQ(many("scopes: 'a' ", 65), "rules[0].condition.scopes: has 65 entries; at most 64 are allowed");
  EXPECT_EQ(many("times {} ", 65), "rules[0].condition.times: has 65 entries; at most 64 are allowed");
}

}  // namespace
}  // namespace penstock::policies
