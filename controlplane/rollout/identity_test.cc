#include "controlplane/rollout/identity.h"

#include <gtest/gtest.h>

namespace penstock::rollout {
namespace {

TEST(Identity, ReadsOperatorsAndDataPlanes) {
  const Identity ada = ParseIdentity({"https://example.com", "spiffe://penstock/operator/ada"});
  EXPECT_EQ(ada.role, Role::kOperator);
  EXPECT_EQ(ada.name, "ada");
  EXPECT_EQ(ada.uri, "spiffe://penstock/operator/ada");
  EXPECT_EQ(ParseIdentity({"spiffe://penstock/dataplane/edge-a"}).name, "edge-a");
  EXPECT_EQ(ParseIdentity({"spiffe://penstock/dataplane"}).role, Role::kDataPlane);
}

TEST(Identity, GrantsNothingToWhatIsNotExactlyOurs) {
  for (const char* uri :
       {"", "spiffe://penstock/operator/", "spiffe://penstock/operator/a/b", "spiffe://penstock/dataplanes",
        "spiffe://penstock/dataplane/", "spiffe://penstock/dataplane/a b", "spiffe://other/operator/ada",
        "SPIFFE://penstock/operator/ada", "spiffe://penstock/operator/ada\n"}) {
    EXPECT_EQ(ParseIdentity({uri}).role, Role::kNone) << uri;
  }
}

TEST(Identity, RefusesACertificateThatClaimsTwoIdentities) {
  EXPECT_EQ(ParseIdentity({"spiffe://penstock/operator/ada", "spiffe://penstock/dataplane/a"}).role, Role::kNone);
  EXPECT_EQ(ParseIdentity({"spiffe://penstock/operator/ada", "spiffe://penstock/operator/ada"}).role, Role::kOperator);
}

}  // namespace
}  // namespace penstock::rollout
