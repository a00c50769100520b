#include "dataplane/policies/condition/condition.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "dataplane/policies/condition/testing.h"
#include "dataplane/policies/condition/value_set.h"
#include "dataplane/policies/headers/list_members.h"
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

// "allow", "deny": the uses for which it holds.
std::string HoldsFor(const Condition& condition, const TestRequest& request) {
  TestExchange x(request);
  std::string text;
  for (Use use : {Use::kAllow, Use::kDeny}) {
    bool holds = condition.Holds(*x, use);
    EXPECT_EQ(condition.Why(*x, use).empty(), holds) << "why goes with holds";
    if (holds) text += use == Use::kAllow ? "allow " : "deny ";
  }
  return text;
}

constexpr const char* kBoth = "allow deny ";
constexpr const char* kNone = "";
constexpr const char* kDenyOnly = "deny ";

struct Row {
  std::string config;
  TestRequest request;
  const char* holds;
};

void ExpectRows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    EXPECT_EQ(HoldsFor(Of(row.config), row.request), row.holds)
        << row.config << " | " << row.request.method << " " << row.request.path << " " << row.request.claims;
  }
}

TEST(Condition, HoldsForEveryRequestIfItAsksNothing) {
  ExpectRows({{"", {}, kBoth}, {"roles_claim: 'roles'", {}, kBoth}});
  EXPECT_TRUE(Condition().Holds(*TestExchange(TestRequest()), Use::kAllow));
  EXPECT_EQ(Condition().Describe(), "every request");
}

TEST(Condition, FindsRolesInAListOrBetweenBlanks) {
  const char* config = "roles: 'admin' roles: 'editor'";
  const char* nested = "roles: 'admin' roles_claim: 'realm_access.roles'";
  ExpectRows({
      {config, {.claims = R"({"roles": ["viewer", "editor"]})"}, kBoth},
      {config, {.claims = R"({"roles": "viewer admin"})"}, kBoth},
      {config, {.claims = R"({"roles": "  admin  "})"}, kBoth},
      {config, {.claims = R"({"roles": "admin"})"}, kBoth},
      {config, {.claims = R"({"roles": "viewer,admin"})"}, kNone},
      {config, {.claims = R"({"roles": "administrator"})"}, kNone},
      {config, {.claims = R"({"roles": "Admin"})"}, kNone},
      {config, {.claims = R"({"roles": ""})"}, kNone},
      {config, {.claims = R"({"roles": []})"}, kNone},
      {config, {.claims = R"({"roles": ["viewer admin"]})"}, kNone},
      {config, {.claims = R"({"roles": [["admin"]]})"}, kNone},
      {config, {.claims = R"({"roles": {"admin": "admin"}})"}, kNone},
      {config, {.claims = R"({"roles": null})"}, kNone},
      {config, {.claims = R"({"role": "admin"})"}, kNone},
      {config, {}, kNone},
      {nested, {.claims = R"({"realm_access": {"roles": ["admin"]}})"}, kBoth},
      {nested, {.claims = R"({"realm_access.roles": ["admin"]})"}, kBoth},
      {nested, {.claims = R"({"roles": ["admin"]})"}, kNone},
  });
}

TEST(Condition, WantsAllScopesOfScopeAndScp) {
  const char* config = "scopes: 'read' scopes: 'write'";
  ExpectRows({
      {config, {.claims = R"({"scope": "write openid read"})"}, kBoth},
      {config, {.claims = R"({"scp": ["read", "write"]})"}, kBoth},
      {config, {.claims = R"({"scope": ["read", "write"]})"}, kBoth},
      {config, {.claims = R"({"scp": "read write"})"}, kBoth},
      {config, {.claims = R"({"scope": "read", "scp": ["write"]})"}, kBoth},
      {config, {.claims = R"({"scope": "read"})"}, kNone},
      {config, {.claims = R"({"scope": "read writer"})"}, kNone},
      {config, {.claims = R"({})"}, kNone},
      {config, {}, kNone},
  });
}

