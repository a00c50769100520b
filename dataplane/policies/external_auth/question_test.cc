#include "dataplane/policies/external_auth/question.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "dataplane/policies/external_auth/testing.h"
#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

std::shared_ptr<const ExternalAuthConfig> Config(const std::string& text) {
  xds::v1::ExternalAuth message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "request_headers: ['authorization', 'x-a', 'x-b'] cache_ttl { seconds: 5 } " + text, &message));
  return *ExternalAuthConfig::Compile(message);
}

QuestionKey KeyFor(
    const std::string& config, const TestRequest& request,
    const std::function<void(Exchange&)>& change = [](Exchange&) {}, uint64_t revocations = 0) {
  TestExchange x(request);
  x->request.authority = "shop.example";
  x->request.scheme = "http";
  change(*x);
  auto compiled = Config(config);
  return KeyOf(MakeQuestion(*compiled, *x), revocations);
}

const TestRequest kRequest{.path = "/a", .fields = {{"authorization", "one"}, {"x-other", "1"}}};

TEST(QuestionKey, IsAnotherOneForWhateverTheServiceIsTold) {
  std::set<QuestionKey> keys{KeyFor("", kRequest)};
  auto differs = [&](const QuestionKey& key) { EXPECT_TRUE(keys.insert(key).second); };
  differs(KeyFor("", {.method = "POST", .path = "/a", .fields = {{"authorization", "one"}}}));
  differs(KeyFor("", {.path = "/b", .fields = {{"authorization", "one"}}}));
  differs(KeyFor("", {.path = "/a", .fields = {{"authorization", "two"}}}));
  differs(KeyFor("", {.path = "/a", .fields = {}}));
  differs(KeyFor("", kRequest, [](Exchange& x) { x.request.has_query = true; }));
  differs(KeyFor("", kRequest, [](Exchange& x) { x.request.authority = "other.example"; }));
  differs(KeyFor("", kRequest, [](Exchange& x) { x.request.scheme = "https"; }));
  differs(KeyFor("", kRequest, [](Exchange&) {}, 7));
}

// Lists of parts that would be the same text are not the same question.
TEST(QuestionKey, KnowsWhereEachPartEnds) {
  std::set<QuestionKey> keys;
  keys.insert(KeyFor("", {.fields = {{"x-a", "1x-b2"}}}));
  keys.insert(KeyFor("", {.fields = {{"x-a", "1"}, {"x-b", "2"}}}));
  keys.insert(KeyFor("", {.fields = {{"x-b", "2"}, {"x-a", "1"}}}));
  keys.insert(KeyFor("", {.fields = {{"x-a", "1"}, {"x-a", ""}}}));
  keys.insert(KeyFor("", {.fields = {{"x-a", "1"}}}));
  EXPECT_EQ(keys.size(), 5u);
}

TEST(QuestionKey, IsTheSameForWhatTheServiceIsNotTold) {
  QuestionKey key = KeyFor("", kRequest);
  EXPECT_EQ(KeyFor("", {.path = "/a", .fields = {{"authorization", "one"}, {"cookie", "c"}}}), key);
  EXPECT_EQ(KeyFor("", {.path = "/a", .fields = {{"authorization", "one"}}, .client = "192.0.2.9", .seconds = 99}),
            key);
  EXPECT_EQ(KeyFor("", kRequest, [](Exchange& x) { x.id_text = "another"; }), key);
}

TEST(QuestionKey, OfGrpcIsAnotherOneForAnotherClient) {
  QuestionKey key = KeyFor("protocol: GRPC", kRequest);
  EXPECT_NE(KeyFor("protocol: GRPC", {.path = "/a", .fields = kRequest.fields, .client = "192.0.2.9"}), key);
  ConnectionInfo connection;
  connection.client_identity = "spiffe://shop/mobile";
  EXPECT_NE(KeyFor("protocol: GRPC", kRequest, [&](Exchange& x) { x.connection = &connection; }), key);
  EXPECT_EQ(KeyFor("protocol: GRPC", kRequest, [](Exchange& x) { x.peer_address_text = "192.0.2.1:4712"; }), key);
}

}  // namespace
}  // namespace penstock::policies
