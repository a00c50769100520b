#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dataplane/policies/authorization/authorization_config.h"
#include "dataplane/policies/authorization/authorization_policy.h"
#include "dataplane/policies/condition/testing.h"
#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

absl::StatusOr<std::shared_ptr<const AuthorizationConfig>> Compile(const std::string& text) {
  xds::v1::Authorization message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return AuthorizationConfig::Compile(message);
}

// What becomes of REQUEST: "" if it goes on, else the detail.
std::string Refusal(const std::string& text, const TestRequest& request) {
  std::shared_ptr<const AuthorizationConfig> config = *Compile(text);
  TestExchange asked(request);
  Judgement judgement = config->Judge(*asked, NoFacts());
  TestExchange x(request);
  Task<Verdict> task = AuthorizationPolicy(config).OnRequest(*x);
  EXPECT_TRUE(task.ready()) << "it costs no coroutine";
  Verdict verdict = std::move(task).TakeReady();
  EXPECT_EQ(verdict.is_reply(), judgement.outcome == Judgement::Outcome::kDeny);
  EXPECT_EQ(verdict.reason(), judgement.reason);
  if (!verdict.is_reply()) return std::string(x->detail);
  EXPECT_EQ(verdict.status(), 403);
  EXPECT_EQ(verdict.reason(), Reason::kAccessDenied);
  EXPECT_TRUE(judgement.why.starts_with(x->detail)) << judgement.why;
  return std::string(x->detail);
}

const std::string kAdmin = R"({"sub": "ann", "roles": ["admin"]})";
const std::string kViewer = R"({"sub": "bob", "roles": ["viewer"]})";

constexpr const char* kShop = R"(
  rules { name: 'public' condition { methods: 'GET' paths { prefix: '/' } } }
  rules { name: 'no-delete' deny: true condition { methods: 'DELETE' paths { prefix: '/orders' } } }
  rules { name: 'admins' condition { roles: 'admin' } }
  rules { name: 'no-internals' deny: true condition { paths { prefix: '/internal' } } }
  rules { name: 'not-bob' deny: true condition { claims { name: 'sub' values: 'bob' } paths { prefix: '/admin' } } })";

TEST(Authorization, DecidesByTheTable) {
  struct Row {
    const char* config;
    TestRequest request;
    const char* refusal;
  };
  const Row kRows[] = {
      {kShop, {.path = "/orders/7"}, ""},
      {kShop, {.method = "POST", .path = "/orders"}, "no rule allows it"},
      {kShop, {.method = "POST", .path = "/orders", .claims = kViewer}, "no rule allows it"},
      {kShop, {.method = "POST", .path = "/orders", .claims = kAdmin}, ""},
      {kShop, {.method = "DELETE", .path = "/orders/7", .claims = kAdmin}, "denied by rule \"no-delete\""},
      {kShop, {.method = "DELETE", .path = "/users/7", .claims = kAdmin}, ""},
      {kShop, {.path = "/internal/x", .claims = kAdmin}, "denied by rule \"no-internals\""},
      {kShop, {.path = "/admin", .claims = kViewer}, "denied by rule \"not-bob\""},
      {kShop, {.path = "/admin", .claims = kAdmin}, ""},
      {kShop, {.path = "/admin"}, ""},  // nobody is not bob
      {"", {}, "no rule allows it"},
      {"rules { name: 'a' deny: true condition { methods: 'PUT' } }", {}, "no rule allows it"},
      {"rules { name: 'all' }", {}, ""},
      {"rules { name: 'all' condition {} }", {}, ""},
      {"rules { name: 'none' deny: true } rules { name: 'all' }", {}, "denied by rule \"none\""},
      {"rules { name: 'all' } rules { name: 'none' deny: true }", {}, "denied by rule \"none\""},
      {"rules {} rules { deny: true condition { methods: 'GET' } }", {}, "denied by rule \"rules[1]\""},
      {"rules { name: 'x' deny: true condition { headers { name: 'x-role' values: 'admin' } } } rules {}",
       {.fields = {{"x-role", "user"}, {"x-role", "admin"}}},
       "denied by rule \"x\""},
      {"rules { name: 'x' condition { headers { name: 'x-team' values: 'a' } } }",
       {.fields = {{"x-team", "a"}, {"x-team", "b"}, {"x-team", "a"}}},
       "no rule allows it"},
      {"rules { name: 'x' condition { headers { name: 'x-team' values: 'a' } } }", {.fields = {{"x-team", "a"}}}, ""},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Refusal(row.config, row.request), row.refusal) << row.request.method << " " << row.request.path;
  }
}

