// Who is let in, and who is refused, costs nothing of the heap and no coroutine.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "dataplane/policies/address_filter/address_filter_policy.h"
#include "dataplane/policies/authentication/authentication_policy.h"
#include "dataplane/policies/authorization/authorization_policy.h"
#include "dataplane/policies/condition/testing.h"
#include "google/protobuf/text_format.h"
#include "test/support/allocations.h"

namespace penstock::policies {
namespace {

template <typename P, typename Config, typename Message>
std::unique_ptr<const Policy> Make(const char* text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  auto config = Config::Compile(message);
  EXPECT_TRUE(config.ok()) << config.status();
  return std::make_unique<P>(*config);
}

std::vector<std::unique_ptr<const Policy>> Chain() {
  std::vector<std::unique_ptr<const Policy>> chain;
  chain.push_back(Make<AddressFilterPolicy, AddressFilterConfig, xds::v1::AddressFilter>(
      "allow: '2001:db8::/32' deny: '2001:db8:bad::/48'"));
  chain.push_back(Make<AuthenticationPolicy, AuthenticationConfig, xds::v1::Authentication>(
      "all_of { any_of: 'jwt' any_of: 'basic' }"));
  chain.push_back(Make<AuthorizationPolicy, AuthorizationConfig, xds::v1::Authorization>(R"(
      rules { name: 'a rule with a name of more than a few characters' deny: true condition {
        methods: 'DELETE' headers { name: 'x-role' values: 'guest' } paths { regex: '/a.*b[0-9]{2,4}' } } }
      rules { name: 'admins' condition { roles: 'admin' scopes: 'write' claims { name: 'org.unit' values: '7' }
        subjects: 'a subject of more than a few characters' addresses: '2001:db8::/32' times {} authenticated: true
        paths { prefix: '/a' } } })"));
  return chain;
}

const TestRequest kLetIn{
    .path = "/a/b12",
    .fields = {{"x-role", "guest, admin"}},
    .client = "2001:db8::1",
    .claims = R"({"roles": ["viewer", "admin"], "scope": "read write", "org": {"unit": 7}})",
    .subject = "a subject of more than a few characters",
};

std::string AskAll(const std::vector<std::unique_ptr<const Policy>>& chain, Exchange& x) {
  size_t before = test::Allocations();
  Verdict verdict;
  for (const auto& policy : chain) {
    Task<Verdict> task = policy->OnRequest(x);
    EXPECT_TRUE(task.ready());
    verdict = std::move(task).TakeReady();
    if (verdict.is_reply()) break;
  }
  size_t used = test::Allocations() - before;
  return StrCat(verdict.status(), " ", used, " ", x.detail);
}

TEST(Access, TakesNothingFromTheHeap) {
  std::vector<std::unique_ptr<const Policy>> chain = Chain();
  struct Row {
    TestRequest request;
    AuthResult::State token;
    const char* answer;  // status, allocations, detail
  };
  auto changed = [](auto change) {
    TestRequest request = kLetIn;
    change(request);
    return request;
  };
  const Row kRows[] = {
      {kLetIn, AuthResult::State::kProven, "0 0 "},
      {changed([](TestRequest& r) { r.client = "2001:db8:bad:ffff::1"; }), AuthResult::State::kProven,
       "403 0 denied by 2001:db8:bad::/48"},
      {kLetIn, AuthResult::State::kMissing, "401 0 jwt: there is none"},
      {kLetIn, AuthResult::State::kUnknown, "503 0 jwt: it cannot be judged now"},
      {changed([](TestRequest& r) { r.method = "DELETE"; }), AuthResult::State::kProven,
       "403 0 denied by rule \"a rule with a name of more than a few characters\""},
      {changed([](TestRequest& r) { r.path = "/b"; }), AuthResult::State::kProven, "403 0 no rule allows it"},
  };
  for (const Row& row : kRows) {
    TestExchange x(row.request);
    x->arena.Allocate(1);  // its first block
    x->identity.of(AuthMethod::kJwt).state = row.token;
    AskAll(chain, *x);  // RE2 builds its automaton
    x->detail = "";
    EXPECT_EQ(AskAll(chain, *x), row.answer);
  }
}

}  // namespace
}  // namespace penstock::policies
