#include "dataplane/policies/claims/claim_match.h"

#include <gtest/gtest.h>

namespace penstock::policies {
namespace {

bool Holds(const char* name, std::vector<std::string> values, const char* json) {
  xds::v1::ClaimMatch config;
  config.set_name(name);
  for (std::string& value : values) config.add_values(std::move(value));
  StatusOr<jose::Json> claims = jose::Json::Parse(json);
  EXPECT_TRUE(claims.ok()) << claims.status();
  return ClaimMatch(config).Holds(claims->root());
}

TEST(ClaimMatch, HoldsForOneOfItsValues) {
  EXPECT_TRUE(Holds("tier", {"gold", "silver"}, R"({"tier": "silver"})"));
  EXPECT_FALSE(Holds("tier", {"gold", "silver"}, R"({"tier": "bronze"})"));
  EXPECT_FALSE(Holds("tier", {"gold"}, R"({"tier": "Gold"})"));
  EXPECT_FALSE(Holds("tier", {"gold"}, R"({"other": "gold"})"));
}

TEST(ClaimMatch, HoldsForAnItemOfAList) {
  EXPECT_TRUE(Holds("roles", {"admin"}, R"({"roles": ["user", "admin"]})"));
  EXPECT_FALSE(Holds("roles", {"admin"}, R"({"roles": ["user", ["admin"]]})"));
  EXPECT_FALSE(Holds("roles", {"admin"}, R"({"roles": "user admin"})"));
}

TEST(ClaimMatch, ReadsNumbersAndBooleansAsTheyAreWritten) {
  EXPECT_TRUE(Holds("level", {"3"}, R"({"level": 3})"));
  EXPECT_TRUE(Holds("verified", {"true"}, R"({"verified": true})"));
  EXPECT_FALSE(Holds("level", {"3.0"}, R"({"level": 3.0})"));
  EXPECT_FALSE(Holds("who", {"{}"}, R"({"who": {}})"));
}

TEST(ClaimMatch, FollowsAPath) {
  EXPECT_TRUE(Holds("realm_access.roles", {"a"}, R"({"realm_access": {"roles": ["a"]}})"));
}

TEST(ClaimMatch, WithoutValuesAsksWhetherTheClaimIsThere) {
  EXPECT_TRUE(Holds("email", {}, R"({"email": ""})"));
  EXPECT_FALSE(Holds("email", {}, R"({"email": null})"));
  EXPECT_FALSE(Holds("email", {}, R"({})"));
}

}  // namespace
}  // namespace penstock::policies