std::string WhyOf(const char* config, const TestRequest& request) {
  TestExchange x(request);
  return (*Compile(config))->Judge(*x, NoFacts()).why;
}

TEST(Authorization, TellsExplainWhichRuleDecidesAndByWhat) {
  EXPECT_EQ(WhyOf(kShop, {.method = "PUT", .claims = kAdmin}), "rule \"admins\" allows: role admin");
  EXPECT_EQ(WhyOf(kShop, {.method = "DELETE", .path = "/orders"}),
            "denied by rule \"no-delete\": method DELETE, path /orders");
  EXPECT_EQ(
      WhyOf(kShop, {.method = "PUT"}),
      "no rule allows it: rule \"public\" wants method GET: it is PUT, rule \"admins\" wants role admin: no token");
  EXPECT_EQ(WhyOf("", {}), "no rule allows it");
}

TEST(Authorization, DescribesItselfOnOneLine) {
  EXPECT_EQ(
      (*Compile(kShop))->Describe(),
      "denies by \"no-delete\" (method DELETE, path /orders), \"no-internals\" (path /internal), \"not-bob\" (claim "
      "sub=bob, path /admin); allows by \"public\" (method GET, path /), \"admins\" (role admin)");
  EXPECT_EQ((*Compile(""))->Describe(), "denies everything");
  EXPECT_EQ((*Compile("rules {}"))->Describe(), "allows by \"rules[0]\" (every request)");
}

TEST(Authorization, CannotTellWhileItIsNotKnownWhoAsks) {
  struct Row {
    const char* method;
    const char* path;
    Judgement::Outcome outcome;
  };
  const Row kRows[] = {
      {"GET", "/", Judgement::Outcome::kPass},
      {"GET", "/admin", Judgement::Outcome::kUnknown},  // he may be bob
      {"PUT", "/", Judgement::Outcome::kUnknown},       // he may be an admin
      {"PUT", "/internal", Judgement::Outcome::kDeny},
  };
  for (const Row& row : kRows) {
    TestRequest request{.method = row.method, .path = row.path};
    TestExchange x(request);
    x->identity.of(AuthMethod::kJwt) = {AuthResult::State::kUnknown, "needs the key set"};
    Judgement judgement = (*Compile(kShop))->Judge(*x, NoFacts());
    EXPECT_EQ(judgement.outcome, row.outcome) << row.method << " " << row.path;
    bool told = judgement.why.starts_with("as long as it is not known who asks: ");
    EXPECT_EQ(told, row.outcome == Judgement::Outcome::kUnknown) << judgement.why;
  }
}

TEST(Authorization, SaysThatAListWasTooLongToLookAt) {
  const char* config =
      "rules { name: 'd' deny: true condition { headers { name: 'x-list' values: 'evil' } } } rules {}";
  TestRequest request{.fields = {{"x-list", std::string(200, ',')}}};
  TestExchange x(request);
  Verdict verdict = RunReady(AuthorizationPolicy(*Compile(config)).OnRequest(*x));
  EXPECT_EQ(verdict.reason(), Reason::kAccessDenied);
  EXPECT_EQ(x->detail, "denied by rule \"d\": header x-list has more than 128 values");
}

TEST(Authorization, IsNotEscapedByATokenThatDoesNotHold) {
  const char* config = "rules { name: 'admins' condition { roles: 'admin' } }";
  for (AuthResult::State state :
       {AuthResult::State::kMissing, AuthResult::State::kInvalid, AuthResult::State::kUnknown}) {
    TestRequest request;
    TestExchange x(request);
    x->identity.of(AuthMethod::kJwt).state = state;
    EXPECT_TRUE(RunReady(AuthorizationPolicy(*Compile(config)).OnRequest(*x)).is_reply());
  }
}

TEST(Authorization, SaysWhatIsWrongWithARule) {
  std::string many;
  for (int i = 0; i < 257; ++i) many += "rules {} ";
  const std::pair<std::string, const char*> kRows[] = {
      {"rules {} rules { condition { paths { exact: 'x' } } }",
       "rules[1].condition.paths[0]: a path begins with \"/\""},
      {"rules { name: 'a' } rules { name: 'a' deny: true }", "rules[1].name: \"a\" is the name of a rule before it"},
      {"rules { name: 'a\\nb' }", "rules[0].name: is not printable"},
      {"rules { name: '" + std::string(257, 'a') + "' }", "rules[0].name: has 257 characters; at most 256 are allowed"},
      {many, "rules: has 257 entries; at most 256 are allowed"},
  };
  for (const auto& [config, message] : kRows) EXPECT_EQ(Compile(config).status().message(), message);
}

}  // namespace
}  // namespace penstock::policies
