#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/policies/external_auth/testing.h"

namespace penstock::policies {
namespace {

using ExternalAuthTest = ExternalAuthFixture;

TEST_F(ExternalAuthTest, LetsInWhomTheServiceLetsIn) {
  Configure("path: '/check' backend_headers: 'x-user'");
  service.answer.status = 200;
  service.answer.fields.Add("x-user", "ada");
  TestRequest request{
      .method = "POST", .path = "/orders", .fields = {{"cookie", "c"}, {"content-type", "t"}, {"x-user", "root"}}};
  TestExchange x(request);
  EXPECT_FALSE(Ask(x).is_reply());
  EXPECT_EQ(x->request.headers.Get("x-user"), "ada");
  EXPECT_EQ(x->request.headers.Count("x-user"), 1u);
  EXPECT_EQ(service.path, "/check");
  EXPECT_EQ(service.method, "GET");
  EXPECT_EQ(service.Asked("x-forwarded-method"), "POST");
  EXPECT_EQ(service.Asked("x-forwarded-uri"), "/orders");
  EXPECT_EQ(service.Asked("cookie"), "c");
  EXPECT_EQ(service.Asked("content-type"), "-");
  EXPECT_EQ(service.Asked("x-user"), "-");
}

TEST_F(ExternalAuthTest, SendsOnlyTheFieldsThatItShallAndWhatWasAskedFor) {
  Configure("request_headers: 'authorization'");
  service.answer.status = 204;
  TestRequest request{.fields = {{"cookie", "c"},
                                 {"authorization", "a"},
                                 {"x-forwarded-host", "shop.example"},
                                 {"x-forwarded-proto", "https"}}};
  TestExchange x(request);
  EXPECT_FALSE(Ask(x).is_reply());
  EXPECT_EQ(service.Asked("authorization"), "a");
  EXPECT_EQ(service.Asked("cookie"), "-");
  EXPECT_EQ(service.Asked("x-forwarded-host"), "shop.example");
  EXPECT_EQ(service.Asked("x-forwarded-proto"), "https");
}

TEST_F(ExternalAuthTest, SaysWhomNobodyCanAsk) {
  xds::v1::ExternalAuth message;
  message.set_unresolved("Backend \"door-keeper\" does not exist");
  std::shared_ptr<const ExternalAuthConfig> config = *ExternalAuthConfig::Compile(message);
  EXPECT_EQ(config->Describe(), "asks nobody (Backend \"door-keeper\" does not exist) at /");
  policy = *ExternalAuthPolicy::Make(config, Material{secrets, runtime});
  TestRequest request;
  TestExchange x(request);
  EXPECT_EQ(Ask(x).reason(), Reason::kPolicyUnavailable);
  EXPECT_EQ(x->detail, "Backend \"door-keeper\" does not exist: nobody can be asked");
}

TEST_F(ExternalAuthTest, GivesItsRefusalToTheClient) {
  Configure("");
  service.answer.status = 302;
  service.answer.content = "go there";
  service.answer.fields.Add("location", "https://login");
  service.answer.fields.Add("set-cookie", "a=1");
  service.answer.fields.Add("set-cookie", "b=2");
  service.answer.fields.Add("x-inside", "secret");
  TestRequest request;
  TestExchange x(request);
  Verdict verdict = Ask(x);
  ASSERT_TRUE(verdict.is_reply());
  EXPECT_EQ(verdict.status(), 302);
  EXPECT_EQ(verdict.reason(), Reason::kAccessDenied);
  EXPECT_EQ(verdict.text(), "go there");
  EXPECT_EQ(x->response.headers.Get("location"), "https://login");
  EXPECT_EQ(x->response.headers.Count("set-cookie"), 2u);
  EXPECT_FALSE(x->response.headers.Has("x-inside"));
  EXPECT_EQ(x->detail, "auth answers 302");
}

TEST_F(ExternalAuthTest, LetsNobodyInWhileTheServiceIsAway) {
  Configure("");
  for (int status : {500, 503, 100, 0}) {
    service.answer.status = status;
    TestRequest request;
    TestExchange x(request);
    EXPECT_EQ(Ask(x).reason(), Reason::kPolicyUnavailable) << status;
  }
  service.failure = absl::UnavailableError("upstream_connect_failed");
  TestRequest request;
  TestExchange x(request);
  EXPECT_EQ(Ask(x).reason(), Reason::kPolicyUnavailable);
  EXPECT_EQ(x->detail, "auth: upstream_connect_failed");
}

TEST_F(ExternalAuthTest, LetsEverybodyInIfSomebodySaidSo) {
  Configure("fail_open: true");
  service.failure = absl::UnavailableError("upstream_connect_failed");
  TestRequest request;
  TestExchange x(request);
  EXPECT_FALSE(Ask(x).is_reply());
}

TEST_F(ExternalAuthTest, ChangesFieldsAsAServiceOfGrpcSays) {
  Configure("protocol: GRPC backend_headers: 'x-user'");
  service.Say(R"pb(
    status {}
    ok_response {
      headers { header { key: "X-Tier" value: "gold" } }
      headers_to_remove: "cookie"
      response_headers_to_add { header { key: "x-quota" value: "5" } }
    })pb");
  TestRequest request{.fields = {{"cookie", "c"}, {"x-tier", "platinum"}, {"x-user", "root"}}};
  TestExchange x(request);
  EXPECT_FALSE(Ask(x).is_reply());
  EXPECT_EQ(service.method, "POST");
  EXPECT_EQ(service.path, "/envoy.service.auth.v3.Authorization/Check");
  EXPECT_EQ(service.Asked("content-type"), "application/grpc");
  EXPECT_EQ(service.Asked("grpc-timeout"), "200m");
  EXPECT_EQ(x->request.headers.Get("x-tier"), "gold");
  EXPECT_EQ(x->request.headers.Count("x-tier"), 1u);
  EXPECT_FALSE(x->request.headers.Has("cookie"));
  EXPECT_FALSE(x->request.headers.Has("x-user"))
      << "what clients cannot send they cannot send though the service is silent";
  RunReady(policy->OnResponse(*x));
  EXPECT_EQ(x->response.headers.Get("x-quota"), "5");
}

TEST_F(ExternalAuthTest, GivesTheRefusalOfAServiceOfGrpcToTheClient) {
  Configure("protocol: GRPC");
  service.Say(R"pb(
    status { code: 7 }
    denied_response {
      status { code: 429 }
      headers { header { key: "content-type" value: "text/x-no" } }
      headers { header { key: "retry-after" value: "7" } }
      body: "slow down"
    })pb");
  TestRequest request;
  TestExchange x(request);
  Verdict verdict = Ask(x);
  ASSERT_TRUE(verdict.is_reply());
  EXPECT_EQ(verdict.reason(), Reason::kAccessDenied);
  EXPECT_EQ(verdict.status(), 429);
  EXPECT_EQ(verdict.text(), "slow down");
  EXPECT_EQ(verdict.content_type(), "text/x-no");
  EXPECT_EQ(x->response.headers.Get("retry-after"), "7");
  EXPECT_FALSE(x->response.headers.Has("content-type"));
  EXPECT_EQ(x->detail, "auth answers PERMISSION_DENIED");
}

TEST_F(ExternalAuthTest, NamesTheStatusOfACallThatFailed) {
  Configure("protocol: GRPC");
  service.Say("status {}");
  service.answer.grpc_status = 14;
  service.answer.grpc_message = "no policy loaded";
  TestRequest request;
  TestExchange x(request);
  EXPECT_EQ(Ask(x).reason(), Reason::kPolicyUnavailable);
  EXPECT_EQ(x->detail, "auth: its call ends with UNAVAILABLE: no policy loaded");
}

}  // namespace
}  // namespace penstock::policies
