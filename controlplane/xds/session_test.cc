#include "controlplane/xds/session.h"

#include <gtest/gtest.h>

#include "controlplane/xds/test_resources.h"
#include "proto/penstock/xds/v1/generation.pb.h"

namespace penstock::xds_server {
namespace {

using discovery::v3::DeltaDiscoveryRequest;

DeltaDiscoveryRequest Subscribe(std::string_view type, const std::string& node_id = "") {
  DeltaDiscoveryRequest request;
  request.set_type_url(std::string(type));
  request.add_resource_names_subscribe("*");
  if (!node_id.empty()) request.mutable_node()->set_id(node_id);
  return request;
}

DeltaDiscoveryRequest Ack(std::string_view type, const std::string& nonce) {
  DeltaDiscoveryRequest request;
  request.set_type_url(std::string(type));
  request.set_response_nonce(nonce);
  return request;
}

// A session that subscribed to everything and was sent `transaction`.
struct Running {
  Session session{""};
  std::vector<SessionEvent> events;
  std::shared_ptr<const Transaction> transaction;

  Running() {
    EXPECT_TRUE(session.OnRequest(Subscribe(snapshot::kRouteType, "edge-a"), events).ok());
    EXPECT_TRUE(session.OnRequest(Subscribe(snapshot::kGenerationType), events).ok());
    events.clear();
    transaction = Serialize({1, 5}, {Route("a", "1"), MakeResource(snapshot::kClusterType, "c", "1")}, {}, {}, "test");
    session.Begin(*transaction);
  }
  void Take(const DeltaDiscoveryRequest& request) { EXPECT_TRUE(session.OnRequest(request, events).ok()); }
  const std::string& Nonce(size_t i) const { return transaction->responses[i].nonce; }
};

TEST(Session, StartsWhenTheGenerationIsSubscribed) {
  Session session("");
  std::vector<SessionEvent> events;
  ASSERT_TRUE(session.OnRequest(Subscribe(snapshot::kClusterType, "edge-a"), events).ok());
  EXPECT_FALSE(session.Ready());
  EXPECT_TRUE(events.empty());
  ASSERT_TRUE(session.OnRequest(Subscribe(snapshot::kGenerationType), events).ok());
  EXPECT_TRUE(session.Ready());
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(std::get<Subscribed>(events[0]).replica.id, "edge-a");
  EXPECT_EQ(std::get<Subscribed>(events[0]).group.gateway_class, "default");
}

TEST(Session, ReadsWhatTheNodeTellsOfItself) {
  DeltaDiscoveryRequest request = Subscribe(snapshot::kGenerationType, "edge-a");
  request.mutable_node()->set_cluster("ignored");
  request.mutable_node()->mutable_locality()->set_zone("z1");
  auto& fields = *request.mutable_node()->mutable_metadata()->mutable_fields();
  fields["group"].set_string_value("edge");
  fields["gateway_class"].set_string_value("internal");
  fields["build"].set_string_value("1.4.0");
  fields["generation"].set_string_value("2.41");
  (*fields["labels"].mutable_struct_value()->mutable_fields())["region"].set_string_value("eu");
  fields["weakened"].mutable_list_value()->add_values()->set_string_value("escaped slashes are kept");
  Session session("edge-a");
  std::vector<SessionEvent> events;
  ASSERT_TRUE(session.OnRequest(request, events).ok());
  const Subscribed& who = std::get<Subscribed>(events[0]);
  EXPECT_EQ(who.replica.group, "edge");
  EXPECT_EQ(who.replica.zone, "z1");
  EXPECT_EQ(who.replica.build, "1.4.0");
  EXPECT_EQ(who.replica.held, (GenerationId{2, 41}));
  EXPECT_EQ(who.replica.weakened, (std::vector<std::string>{"escaped slashes are kept"}));
  EXPECT_EQ(rollout::GroupKey(who.group), "internal;region=eu");
}

TEST(Session, RemembersTheVersionsThatTheClientHolds) {
  Session session("");
  std::vector<SessionEvent> events;
  DeltaDiscoveryRequest routes = Subscribe(snapshot::kRouteType, "edge-a");
  (*routes.mutable_initial_resource_versions())["a"] = "v1";
  ASSERT_TRUE(session.OnRequest(routes, events).ok());
  DeltaDiscoveryRequest generation = Subscribe(snapshot::kGenerationType);
  (*generation.mutable_initial_resource_versions())["generation"] = "v9";
  ASSERT_TRUE(session.OnRequest(generation, events).ok());
  const HeldVersions expected{{{std::string(snapshot::kRouteType), "a"}, "v1"}};
  EXPECT_EQ(std::get<HeldVersions>(session.base()), expected);
}

TEST(Session, RefusesANodeThatTheCertificateDoesNotName) {
  Session session("edge-a");
  std::vector<SessionEvent> events;
  absl::Status status = session.OnRequest(Subscribe(snapshot::kRouteType, "edge-b"), events);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Session("").OnRequest(Subscribe(snapshot::kRouteType), events).code(), absl::StatusCode::kInvalidArgument);
}

TEST(Session, RefusesTypesThatAreNotOurs) {
  Session session("");
  std::vector<SessionEvent> events;
  absl::Status status =
      session.OnRequest(Subscribe("type.googleapis.com/envoy.config.cluster.v3.Cluster", "a"), events);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
}

TEST(Session, IsServedWhenTheGenerationIsAcknowledged) {
  Running run;
  EXPECT_FALSE(run.session.Ready());
  run.Take(Ack(snapshot::kClusterType, run.Nonce(0)));
  EXPECT_TRUE(run.events.empty());
  run.Take(Ack(snapshot::kRouteType, run.Nonce(1)));
  ASSERT_EQ(run.events.size(), 1u);
  EXPECT_EQ(std::get<Acked>(run.events[0]).id, (GenerationId{1, 5}));
  run.Take(Ack(snapshot::kGenerationType, run.Nonce(2)));
  ASSERT_EQ(run.events.size(), 2u);
  EXPECT_EQ(std::get<Served>(run.events[1]).id, (GenerationId{1, 5}));
  EXPECT_TRUE(run.session.Ready());
  EXPECT_EQ(run.session.at(), (GenerationId{1, 5}));
  EXPECT_EQ(std::get<GenerationId>(run.session.base()), (GenerationId{1, 5}));
}

TEST(Session, TakesANackOfAnyResponseAsARefusalOfAll) {
  Running run;
  DeltaDiscoveryRequest nack = Ack(snapshot::kRouteType, run.Nonce(1));
  xds::v1::ResourceProblem problem;
  problem.set_type_url(std::string(snapshot::kRouteType));
  problem.set_name("shop/users");
  problem.set_field_path("rules[0].matches[0].path.regex");
  problem.set_reason("missing )");
  problem.set_code("E204");
  nack.mutable_error_detail()->add_details()->PackFrom(problem);
  run.Take(nack);
  ASSERT_EQ(run.events.size(), 1u);
  const Refused& refused = std::get<Refused>(run.events[0]);
  EXPECT_EQ(refused.id, (GenerationId{1, 5}));
  EXPECT_EQ(refused.problems,
            (std::vector<std::string>{"Route shop/users: rules[0].matches[0].path.regex: missing ) [E204]"}));
  EXPECT_TRUE(run.session.Ready());
  EXPECT_EQ(run.session.refused(), (GenerationId{1, 5}));
  EXPECT_TRUE(std::holds_alternative<HeldVersions>(run.session.base())) << "it holds what it held before";
  run.Take(Ack(snapshot::kGenerationType, run.Nonce(2)));
  EXPECT_EQ(run.events.size(), 1u) << "the rest of a refused transaction means nothing";
}

TEST(Session, IgnoresNoncesThatItDidNotSend) {
  Running run;
  run.Take(Ack(snapshot::kGenerationType, "1.4:0"));
  DeltaDiscoveryRequest nack = Ack(snapshot::kGenerationType, "nonsense");
  nack.mutable_error_detail()->set_message("no");
  run.Take(nack);
  EXPECT_TRUE(run.events.empty());
  EXPECT_FALSE(run.session.Ready());
}

TEST(Session, BoundsWhatANackMaySay) {
  Running run;
  DeltaDiscoveryRequest nack = Ack(snapshot::kGenerationType, run.Nonce(2));
  for (int i = 0; i < 60; ++i) {
    xds::v1::ResourceProblem problem;
    problem.set_reason(std::string(10'000, 'x'));
    nack.mutable_error_detail()->add_details()->PackFrom(problem);
  }
  run.Take(nack);
  const auto& problems = std::get<Refused>(run.events[0]).problems;
  ASSERT_EQ(problems.size(), Session::kMaxProblems + 1);
  EXPECT_EQ(problems[0].size(), Session::kMaxProblemBytes);
  EXPECT_EQ(problems.back(), "and 10 more");
}

}  // namespace
}  // namespace penstock::xds_server
