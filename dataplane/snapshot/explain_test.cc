#include "dataplane/snapshot/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/snapshot/testing.h"

namespace penstock::snapshot {
namespace {

using testing::Cluster;
using testing::Endpoints;
using testing::Listener;
using testing::MustCompile;
using testing::PolicyChain;
using testing::Route;

std::shared_ptr<const Snapshot> Shop() {
  Delta delta{{Listener("shop/web/http", "policy_chain: 'edge'"), Cluster("users"), Cluster("products-v1"),
               Cluster("products-v2"), Endpoints("users", "endpoints { address: '10.0.0.21' port: 8081 weight: 1 }"),
               Endpoints("products-v1", "endpoints { address: '10.0.0.31' port: 8082 weight: 1 }"),
               PolicyChain("edge", R"(policies { type: 'cors' origin: 'Gateway shop' config {
           [type.googleapis.com/penstock.xds.v1.Cors] { allow_origins: 'https://shop.example' } } })"),
               Route("shop/users", R"(attachments { listener: 'shop/web/http' }
           rules { name: 'all' matches { prefix: '/users' } forward { clusters { cluster: 'users' weight: 1 } } })"),
               Route("shop/products", R"(attachments { listener: 'shop/web/http' }
           rules { name: 'catalog' matches { prefix: '/products' method: 'GET' }
                   filters { request_headers { set { name: 'x-env' value: 'prod' } } }
                   forward { clusters { cluster: 'products-v1' weight: 90 } clusters { cluster: 'products-v2' weight: 10 } } }
           rules { matches { prefix: '/products' headers { name: 'x-env' exact: 'dev' } } redirect { hostname: 'dev.example' } })")},
              {},
              {}};
  return MustCompile(nullptr, delta);
}

ExplainRequest Get(std::string path) {
  ExplainRequest request;
  request.port = 8080;
  request.host = "shop";
  request.path = std::move(path);
  return request;
}

TEST(Explain, NamesListenerRouteRuleAndWhyNotTheOthers) {
  Explanation explanation = Explain(*Shop(), Get("/products"));
  EXPECT_EQ(ExplanationText(explanation),
            "listener  shop/web/http :8080\n"
            "route     shop/products     rule \"catalog\"    match: PathPrefix /products (9 chars) + method GET\n"
            "          shop/products     rules[1]          no: header x-env is missing\n"
            "          shop/users        rule \"all\"        no: path /products is not under /users\n"
            "policies  1 cors              from Gateway shop  cross-origin requests from https://shop.example\n"
            "filters   request header: set x-env: prod\n"
            "backend   products-v1 90 % | products-v2 10 % [no endpoint: 503]  ->  forward to products-v1, would pick "
            "10.0.0.31:8082\n"
            "decided   by generation 0.0\n");
}

TEST(Explain, PicksAsLiveTrafficDoesForTheSameSeed) {
  std::shared_ptr<const Snapshot> snapshot = Shop();
  const auto& forward = std::get<Forward>((*snapshot->FindRoute("shop/products"))->rules[0].action);
  for (uint64_t seed = 0; seed < 100; ++seed) {
    ExplainRequest request = Get("/products");
    request.seed = seed;
    Explanation explanation = Explain(*snapshot, request);
    size_t picked = PickCluster(forward, seed) - forward.clusters.data();
    EXPECT_TRUE(explanation.backends[picked].picked);
    EXPECT_FALSE(explanation.backends[1 - picked].picked);
  }
}

TEST(Explain, SaysNoRouteAndStillNamesThePolicies) {
  Explanation explanation = Explain(*Shop(), Get("/nothing"));
  EXPECT_EQ(explanation.outcome, Explanation::Outcome::kNoRoute);
  EXPECT_EQ(explanation.policies.size(), 1u);
  EXPECT_EQ(explanation.misses.size(), 3u);
  EXPECT_THAT(ExplanationText(explanation), ::testing::HasSubstr("none: 404 no_route"));
}

TEST(Explain, SaysNoListener) {
  ExplainRequest request = Get("/");
  request.port = 9;
  EXPECT_EQ(ExplanationText(Explain(*Shop(), request)), "listener  none on port 9 serves this host: 404 no_listener\n");
}

TEST(Explain, WritesJsonThatAnyBytesSurvive) {
  Explanation explanation = Explain(*Shop(), Get("/users/\"\xff\\"));
  std::string json = ExplanationJson(explanation);
  EXPECT_THAT(json, ::testing::StartsWith(
                        "{\"outcome\":\"routed\",\"epoch\":0,\"generation\":0,\"listener\":\"shop/web/http\""));
  EXPECT_THAT(json, ::testing::HasSubstr("/users/\\u0022\\u00ff\\u005c is not under /products"));
  EXPECT_THAT(json, ::testing::HasSubstr("\"picked\":true"));
}

}  // namespace
}  // namespace penstock::snapshot
