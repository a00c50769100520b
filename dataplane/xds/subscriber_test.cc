#include "dataplane/xds/subscriber.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/xds/backoff.h"

namespace penstock::xds {
namespace {

using discovery::v3::DeltaDiscoveryRequest;
using discovery::v3::DeltaDiscoveryResponse;
using snapshot::ResourceProblem;

DeltaDiscoveryResponse Response(std::string_view type, std::string nonce, std::string version) {
  DeltaDiscoveryResponse response;
  response.set_type_url(std::string(type));
  response.set_nonce(std::move(nonce));
  response.set_system_version_info(std::move(version));
  return response;
}

void Add(DeltaDiscoveryResponse& response, std::string name, std::string bytes) {
  auto* resource = response.add_resources();
  resource->set_name(std::move(name));
  resource->set_version("v1");
  resource->mutable_resource()->set_type_url(response.type_url());
  resource->mutable_resource()->set_value(std::move(bytes));
}

DeltaDiscoveryResponse GenerationResponse(uint64_t number, uint64_t hash, std::string nonce) {
  xds::v1::Generation generation;
  generation.set_epoch(1);
  generation.set_number(number);
  generation.set_hash(hash);
  DeltaDiscoveryResponse response = Response(snapshot::kGenerationType, std::move(nonce), StrCat("1.", number));
  Add(response, "generation", generation.SerializeAsString());
  return response;
}

DeltaDiscoveryRequest Parse(const std::string& bytes) {
  DeltaDiscoveryRequest request;
  EXPECT_TRUE(request.ParseFromString(bytes));
  return request;
}

Subscriber::Step Give(Subscriber& subscriber, const DeltaDiscoveryResponse& response) {
  auto step = subscriber.OnResponse(response.SerializeAsString());
  EXPECT_TRUE(step.ok()) << step.status();
  return *std::move(step);
}

ResourceProblem Problem(std::string code) {
  ResourceProblem problem;
  problem.set_name("shop/users");
  problem.set_code(std::move(code));
  problem.set_reason("missing )");
  return problem;
}

Held RunningThree() {
  return {{1, 3},
          77,
          {{std::string(snapshot::kClusterType), "backend/a", "c1"}, {std::string(snapshot::kRouteType), "r", "r1"}}};
}

TEST(Subscriber, OpensWithOneRequestPerTypeTheGenerationLastAndSaysWhatItHolds) {
  discovery::v3::Node node;
  node.set_id("edge-1");
  std::vector<std::string> requests = Subscriber(RunningThree()).Open(node);
  constexpr size_t kTypes = std::size(kSubscribedTypes);
  ASSERT_EQ(requests.size(), kTypes);
  DeltaDiscoveryRequest first = Parse(requests[0]);
  EXPECT_EQ(first.node().id(), "edge-1");
  EXPECT_EQ(first.node().metadata().fields().at("generation").string_value(), "1.3");
  EXPECT_EQ(first.type_url(), snapshot::kClusterType);
  EXPECT_EQ(first.initial_resource_versions().at("backend/a"), "c1");
  for (const std::string& request : requests) EXPECT_EQ(Parse(request).resource_names_subscribe(0), "*");
  EXPECT_EQ(Parse(requests[kTypes - 2]).type_url(), kTicketKeysType) << "so that keys come before the first listener";
  EXPECT_EQ(Parse(requests[kTypes - 1]).type_url(), snapshot::kGenerationType);
  EXPECT_FALSE(Parse(requests[1]).has_node());
}

TEST(Subscriber, StagesEverythingUntilTheGenerationComesAndAcksItWhenItIsServed) {
  Subscriber subscriber({});
  DeltaDiscoveryResponse clusters = Response(snapshot::kClusterType, "1.4:0", "1.4");
  Add(clusters, "backend/a", "bytes");
  Subscriber::Step step = Give(subscriber, clusters);
  ASSERT_EQ(step.replies.size(), 1u);
  EXPECT_EQ(Parse(step.replies[0]).response_nonce(), "1.4:0");
  EXPECT_TRUE(std::holds_alternative<NoWork>(step.work));

  step = Give(subscriber, GenerationResponse(4, 99, "1.4:1"));
  EXPECT_TRUE(step.replies.empty()) << "the ACK means that all workers serve it";
  const Commit& commit = std::get<Commit>(step.work);
  EXPECT_TRUE(commit.from_empty);
  ASSERT_EQ(commit.delta.upserts.size(), 1u);
  EXPECT_EQ(commit.delta.upserts[0].name, "backend/a");
  EXPECT_EQ(commit.delta.upserts[0].bytes, "bytes");
  EXPECT_EQ(commit.delta.generation->number(), 4u);

  DeltaDiscoveryRequest ack = Parse(subscriber.OnDone({}));
  EXPECT_EQ(ack.response_nonce(), "1.4:1");
  EXPECT_FALSE(ack.has_error_detail());
}

TEST(Subscriber, RefusesAGenerationWithEveryProblemAndForgetsWhatItStaged) {
  Subscriber subscriber(RunningThree());
  DeltaDiscoveryResponse routes = Response(snapshot::kRouteType, "1.4:0", "1.4");
  Add(routes, "r", "bad");
  Give(subscriber, routes);
  Give(subscriber, GenerationResponse(4, 99, "1.4:1"));
  DeltaDiscoveryRequest nack = Parse(subscriber.OnDone({Problem("E204"), Problem("E203")}));
  EXPECT_EQ(nack.error_detail().code(), 3);
  EXPECT_EQ(nack.error_detail().message(), "2 problems, first: shop/users: missing )");
  ASSERT_EQ(nack.error_detail().details_size(), 2);
  ResourceProblem second;
  ASSERT_TRUE(nack.error_detail().details(1).UnpackTo(&second));
  EXPECT_EQ(second.code(), "E203");
  EXPECT_FALSE(subscriber.out_of_step());

  Subscriber::Step step = Give(subscriber, GenerationResponse(5, 100, "1.5:0"));
  EXPECT_TRUE(std::get<Commit>(step.work).delta.upserts.empty());
  EXPECT_FALSE(std::get<Commit>(step.work).from_empty);
}

TEST(Subscriber, BoundsANack) {
  Subscriber subscriber(RunningThree());
  Give(subscriber, GenerationResponse(4, 99, "n"));
  ResourceProblem problem = Problem("E204");
  problem.set_reason(std::string(1 << 20, 'x'));
  std::string nack = subscriber.OnDone(std::vector<ResourceProblem>(1000, problem));
  EXPECT_LT(nack.size(), 60u * Subscriber::kMaxProblemBytes);
}

TEST(Subscriber, AcksTheGenerationThatItServesAlreadyWithoutWork) {
  Subscriber subscriber(RunningThree());
  Subscriber::Step step = Give(subscriber, GenerationResponse(3, 77, "1.3:0"));
  ASSERT_EQ(step.replies.size(), 1u);
  EXPECT_EQ(Parse(step.replies[0]).response_nonce(), "1.3:0");
  EXPECT_TRUE(std::holds_alternative<NoWork>(step.work));
}

TEST(Subscriber, AppliesEndpointsOfTheRunningGenerationAtOnce) {
  Subscriber subscriber(RunningThree());
  DeltaDiscoveryResponse endpoints = Response(snapshot::kEndpointsType, "e1", "1.3");
  Add(endpoints, "backend/a", "addresses");
  endpoints.add_removed_resources("backend/b");
  Subscriber::Step step = Give(subscriber, endpoints);
  const EndpointsChange& change = std::get<EndpointsChange>(step.work);
  EXPECT_EQ(change.upserts.at(0).name, "backend/a");
  EXPECT_EQ(change.removals.at(0).name, "backend/b");
  EXPECT_EQ(Parse(subscriber.OnDone({})).response_nonce(), "e1");
}

TEST(Subscriber, StagesEndpointsThatBelongToTheNextGeneration) {
  Subscriber subscriber(RunningThree());
  DeltaDiscoveryResponse endpoints = Response(snapshot::kEndpointsType, "1.4:0", "1.4");
  Add(endpoints, "backend/a", "addresses");
  EXPECT_TRUE(std::holds_alternative<NoWork>(Give(subscriber, endpoints).work));
  Subscriber::Step step = Give(subscriber, GenerationResponse(4, 99, "1.4:1"));
  EXPECT_EQ(std::get<Commit>(step.work).delta.upserts.size(), 1u);
}

TEST(Subscriber, TakesTicketKeysAtOnceAndLeavesWhatIsStagedAlone) {
  Subscriber subscriber(RunningThree());
  DeltaDiscoveryResponse routes = Response(snapshot::kRouteType, "1.4:0", "1.4");
  Add(routes, "r", "bytes");
  Give(subscriber, routes);
  DeltaDiscoveryResponse keys = Response(kTicketKeysType, "0.0:0", "");
  Add(keys, "ticket-keys", "the keys");
  Subscriber::Step step = Give(subscriber, keys);
  EXPECT_EQ(std::get<TicketKeysChange>(step.work).bytes, "the keys");
  DeltaDiscoveryRequest nack = Parse(subscriber.OnDone({Problem("E201")}));
  EXPECT_EQ(nack.type_url(), kTicketKeysType);
  EXPECT_TRUE(nack.has_error_detail());
  step = Give(subscriber, Response(kTicketKeysType, "0.0:0", ""));
  EXPECT_TRUE(std::holds_alternative<NoWork>(step.work)) << "a response without keys takes none away";
  EXPECT_EQ(Parse(step.replies.at(0)).response_nonce(), "0.0:0");
  step = Give(subscriber, GenerationResponse(4, 99, "1.4:1"));
  EXPECT_EQ(std::get<Commit>(step.work).delta.upserts.size(), 1u);
}

TEST(Subscriber, TakesUpNewerGenerationsWithoutAReconnect) {
  Subscriber subscriber(RunningThree());
  Give(subscriber, GenerationResponse(4, 99, "1.4:0"));
  subscriber.OnDone({});
  DeltaDiscoveryResponse endpoints = Response(snapshot::kEndpointsType, "e", "1.4");
  EXPECT_TRUE(std::holds_alternative<EndpointsChange>(Give(subscriber, endpoints).work));
}

TEST(Subscriber, AsksToStartOverWhenTheHashDoesNotAgree) {
  Subscriber subscriber(RunningThree());
  Give(subscriber, GenerationResponse(4, 99, "n"));
  subscriber.OnDone({Problem("E209")});
  EXPECT_TRUE(subscriber.out_of_step());
}

TEST(Subscriber, NeverGoesBackToAnOlderGeneration) {
  Held held = RunningThree();
  for (bool everything : {false, true}) {
    if (everything) held.versions.clear();
    Subscriber subscriber(held);
    Subscriber::Step step = Give(subscriber, GenerationResponse(2, 50, "n"));
    EXPECT_TRUE(std::holds_alternative<NoWork>(step.work));
    EXPECT_EQ(Parse(step.replies.at(0)).error_detail().message(),
              "1 problem: generation: generation 1.2 is older than the one that is served, 1.3");
    EXPECT_FALSE(subscriber.out_of_step());
  }
}

TEST(Subscriber, RefusesAGenerationResponseWithoutAGeneration) {
  Subscriber subscriber(RunningThree());
  Subscriber::Step step = Give(subscriber, Response(snapshot::kGenerationType, "n", "1.4"));
  ASSERT_EQ(step.replies.size(), 1u);
  EXPECT_TRUE(Parse(step.replies[0]).has_error_detail());
}

TEST(Subscriber, EndsTheStreamOfAServerThatSpeaksSomethingElse) {
  Subscriber subscriber({});
  EXPECT_FALSE(subscriber.OnResponse("\xff\xff\xff").ok());
  EXPECT_FALSE(subscriber.OnResponse(Response("type.googleapis.com/envoy.Listener", "n", "").SerializeAsString()).ok());
  EXPECT_FALSE(subscriber.OnResponse(Response(snapshot::kRouteType, "", "").SerializeAsString()).ok());
}

TEST(Backoff, GrowsToItsCapAndStartsAgainAfterASuccess) {
  Backoff backoff(7);
  Duration longest{0};
  for (int i = 0; i < 1000; ++i) {
    Duration wait = backoff.Next();
    if (i == 0) EXPECT_LE(wait, Backoff::kFirst);
    EXPECT_LE(wait, Backoff::kCap);
    longest = std::max(longest, wait);
  }
  EXPECT_GT(longest, Backoff::kCap / 2);
  backoff.Reset();
  EXPECT_LE(backoff.Next(), Backoff::kFirst);
}

}  // namespace
}  // namespace penstock::xds
