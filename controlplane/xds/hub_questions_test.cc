// Questions of operators on their way to one replica.
#include <gtest/gtest.h>

#include "controlplane/xds/test_hub.h"

namespace penstock::xds_server {
namespace {

class HubQuestionsTest : public HubTest {
 protected:
  Client ConnectAnswering(const std::string& name) {
    Client client;
    client.id = hub_.Open({"spiffe://penstock/dataplane/" + name, name, "ipv4:127.0.0.9:1"}, client.pipe).value();
    DeltaDiscoveryRequest request;
    request.set_type_url(std::string(snapshot::kGenerationType));
    request.mutable_node()->set_id(name);
    request.mutable_node()->add_client_features(std::string(kQuestionsFeature));
    EXPECT_TRUE(hub_.OnRequest(client.id, request).ok());
    return client;
  }

  void Ask(const std::string& replica) {
    told_.clear();
    hub_.Ask(replica, xds::v1::Question(), [this](absl::StatusOr<xds::v1::Answer> answer) {
      told_ = answer.ok() ? answer->explanation() : answer.status().ToString();
    });
  }

  void AnswerQuestion(const Client& client, const std::string& nonce) {
    xds::v1::Answer answer;
    answer.set_explanation("an answer");
    DeltaDiscoveryRequest request;
    request.set_type_url(std::string(kQuestionType));
    request.set_response_nonce(nonce);
    request.mutable_answer()->PackFrom(answer);
    EXPECT_TRUE(hub_.OnRequest(client.id, request).ok());
  }

  std::string told_;  // what became of the last question
};

TEST_F(HubQuestionsTest, AsksOneReplicaAndHandsItsAnswerOn) {
  Publish(1, {Route("a", "1")});
  Client asked = ConnectAnswering("asked"), other = ConnectAnswering("other");
  Ask("asked");
  ASSERT_EQ(asked.pipe->sent, 2);
  EXPECT_EQ(other.pipe->sent, 1);
  AnswerQuestion(other, asked.pipe->last->responses[0].nonce);
  EXPECT_EQ(told_, "") << "another one's answer is none";
  AnswerQuestion(asked, "question:77");
  EXPECT_EQ(told_, "") << "nor one to another question";
  AnswerQuestion(asked, asked.pipe->last->responses[0].nonce);
  EXPECT_EQ(told_, "an answer");
  AnswerQuestion(asked, asked.pipe->last->responses[0].nonce);
  EXPECT_EQ(told_, "an answer") << "once";
}

TEST_F(HubQuestionsTest, AsksWhateverElseIsOutstanding) {
  Publish(1, {Route("a", "1")});
  Client client = ConnectAnswering("a");
  std::shared_ptr<const Transaction> generation = client.pipe->last;
  Ask("a");
  std::shared_ptr<const Transaction> question = client.pipe->last;
  AnswerQuestion(client, question->responses[0].nonce);
  EXPECT_EQ(told_, "an answer");
  client.pipe->last = generation;
  Answer(client);
  Publish(2, {Route("a", "2")});
  EXPECT_EQ(Last(client), "Route:a=2 | Generation");
}

TEST_F(HubQuestionsTest, SaysWhyAReplicaCannotBeAsked) {
  Ask("a");
  EXPECT_EQ(told_, "NOT_FOUND: no replica \"a\" is connected; nobody is");
  Client b = ConnectAnswering("b"), old = Connect("old");
  Ask("a");
  EXPECT_EQ(told_, "NOT_FOUND: no replica \"a\" is connected; those that are: b, old");
  Ask("old");
  EXPECT_EQ(told_, "FAILED_PRECONDITION: replica old runs a build that cannot be asked");
  Ask("b");
  EXPECT_EQ(told_, "");
  Ask("b");
  EXPECT_EQ(told_, "RESOURCE_EXHAUSTED: replica b is busy with another question");
  hub_.Closed(b.id);
  EXPECT_EQ(told_, "ABORTED: replica b went away before it answered");
}

}  // namespace
}  // namespace penstock::xds_server