TEST(Condition, ComparesClaimsAsText) {
  const char* tier = "claims { name: 'tier' values: 'gold' values: '7' values: 'true' }";
  const char* there = "claims { name: 'tier' }";
  ExpectRows({
      {tier, {.claims = R"({"tier": "gold"})"}, kBoth},
      {tier, {.claims = R"({"tier": 7})"}, kBoth},
      {tier, {.claims = R"({"tier": "7"})"}, kBoth},
      {tier, {.claims = R"({"tier": true})"}, kBoth},
      {tier, {.claims = R"({"tier": ["silver", 7]})"}, kBoth},
      {tier, {.claims = R"({"tier": "Gold"})"}, kNone},
      {tier, {.claims = R"({"tier": "gold silver"})"}, kNone},
      {tier, {.claims = R"({"tier": 7.0})"}, kNone},
      {tier, {.claims = R"({"tier": 70})"}, kNone},
      {tier, {.claims = R"({"tier": false})"}, kNone},
      {tier, {.claims = R"({"tier": [["gold"], {"gold": "gold"}, null]})"}, kNone},
      {tier, {.claims = R"({"tier": {"gold": "gold"}})"}, kNone},
      {"claims { name: 'tier' values: 'null' }", {.claims = R"({"tier": null})"}, kNone},
      {"claims { name: 'tier' values: '{}' }", {.claims = R"({"tier": {}})"}, kNone},
      {tier, {}, kNone},
      {there, {.claims = R"({"tier": {"a": 1}})"}, kBoth},
      {there, {.claims = R"({"tier": []})"}, kBoth},
      {there, {.claims = R"({"tier": false})"}, kBoth},
      {there, {.claims = R"({"tier": null})"}, kNone},
      {there, {.claims = R"({})"}, kNone},
      {"claims { name: 'a.b' values: 'x' } claims { name: 'c' }", {.claims = R"({"a": {"b": "x"}, "c": 0})"}, kBoth},
      {"claims { name: 'a.b' values: 'x' } claims { name: 'c' }", {.claims = R"({"a": {"b": "x"}})"}, kNone},
  });
}

TEST(Condition, KnowsWhoAsks) {
  ExpectRows({
      {"subjects: 'ann' subjects: 'bob'", {.subject = "bob"}, kBoth},
      {"subjects: 'ann'", {.subject = "anna"}, kNone},
      {"subjects: 'ann'", {.consumer = "ann"}, kNone},
      {"consumers: 'shop'", {.consumer = "shop"}, kBoth},
      {"consumers: 'shop'", {}, kNone},
      {"plans: 'gold'", {.plan = "gold"}, kBoth},
      {"plans: 'gold'", {.plan = "silver"}, kNone},
      {"authenticated: true", {.claims = "{}"}, kBoth},
      {"authenticated: true", {.subject = "ann"}, kNone},
      {"authenticated: false", {}, kBoth},
  });
}

TEST(Condition, ComparesMethodsByteForByteToLetSomebodyIn) {
  ExpectRows({
      {"methods: 'GET' methods: 'PURGE'", {.method = "PURGE"}, kBoth},
      {"methods: 'GET'", {.method = "get"}, kDenyOnly},
      {"methods: 'GET'", {.method = "HEAD"}, kNone},
  });
}

TEST(Condition, MatchesPathsAsRoutesDo) {
  const char* any = "paths { exact: '/a' } paths { prefix: '/admin/' } paths { regex: '/users/[0-9]+' }";
  ExpectRows({
      {any, {.path = "/a"}, kBoth},
      {any, {.path = "/a/"}, kNone},
      {any, {.path = "/A"}, kNone},
      {any, {.path = "/admin"}, kBoth},
      {any, {.path = "/admin/x"}, kBoth},
      {any, {.path = "/administrator"}, kNone},
      {any, {.path = "/users/42"}, kBoth},
      {any, {.path = "/users/42/x"}, kNone},
      {any, {.path = "/x/users/42"}, kNone},
      {"paths { prefix: '/' }", {.path = "/x"}, kBoth},
      {"paths { prefix: '/' }", {.method = "OPTIONS", .path = "*"}, kNone},
  });
}

