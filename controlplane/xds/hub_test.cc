#include "controlplane/xds/hub.h"

#include <gtest/gtest.h>

#include "controlplane/xds/test_hub.h"

namespace penstock::xds_server {
namespace {

TEST_F(HubTest, SendsWhatIsPublishedToEverySubscriberOfTheGroup) {
  Publish(1, {Route("a", "1")});
  Client early = Connect("early");
  EXPECT_EQ(Last(early), "Route:a=1 | Generation");
  Answer(early);
  Publish(2, {Route("a", "2")});
  EXPECT_EQ(Last(early), "Route:a=2 | Generation");
  EXPECT_EQ(Last(Connect("late")), "Route:a=2 | Generation");
  EXPECT_EQ(Last(Connect("other", "internal")), "") << "greeted with an empty response";
}

TEST_F(HubTest, SendsTheSameBytesToAll) {
  Publish(1, {Route("a", "1")});
  Client a = Connect("a"), b = Connect("b");
  EXPECT_EQ(a.pipe->last, b.pipe->last);
  Answer(a), Answer(b);
  Publish(2, {Route("a", "2")});
  EXPECT_EQ(a.pipe->last, b.pipe->last);
}

TEST_F(HubTest, MergesWhatHappensWhileAReplicaIsSlow) {
  Publish(1, {Route("a", "1")});
  Client slow = Connect("slow"), fast = Connect("fast");
  for (uint64_t number = 2; number <= 5; ++number) {
    Answer(fast);
    Publish(number, {Route("a", std::to_string(number))});
  }
  EXPECT_EQ(fast.pipe->sent, 5);
  EXPECT_EQ(slow.pipe->sent, 1);
  Answer(slow);
  EXPECT_EQ(slow.pipe->sent, 2);
  EXPECT_EQ(Last(slow), "Route:a=5 | Generation");
}

TEST_F(HubTest, DoesNotSendARejectedGenerationAgainOrToAnybodyElse) {
  Publish(1, {Route("a", "1")});
  Client a = Connect("a"), b = Connect("b");
  Answer(a);
  Publish(2, {Route("a", "2")});
  EXPECT_EQ(a.pipe->sent, 2);
  Answer(a, /*ack=*/false);
  EXPECT_EQ(a.pipe->sent, 2);
  Answer(b);
  EXPECT_EQ(b.pipe->sent, 1) << "it was never sent generation 2";
  EXPECT_EQ(Last(Connect("c")), "Route:a=1 | Generation");
  Publish(3, {Route("a", "3")});
  EXPECT_EQ(Last(a), "Route:a=3 | Generation");
  EXPECT_EQ(Last(b), "Route:a=3 | Generation");
}

TEST_F(HubTest, WaitsForTheFirstPublicationOfANewGroup) {
  Publish(1, {Route("a", "1")});
  Client client = Connect("a", "internal");
  EXPECT_EQ(Last(client), "");
  hub_.Publish(Published(1, {Route("i", "1")}, {}, "internal"));
  EXPECT_EQ(Last(client), "Route:i=1 | Generation");
}

TEST_F(HubTest, CapsTheStreamsOfOneIdentityAndInAll) {
  for (int i = 0; i < 4; ++i) Connect("same");
  auto fifth = hub_.Open({"spiffe://penstock/dataplane/same", "same", ""}, std::make_shared<Pipe>());
  EXPECT_EQ(fifth.status().code(), absl::StatusCode::kResourceExhausted);
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(hub_.Open({"spiffe://penstock/dataplane", "", ""}, std::make_shared<Pipe>()).ok());
  }
  auto eleventh = hub_.Open({"spiffe://penstock/dataplane", "", ""}, std::make_shared<Pipe>());
  EXPECT_EQ(eleventh.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(hub_.streams(), 10u);
}

TEST_F(HubTest, EndsTheStreamOfADataPlaneWhoseIdAnotherOneUses) {
  Publish(1, {Route("a", "1")});
  Client first = Connect("same");
  Answer(first);
  Client second = Connect("same");
  EXPECT_EQ(first.pipe->closed.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(first.pipe->closed.message(),
            "another data plane connected with the id same from ipv4:127.0.0.9:1; give each its own --id");
  EXPECT_TRUE(second.pipe->closed.ok());
  hub_.Closed(first.id);
  Answer(second);
  Publish(2, {Route("a", "2")});
  EXPECT_EQ(Last(second), "Route:a=2 | Generation");
  EXPECT_EQ(rollout_.fleet.Connected(), 1u);
}

TEST_F(HubTest, SendsEverybodyAwayWhenItStops) {
  Publish(1, {Route("a", "1")});
  Client client = Connect("a");
  hub_.CloseAll();
  EXPECT_EQ(client.pipe->closed.code(), absl::StatusCode::kUnavailable);
  auto late = hub_.Open({"spiffe://penstock/dataplane/b", "b", ""}, std::make_shared<Pipe>());
  EXPECT_EQ(late.status().code(), absl::StatusCode::kUnavailable);
  hub_.Closed(client.id);
  EXPECT_EQ(rollout_.fleet.Connected(), 1u) << "it was sent away, not lost: the next process expects it back";
}

TEST_F(HubTest, ForgetsAClosedStream) {
  Publish(1, {Route("a", "1")});
  Client client = Connect("a");
  Answer(client);
  hub_.Closed(client.id);
  EXPECT_EQ(hub_.streams(), 0u);
  EXPECT_EQ(rollout_.fleet.Connected(), 0u);
  Publish(2, {Route("a", "2")});
  EXPECT_EQ(client.pipe->sent, 1);
  EXPECT_FALSE(hub_.OnRequest(client.id, DeltaDiscoveryRequest()).ok());
}

xds::v1::TicketKeys KeysSince(int64_t since) {
  xds::v1::TicketKeys keys;
  keys.set_sealing_since_unix_ms(since);
  return keys;
}

std::string SentAs(const xds::v1::TicketKeys& keys) { return "TicketKeys:ticket-keys=" + keys.SerializeAsString(); }

TEST_F(HubTest, SendsTicketKeysToWhoAskedWhateverElseIsOutstanding) {
  Publish(1, {Route("a", "1")});
  Client asks = Connect("asks"), silent = Connect("silent");
  AskForTicketKeys(asks);
  EXPECT_EQ(Last(asks), "Route:a=1 | Generation") << "there are none yet";
  hub_.PublishTicketKeys(KeysSince(1));
  EXPECT_EQ(Last(asks), SentAs(KeysSince(1)));
  EXPECT_EQ(Last(silent), "Route:a=1 | Generation");
  AskForTicketKeys(silent);
  EXPECT_EQ(Last(silent), SentAs(KeysSince(1)));
  hub_.PublishTicketKeys(KeysSince(2));
  EXPECT_EQ(Last(asks), SentAs(KeysSince(2)));
  EXPECT_EQ(asks.pipe->last, silent.pipe->last) << "the bytes are shared";
}

TEST_F(HubTest, TakesAnAnswerToTicketKeysForNoneToAGeneration) {
  Publish(1, {Route("a", "1")});
  Client client = Connect("a");
  std::shared_ptr<const Transaction> generation = client.pipe->last;
  AskForTicketKeys(client);
  hub_.PublishTicketKeys(KeysSince(1));
  Answer(client);
  Answer(client, /*ack=*/false);
  Publish(2, {Route("a", "2")});
  EXPECT_EQ(Last(client), SentAs(KeysSince(1))) << "generation 1 is still outstanding";
  EXPECT_FALSE(rollout_.fleet.IsRejected({1, 1}));
  client.pipe->last = generation;
  Answer(client);
  EXPECT_EQ(Last(client), "Route:a=2 | Generation");
}

TEST_F(HubTest, SendsAStreamAwayThatFellOutOfTheRing) {
  Publish(1, {Route("a", "1")});
  Client client = Connect("a");
  for (uint64_t number = 2; number <= GroupLog::kRingSize + 2; ++number) Publish(number, {Route("a", "2")});
  Answer(client);
  EXPECT_EQ(client.pipe->closed.code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace penstock::xds_server
