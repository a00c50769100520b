// Questions and explanations on their way between the planes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/explain.h"
#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/question.h"
#include "dataplane/snapshot/testing.h"

namespace penstock::snapshot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kWantsAKey[] = R"(policies { type: 'authentication' origin: 'SecurityPolicy shop/tokens' config {
  [type.googleapis.com/penstock.xds.v1.Authentication] { all_of { any_of: 'apiKey' } } } })";

std::shared_ptr<const Snapshot> Shop() {
  return testing::MustCompile(nullptr,
                              {{testing::Listener("shop/web/http", "policy_chain: 'edge'"), testing::Cluster("users"),
                                testing::Endpoints("users", "endpoints { address: '10.0.0.21' port: 8081 weight: 1 }"),
                                testing::PolicyChain("edge", testing::TokensAndKeys() + kWantsAKey),
                                testing::Route("shop/users", R"(attachments { listener: 'shop/web/http' }
           rules { name: 'all' matches { prefix: '/users' } forward { clusters { cluster: 'users' weight: 9 }
                   clusters { problem: 'gone' weight: 1 } } }
           rules { matches { prefix: '/old' } redirect { hostname: 'new.example' } })")},
                               {},
                               {}});
}

ExplainRequest Get(std::string path, std::vector<std::pair<std::string, std::string>> fields = {}) {
  ExplainRequest request;
  request.port = 8080;
  request.fields = std::move(fields);
  request.fields.emplace_back("host", "shop");
  request.target = std::move(path);
  return request;
}

TEST(ExplainRelay, ReadsWhatItWroteAsTheSameForPeople) {
  std::vector<ExplainRequest> asked = {Get("/users/1"), Get("/old"), Get("/\xc3\xa4/x"), Get("/a%2Fb"),
                                       Get("/users", {{"content-type", "application/grpc"}})};
  asked.push_back(Get("/users"));
  asked.back().port = 8081;
  asked.push_back(Get("/users"));
  asked.back().scheme = "https";
  for (const ExplainRequest& request : asked) {
    Explanation explanation = Explain(*Shop(), request);
    explanation.generation = {1, 7};
    explanation.replica = "edge-1";
    for (ExplainedPolicy& policy : explanation.policies) policy.place = "shop.yaml:42";
    auto read = ReadExplanation(ExplanationJson(explanation));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(ExplanationText(*read), ExplanationText(explanation)) << request.target;
    EXPECT_EQ(ExplanationJson(*read), ExplanationJson(explanation)) << request.target;
  }
}

TEST(ExplainRelay, KeepsBytesThatAreNoText) {
  Explanation explanation;
  explanation.match = "a\x80\xff\xc3\xa4\"\\\n\x01z";
  EXPECT_EQ(ReadExplanation(ExplanationJson(explanation))->match, explanation.match);
}

TEST(ExplainRelay, RefusesWhatIsNoExplanation) {
  for (const char* json : {"", "[]", "{}", "{\"outcome\":\"maybe\"}", "{\"outcome\":7}", "nonsense"}) {
    EXPECT_FALSE(ReadExplanation(json).ok()) << json;
  }
  auto other = ReadExplanation(R"({"outcome":"routed","port":"x","grpcStatus":99,"policies":[{"type":3}],"new":{}})");
  ASSERT_TRUE(other.ok()) << "another build's";
  EXPECT_EQ(other->port, 0);
  EXPECT_EQ(other->grpc_status, 0);
  EXPECT_EQ(other->policies.size(), 1u);
}

TEST(ExplainRelay, TellsWhoDecidedAndWhereAPolicyWasWritten) {
  Explanation explanation = Explain(*Shop(), Get("/users"));
  explanation.generation = {1, 7};
  explanation.replica = "edge-1";
  explanation.policies[0].place = "shop.yaml:42";
  std::string text = ExplanationText(explanation);
  EXPECT_THAT(text, HasSubstr("from SecurityPolicy shop/tokens (shop.yaml:42)  tokens of auth"));
  EXPECT_THAT(text, HasSubstr("from SecurityPolicy shop/tokens  keys of header x-api-key"));
  EXPECT_THAT(text, HasSubstr("\ndecided   by generation 1.7, which replica edge-1 serves now\n"));
  EXPECT_THAT(ExplanationJson(explanation), HasSubstr("\"place\":\"shop.yaml:42\""));
}

TEST(ExplainRelay, CarriesAQuestionAsItIs) {
  ExplainRequest request = Get("/\xff?q", {{"x-env", "\x80"}});
  request.scheme = "https";
  request.server_name = "shop";
  request.method = "PUT";
  request.seed = 7;
  request.client = *IpAddress::Parse("2001:db8::1");
  request.client_certificate = "spiffe://shop/\xff";
  auto read = FromQuestion(ToQuestion(request));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->target, request.target);
  EXPECT_EQ(read->fields, request.fields);
  EXPECT_EQ(read->client, request.client);
  EXPECT_EQ(read->client_certificate, request.client_certificate);
  EXPECT_EQ(ToQuestion(*read).SerializeAsString(), ToQuestion(request).SerializeAsString());
}

TEST(ExplainRelay, TakesNoQuestionWithoutAPortOrAClient) {
  xds::v1::Question question = ToQuestion(Get("/"));
  question.set_port(70'000);
  EXPECT_FALSE(FromQuestion(question).ok());
  question = ToQuestion(Get("/"));
  question.set_client("nobody");
  EXPECT_FALSE(FromQuestion(question).ok());
}

TEST(ExplainRelay, KnowsWhoseAnApiKeyIsWhereKeysCanBeHashed) {
  Delta delta{{testing::ApiKey("shop/key", "open-sesame", "shop/app", "shop/gold")}, {}, {}};
  std::shared_ptr<const Snapshot> snapshot = testing::MustCompile(Shop().get(), delta);
  testing::KeyHashes facts;
  Explanation good = Explain(*snapshot, Get("/users", {{"x-api-key", "open-sesame"}}), facts);
  EXPECT_EQ(good.policies[1].why, "key of Consumer shop/app, Plan shop/gold");
  EXPECT_FALSE(good.denied);
  Explanation bad = Explain(*snapshot, Get("/users", {{"x-api-key", "sesame"}}), facts);
  EXPECT_EQ(bad.policies[1].why, "counts as none: the key is nobody's, or has expired");
  EXPECT_EQ(bad.status, 401);
  EXPECT_THAT(ExplanationJson(bad) + ExplanationText(bad), Not(HasSubstr("\"sesame")));
}

}  // namespace
}  // namespace penstock::snapshot
