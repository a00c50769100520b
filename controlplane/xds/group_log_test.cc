#include "controlplane/xds/group_log.h"

#include <gtest/gtest.h>

#include "controlplane/xds/test_resources.h"

namespace penstock::xds_server {
namespace {

const ResourceId kRouteA{std::string(snapshot::kRouteType), "a"};
const ResourceId kRouteB{std::string(snapshot::kRouteType), "b"};
const HeldVersions kNothing;

std::string Contents(const std::shared_ptr<const Transaction>& transaction) {
  if (transaction == nullptr) return "none";
  std::vector<std::string> responses;
  for (const Response& response : transaction->responses) responses.push_back(*response.bytes);
  return xds_server::Contents(responses);
}

GenerationId Number(uint64_t number) { return {1, number}; }

// 1: a=1 b=1   2: a=2   3: -b   4: b=2
GroupLog FourGenerations() {
  GroupLog log("test");
  log.Append(Published(1, {Route("a", "1"), Route("b", "1")}));
  log.Append(Published(2, {Route("a", "2")}));
  log.Append(Published(3, {}, {kRouteB}));
  log.Append(Published(4, {Route("b", "2")}));
  return log;
}

TEST(GroupLog, SendsAllTypesInOrderThenRemovalsThenTheGeneration) {
  GroupLog log("test");
  log.Append(Published(1, {Route("old", "1"), MakeResource(snapshot::kClusterType, "old", "1")}));
  log.Append(
      Published(2,
                {Route("b", "1"), Route("a", "1"), MakeResource(snapshot::kListenerType, "l", "1"),
                 MakeResource(snapshot::kClusterType, "c", "1"), MakeResource(snapshot::kPolicyChainType, "p", "1"),
                 MakeResource(snapshot::kEndpointsType, "c", "1"), MakeResource(snapshot::kSecretType, "s", "1")},
                {{std::string(snapshot::kClusterType), "old"}, {std::string(snapshot::kRouteType), "old"}}));
  EXPECT_EQ(Contents(log.Make(Number(1), Number(2))),
            "Cluster:c=1 | Endpoints:c=1 | Secret:s=1 | PolicyChain:p=1 | Listener:l=1 | Route:a=1 Route:b=1 | "
            "-Route:old | -Cluster:old | Generation");
}

TEST(GroupLog, MergesWhatHappenedSinceTheBase) {
  GroupLog log = FourGenerations();
  EXPECT_EQ(Contents(log.Make(Number(1), Number(2))), "Route:a=2 | Generation");
  EXPECT_EQ(Contents(log.Make(Number(1), Number(3))), "Route:a=2 | -Route:b | Generation");
  EXPECT_EQ(Contents(log.Make(Number(1), Number(4))), "Route:a=2 Route:b=2 | Generation");
  EXPECT_EQ(Contents(log.Make(Number(3), Number(4))), "Route:b=2 | Generation");
  EXPECT_EQ(Contents(log.Make(Number(4), Number(4))), "Generation");
}

TEST(GroupLog, SendsNothingThatCameBackAsItWas) {
  GroupLog log("test");
  log.Append(Published(1, {Route("a", "1")}));
  log.Append(Published(2, {Route("a", "2"), Route("b", "1")}));
  log.Append(Published(3, {Route("a", "1")}, {kRouteB}));
  EXPECT_EQ(Contents(log.Make(Number(1), Number(3))), "Generation");
}

TEST(GroupLog, LeadsAFreshSubscriberToAnyGeneration) {
  GroupLog log = FourGenerations();
  EXPECT_EQ(Contents(log.Make(kNothing, Number(1))), "Route:a=1 Route:b=1 | Generation");
  EXPECT_EQ(Contents(log.Make(kNothing, Number(3))), "Route:a=2 | Generation");
  EXPECT_EQ(Contents(log.Make(kNothing, Number(4))), "Route:a=2 Route:b=2 | Generation");
}

TEST(GroupLog, SendsAReconnectingSubscriberOnlyWhatDiffers) {
  GroupLog log = FourGenerations();
  const HeldVersions all{{kRouteA, Route("a", "2")->version}, {kRouteB, Route("b", "2")->version}};
  EXPECT_EQ(Contents(log.Make(all, Number(4))), "Generation");
  EXPECT_EQ(Contents(log.Make(all, Number(2))), "Route:b=1 | Generation");
  const HeldVersions foreign{{kRouteA, "0000"}, {{std::string(snapshot::kRouteType), "z"}, "1"}};
  EXPECT_EQ(Contents(log.Make(foreign, Number(4))), "Route:a=2 Route:b=2 | -Route:z | Generation");
}

TEST(GroupLog, GivesEverySubscriberTheSameBytes) {
  GroupLog log = FourGenerations();
  EXPECT_EQ(log.Make(Number(1), Number(4)), log.Make(Number(1), Number(4)));
  EXPECT_EQ(log.Make(kNothing, Number(4)), log.Make(kNothing, Number(4)));
  EXPECT_EQ(*FourGenerations().Make(kNothing, Number(4))->responses[0].bytes,
            *FourGenerations().Make(kNothing, Number(4))->responses[0].bytes);
}

TEST(GroupLog, CutsResponsesAtTheLimit) {
  GroupLog log("test");
  std::vector<ResourcePtr> routes;
  for (int i = 0; i < 5; ++i) routes.push_back(Route("r" + std::to_string(i), std::string(400 << 10, 'x')));
  routes.push_back(Route("whale", std::string(3 << 20, 'x')));
  log.Append(Published(1, routes));
  const auto transaction = log.Make(kNothing, Number(1));
  ASSERT_EQ(transaction->responses.size(), 5u);  // 2 + 2 + 1 routes, the whale, the Generation
  for (size_t i = 0; i < 3; ++i) EXPECT_LE(transaction->responses[i].bytes->size(), kMaxResponseBytes);
  std::set<std::string> nonces;
  for (const Response& response : transaction->responses) nonces.insert(response.nonce);
  EXPECT_EQ(nonces.size(), 5u);
}

TEST(GroupLog, KnowsTheNewestGenerationUpToAWish) {
  GroupLog log = FourGenerations();
  EXPECT_EQ(log.AtMost(Number(3)), Number(3));
  EXPECT_EQ(log.AtMost(Number(9)), Number(4));
  EXPECT_EQ(log.AtMost({0, 9}), GenerationId());
  EXPECT_EQ(GroupLog("test").AtMost(Number(9)), GenerationId());
}

TEST(GroupLog, ForgetsWhatFellOutOfTheRing) {
  GroupLog log("test");
  for (uint64_t i = 1; i <= GroupLog::kRingSize + 2; ++i) log.Append(Published(i, {Route("a", std::to_string(i))}));
  EXPECT_EQ(log.Make(Number(1), Number(100)), nullptr);
  EXPECT_EQ(log.Make(Number(2), log.Newest()), nullptr);
  EXPECT_EQ(Contents(log.Make(Number(3), log.Newest())), "Route:a=1026 | Generation");
  EXPECT_EQ(Contents(log.Make(kNothing, Number(3))), "Route:a=3 | Generation");
}

}  // namespace
}  // namespace penstock::xds_server