// RFC 3986 6.2.2.2: they are two paths, which many backends take for one.
TEST(Condition, KeepsOutWhoEscapesADelimiterButLetsInByTheVeryPathOnly) {
  const char* any =
      "paths { exact: '/users:delete' } paths { prefix: '/a@b' } paths { regex: '/x[$][0-9]+' } "
      "paths { exact: '/e%3Ae' }";
  ExpectRows({
      {any, {.path = "/users:delete"}, kBoth},
      {any, {.path = "/users%3Adelete"}, kDenyOnly},
      {any, {.path = "/a%40b/c"}, kDenyOnly},
      {any, {.path = "/a%40bc"}, kNone},
      {any, {.path = "/x%241"}, kDenyOnly},
      {any, {.path = "/e%3Ae"}, kBoth},
      {any, {.path = "/e:e"}, kDenyOnly},
      {any, {.path = "/users%253Adelete"}, kNone},
      {any, {.path = "/users%20delete"}, kNone},
      {"paths { prefix: '/' }", {.path = "/%3A"}, kBoth},
      {"paths { prefix: '/admin' }", {.path = "/admin%3Bx"}, kNone},
      {"paths { regex: '/a%3Ab' }", {.path = "/a%3Ab"}, kBoth},
      {"paths { regex: '/a%3Ab' }", {.path = "/a:b"}, kDenyOnly},
      {"paths { regex: '/x:y%2Bz[0-9]*' }", {.path = "/x%3Ay%2Bz1"}, kDenyOnly},
      {"paths { regex: '/x:y%2Bz[0-9]*' }", {.path = "/x:y+z"}, kDenyOnly},
      {"paths { regex: '/x:y%2Bz[0-9]*' }", {.path = "/x:yyz"}, kNone},
  });
}

// However many rules there are, nobody makes each of them look at thousands of members.
TEST(Condition, LetsNobodyInByAListTooLongToLookAtAndKeepsHimOut) {
  const char* role = "headers { name: 'x-role' values: 'admin' }";
  auto list = [](size_t members, std::string_view member) {
    TestRequest request;
    std::string text(member);
    for (size_t i = 1; i < members; ++i) text.append(",").append(member);
    request.fields.emplace_back("x-role", std::move(text));
    return request;
  };
  ExpectRows({
      {role, list(kMaxMembers, "admin"), kBoth},
      {role, list(kMaxMembers + 1, "admin"), kDenyOnly},
      {role, list(kMaxMembers, "user"), kNone},
      {role, list(kMaxMembers + 1, "user"), kDenyOnly},
      {role, list(kMaxMembers + 1, ""), kDenyOnly},
      {"headers { name: 'x-role' }", list(kMaxMembers + 1, "user"), kBoth},
  });
}

