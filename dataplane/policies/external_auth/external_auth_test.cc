#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/policies/condition/testing.h"
#include "dataplane/policies/external_auth/external_auth_policy.h"
#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

using ::testing::HasSubstr;

// Answers at once, and remembers what it was asked.
struct FakeCalls final : SideCalls {
  Task<StatusOr<const SideResponse*>> Send(Exchange& x, SideRequest request) override {
    path = request.path;
    for (const http::Field& field : request.fields) {
      asked.emplace_back(std::string(field.name()), std::string(field.value()));
    }
    if (!failure.ok()) return StatusOr<const SideResponse*>(failure);
    return StatusOr<const SideResponse*>(&answer);
  }
  std::string Asked(std::string_view name) const {
    for (const auto& [key, value] : asked) {
      if (key == name) return value;
    }
    return "-";
  }

  SideResponse answer;
  Status failure = absl::OkStatus();
  std::string path;
  std::vector<std::pair<std::string, std::string>> asked;
};

class ExternalAuthTest : public ::testing::Test {
 protected:
  ExternalAuthTest() { services.calls = &calls; }
  void Configure(const std::string& text) {
    xds::v1::ExternalAuth message;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString("cluster: 'auth' " + text, &message));
    auto compiled = ExternalAuthConfig::Compile(message);
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    policy = std::make_unique<ExternalAuthPolicy>(*compiled);
  }
  Verdict Ask(TestExchange& x) {
    x->services = &services;
    return RunReady(policy->OnRequest(*x));
  }

  FakeCalls calls;
  Services services;
  std::unique_ptr<ExternalAuthPolicy> policy;
};

TEST_F(ExternalAuthTest, LetsInWhomTheServiceLetsIn) {
  Configure("path: '/check' backend_headers: 'x-user'");
  calls.answer.status = 200;
  calls.answer.fields.Add("x-user", "ada");
  TestRequest request{
      .method = "POST", .path = "/orders", .fields = {{"cookie", "c"}, {"content-type", "t"}, {"x-user", "root"}}};
  TestExchange x(request);
  EXPECT_FALSE(Ask(x).is_reply());
  EXPECT_EQ(x->request.headers.Get("x-user"), "ada");
  EXPECT_EQ(x->request.headers.Count("x-user"), 1u);
  EXPECT_EQ(calls.path, "/check");
  EXPECT_EQ(calls.Asked("x-forwarded-method"), "POST");
  EXPECT_EQ(calls.Asked("x-forwarded-uri"), "/orders");
  EXPECT_EQ(calls.Asked("cookie"), "c");
  EXPECT_EQ(calls.Asked("content-type"), "-");
  EXPECT_EQ(calls.Asked("x-user"), "-");
}

TEST_F(ExternalAuthTest, SendsOnlyTheFieldsThatItShall) {
  Configure("request_headers: 'authorization'");
  calls.answer.status = 204;
  TestRequest request{.fields = {{"cookie", "c"}, {"authorization", "a"}}};
  TestExchange x(request);
  EXPECT_FALSE(Ask(x).is_reply());
  EXPECT_EQ(calls.Asked("authorization"), "a");
  EXPECT_EQ(calls.Asked("cookie"), "-");
}

TEST_F(ExternalAuthTest, GivesItsRefusalToTheClient) {
  Configure("");
  calls.answer.status = 302;
  calls.answer.content = "go there";
  calls.answer.fields.Add("location", "https://login");
  calls.answer.fields.Add("x-inside", "secret");
  TestRequest request;
  TestExchange x(request);
  Verdict verdict = Ask(x);
  ASSERT_TRUE(verdict.is_reply());
  EXPECT_EQ(verdict.status(), 302);
  EXPECT_EQ(verdict.reason(), Reason::kAccessDenied);
  EXPECT_EQ(verdict.text(), "go there");
  EXPECT_EQ(x->response.headers.Get("location"), "https://login");
  EXPECT_FALSE(x->response.headers.Has("x-inside"));
}

TEST_F(ExternalAuthTest, LetsNobodyInWhileTheServiceIsAway) {
  Configure("");
  for (int status : {500, 503, 100, 0}) {
    calls.answer.status = status;
    TestRequest request;
    TestExchange x(request);
    EXPECT_EQ(Ask(x).reason(), Reason::kPolicyUnavailable) << status;
  }
  calls.failure = absl::UnavailableError("upstream_connect_failed");
  TestRequest request;
  TestExchange x(request);
  EXPECT_EQ(Ask(x).reason(), Reason::kPolicyUnavailable);
  EXPECT_EQ(x->detail, "auth: upstream_connect_failed");
}

TEST_F(ExternalAuthTest, LetsEverybodyInIfSomebodySaidSo) {
  Configure("fail_open: true");
  calls.failure = absl::UnavailableError("upstream_connect_failed");
  TestRequest request;
  TestExchange x(request);
  EXPECT_FALSE(Ask(x).is_reply());
}

TEST(ExternalAuthConfig, RefusesWhatCannotBeMeant) {
  for (const char* text : {"path: 'x'", "path: '/a b'", "timeout { }", "timeout { seconds: 60 }",
                           "backend_headers: 'host'", "backend_headers: 'X-A'", "request_headers: 'a b'"}) {
    xds::v1::ExternalAuth message;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
    EXPECT_FALSE(ExternalAuthConfig::Compile(message).ok()) << text;
  }
}

}  // namespace
}  // namespace penstock::policies
