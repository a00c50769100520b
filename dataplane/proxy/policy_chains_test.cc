#include "dataplane/proxy/policy_chains.h"

#include <gtest/gtest.h>

#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/testing.h"

namespace penstock::proxy {
namespace {

using snapshot::kPolicyChainType;
using snapshot::testing::MustCompile;

struct Nothing final : Policy {};

snapshot::Resource Chain(std::string_view name) {
  return snapshot::testing::PolicyChain(
      name,
      "policies { type: 'cors' origin: 'Gateway shop' config { "
      "[type.googleapis.com/penstock.xds.v1.Cors] { allow_origins: 'https://shop.example' } } }");
}

snapshot::Resource KeysAt(std::string_view name, std::string_view parameter) {
  return snapshot::testing::PolicyChain(
      name, StrCat("policies { type: 'api_key' origin: 'SecurityPolicy shop/keys' config { "
                   "[type.googleapis.com/penstock.xds.v1.ApiKeyAuthentication] { sources { query: '",
                   parameter, "' } } } }"));
}

std::string Mask(const PolicyChains& chains, std::string_view query) {
  Arena arena;
  return std::string(chains.secret_parameters()->Mask(query, arena));
}

class PolicyChainsTest : public testing::Test {
 protected:
  StatusOr<std::shared_ptr<const Policy>> Make() {
    ++made_;
    if (fail_) return absl::UnimplementedError("no such policy");
    return std::shared_ptr<const Policy>(std::make_shared<Nothing>());
  }
  StatusOr<PolicyChains> All(const snapshot::Snapshot& snapshot) {
    return PolicyChains::Prepare(snapshot, [this](const snapshot::CompiledPolicy&) { return Make(); });
  }
  StatusOr<PolicyChains> After(const PolicyChains& chains, const snapshot::Snapshot& next,
                               const snapshot::Delta& delta) {
    return chains.After(next, delta, [this](const snapshot::CompiledPolicy&) { return Make(); });
  }

  int made_ = 0;
  bool fail_ = false;
};

TEST_F(PolicyChainsTest, AreMadeOnceForAllAndThenOnlyWhereAChangeTouchesThem) {
  auto first = MustCompile(nullptr, {{Chain("a"), Chain("b"), Chain("c")}, {}, {}});
  StatusOr<PolicyChains> chains = All(*first);
  ASSERT_TRUE(chains.ok()) << chains.status();
  EXPECT_EQ(made_, 3);

  snapshot::Delta change{
      {Chain("d"), snapshot::testing::Listener("shop/gw/http")}, {{std::string(kPolicyChainType), "a"}}, {}};
  auto second = MustCompile(first.get(), change);
  StatusOr<PolicyChains> next = After(*chains, *second, change);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(made_, 4) << "b and c are shared";
  EXPECT_EQ(next->Find("a").policies.size(), 0u);
  EXPECT_EQ(next->Find("d").policies.size(), 1u);
  EXPECT_EQ(&next->Find("b"), &chains->Find("b"));
  EXPECT_EQ(chains->Find("a").policies.size(), 1u) << "who serves the generation before goes on with its chains";
}

TEST_F(PolicyChainsTest, KnowWhichParametersOfQueriesHoldCredentialsAndForgetNone) {
  auto first = MustCompile(nullptr, {{Chain("a"), KeysAt("k", "at")}, {}, {}});
  StatusOr<PolicyChains> chains = All(*first);
  ASSERT_TRUE(chains.ok()) << chains.status();
  EXPECT_EQ(Mask(*chains, "at=1&key=2&token=3"), "at=-&key=2&token=-");

  snapshot::Delta more{{KeysAt("k", "key")}, {}, {}};
  auto second = MustCompile(first.get(), more);
  StatusOr<PolicyChains> next = After(*chains, *second, more);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(Mask(*next, "at=1&key=2&token=3"), "at=-&key=-&token=-");

  snapshot::Delta other{{Chain("b")}, {{std::string(kPolicyChainType), "k"}}, {}};
  auto third = MustCompile(second.get(), other);
  StatusOr<PolicyChains> last = After(*next, *third, other);
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(last->secret_parameters(), next->secret_parameters()) << "shared, since no name is new";
}

TEST_F(PolicyChainsTest, CannotBePreparedIfAPolicyCannotBeMade) {
  fail_ = true;
  StatusOr<PolicyChains> chains = All(*MustCompile(nullptr, {{Chain("a")}, {}, {}}));
  ASSERT_FALSE(chains.ok());
  EXPECT_EQ(chains.status().message(), "policy chain a: cors of Gateway shop: no such policy");
}

}  // namespace
}  // namespace penstock::proxy