// RBC-001 to RBC-003.
TEST(Condition, LooksAtEveryValueOfAField) {
  const char* role = "headers { name: 'x-role' values: 'admin' values: 'root' }";
  const char* there = "headers { name: 'X-Role' }";
  auto with = [](std::vector<std::string> values) {
    TestRequest request;
    for (std::string& value : values) request.fields.emplace_back("x-role", std::move(value));
    return request;
  };
  ExpectRows({
      {role, with({}), kNone},
      {role, with({"admin"}), kBoth},
      {role, with({"admin", "root"}), kBoth},
      {role, with({"admin, root"}), kBoth},
      {role, with({"admin\t,  root "}), kBoth},
      {role, with({"user", "admin"}), "deny "},
      {role, with({"admin", "user"}), "deny "},
      {role, with({"admin", "user", "admin"}), "deny "},
      {role, with({"user,admin"}), "deny "},
      {role, with({"admin,user"}), "deny "},
      {role, with({"admin,"}), "deny "},
      {role, with({",admin"}), "deny "},
      {role, with({"admin", ""}), "deny "},
      {role, with({"", "admin"}), "deny "},
      {role, with({","}), kNone},
      {role, with({""}), kNone},
      {role, with({"user"}), kNone},
      {role, with({"Admin"}), kNone},
      {role, with({"admin root"}), kNone},
      {role, with({R"("admin")"}), "deny "},
      {role, with({R"(user, "admin")"}), "deny "},
      {role, with({R"("user,admin")"}), "deny "},
      {role, with({R"("user, ad\min ")"}), "deny "},
      {role, with({R"("adm)", R"(in")"}), kNone},
      {role, with({R"("\"admin\"")"}), kNone},
      {role, with({"\"" + std::string(2 * kMaxValueLength, 'a')}), kNone},
      {there, with({""}), kBoth},
      {there, with({}), kNone},
      {"headers { name: 'x-role' values: 'a' } headers { name: 'x-team' values: 'b' }",
       {.fields = {{"x-role", "a"}, {"x-team", "b"}}},
       kBoth},
      {"headers { name: 'x-role' values: 'a' } headers { name: 'x-team' values: 'b' }",
       {.fields = {{"x-role", "a"}}},
       kNone},
  });
}

// However the members of a list are spread over lines, and in whatever order, it says the same.
TEST(Condition, DoesNotCareHowAListIsSpread) {
  Condition condition = Of("headers { name: 'x-role' values: 'a' values: 'b' }");
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    size_t good = random() % 4;
    size_t bad = random() % 3;
    std::vector<std::string> members;
    for (size_t i = 0; i < good; ++i) members.push_back(random() % 2 == 0 ? "a" : "b");
    constexpr const char* kBad[] = {"c", "", "aa", "a b", "\"a\"", "A"};
    for (size_t i = 0; i < bad; ++i) members.push_back(kBad[random() % 6]);
    bool quoted = std::find(members.begin(), members.end(), "\"a\"") != members.end();
    std::shuffle(members.begin(), members.end(), random);
    TestRequest request{.fields = {{"x-other", "a"}}};
    for (const std::string& member : members) {
      std::string spaced = std::string(random() % 3, ' ') + member + std::string(random() % 2, '\t');
      bool new_line = request.fields.size() == 1 || random() % 2 == 0;
      if (new_line) request.fields.emplace_back("x-role", spaced);
      if (!new_line) request.fields.back().second += "," + spaced;
    }
    std::string expected = good > 0 && bad == 0 ? "allow " : "";
    if (good > 0 || quoted) expected += "deny ";
    EXPECT_EQ(HoldsFor(condition, request), expected);
  }
}

TEST(Condition, KnowsTheClientsAddress) {
  const char* config = "addresses: '10.0.0.0/8' addresses: '2001:db8::/32'";
  ExpectRows({
      {config, {.client = "10.1.2.3"}, kBoth},
      {config, {.client = "::ffff:10.1.2.3"}, kBoth},
      {config, {.client = "2001:db8::1"}, kBoth},
      {config, {.client = "11.0.0.0"}, kNone},
      {config, {.client = "2001:db9::1"}, kNone},
  });
}

TEST(Condition, KnowsTheTimeOfTheWeek) {
  constexpr int64_t kMonday = 1'767'571'200;  // 2026-01-05T00:00Z
  auto at = [](int day, int hour, int minute) {
    return TestRequest{.seconds = kMonday + ((day * 24 + hour) * 60 + minute) * 60};
  };
  const char* office = "times { from_minute: 480 to_minute: 1080 days: 1 days: 2 }";
  const char* night = "times { from_minute: 1320 to_minute: 360 days: 0 }";
  const char* monday = "times { days: 1 }";
  ExpectRows({
      {office, at(0, 8, 0), kBoth},
      {office, at(0, 7, 59), kNone},
      {office, at(1, 17, 59), kBoth},
      {office, at(1, 18, 0), kNone},
      {office, at(2, 12, 0), kNone},
      {night, at(6, 22, 0), kBoth},
      {night, at(6, 21, 59), kNone},
      {night, at(0, 5, 59), kBoth},
      {night, at(0, 6, 0), kNone},
      {night, at(0, 22, 0), kNone},
      {night, at(6, 3, 0), kNone},
      {monday, at(0, 0, 0), kBoth},
      {monday, at(0, 23, 59), kBoth},
      {monday, at(1, 0, 0), kNone},
      {"times { from_minute: 1439 to_minute: 1440 }", at(3, 23, 59), kBoth},
      {"times { from_minute: 1439 to_minute: 1440 }", at(3, 0, 0), kNone},
      {"times { from_minute: 1439 to_minute: 0 }", at(3, 0, 0), kNone},
      {"times { from_minute: 0 to_minute: 1 } times { from_minute: 60 to_minute: 61 }", at(3, 1, 0), kBoth},
      {"times { days: 3 }", {.seconds = -1}, kBoth},
      {"times { days: 4 }", {.seconds = 0}, kBoth},
  });
}

TEST(Condition, HoldsOnlyIfAllFieldsDo) {
  const char* config = "roles: 'admin' methods: 'DELETE' paths { prefix: '/admin' }";
  const std::string admin = R"({"roles": ["admin"]})";
  ExpectRows({
      {config, {.method = "DELETE", .path = "/admin/x", .claims = admin}, kBoth},
      {config, {.method = "GET", .path = "/admin/x", .claims = admin}, kNone},
      {config, {.method = "DELETE", .path = "/", .claims = admin}, kNone},
      {config, {.method = "DELETE", .path = "/admin/x"}, kNone},
  });
  EXPECT_EQ(Of(config).Describe(), "role admin, method DELETE, path /admin");
}

}  // namespace
}  // namespace penstock::policies
