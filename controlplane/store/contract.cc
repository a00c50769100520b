#include "controlplane/store/contract.h"

#include <string>
#include <vector>

namespace penstock::store {

GenerationRecord StoreContract::MustCommit(std::vector<ObjectWrite> writes, const std::string& request_id) {
  Transaction transaction;
  transaction.expected = store_->Newest().value().id;
  transaction.record.time = absl::FromUnixSeconds(1'700'000'000);
  transaction.record.author = "spiffe://penstock/operator/ada";
  transaction.record.request_id = request_id;
  transaction.record.objects_changed = static_cast<uint32_t>(writes.size());
  transaction.writes = std::move(writes);
  absl::StatusOr<GenerationRecord> record = store_->Commit(transaction);
  EXPECT_TRUE(record.ok()) << record.status();
  return record.value_or(GenerationRecord());
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreContract);

TEST_P(StoreContract, StartsWithNothing) {
  EXPECT_EQ(store_->Newest()->id, (GenerationId{0, 0}));
  EXPECT_TRUE(store_->Objects(0)->empty());
  EXPECT_TRUE(store_->History(10, std::nullopt)->empty());
  EXPECT_TRUE(store_->RolloutState()->empty());
}

TEST_P(StoreContract, NumbersGenerationsFromOneInEpochOne) {
  EXPECT_EQ(MustCommit({{Key("a"), "1"}}).id, (GenerationId{1, 1}));
  EXPECT_EQ(MustCommit({{Key("a"), "2"}}).id, (GenerationId{1, 2}));
  EXPECT_EQ(store_->Newest()->id, (GenerationId{1, 2}));
}

TEST_P(StoreContract, KeepsEveryFieldOfTheRecord) {
  Transaction transaction;
  transaction.record = {.id = {},
                        .time = absl::FromUnixMicros(1'700'000'000'123'456),
                        .author = "ada",
                        .message = "canary \"v2\" \xc3\xa9",
                        .request_id = "r-1",
                        .request_digest = 0xfedcba9876543210u,
                        .hash = 0x8000000000000001u,
                        .resources_changed = 3,
                        .bytes_per_replica = 912,
                        .objects_changed = 2,
                        .plan = std::string("\0plan\xff", 6),
                        .result = ""};
  transaction.writes = {{Key("a"), "1"}};
  ASSERT_TRUE(store_->Commit(transaction).ok());
  const GenerationRecord record = *store_->Generation(1);
  EXPECT_EQ(record.time, transaction.record.time);
  EXPECT_EQ(record.author, "ada");
  EXPECT_EQ(record.message, transaction.record.message);
  EXPECT_EQ(record.request_id, "r-1");
  EXPECT_EQ(record.request_digest, 0xfedcba9876543210u);
  EXPECT_EQ(record.hash, 0x8000000000000001u);
  EXPECT_EQ(record.resources_changed, 3u);
  EXPECT_EQ(record.bytes_per_replica, 912u);
  EXPECT_EQ(record.objects_changed, 2u);
  EXPECT_EQ(record.plan, transaction.record.plan);
}

TEST_P(StoreContract, ReadsTheObjectsOfAnyGeneration) {
  MustCommit({{Key("a"), "a1"}, {Key("b"), "b1"}});
  MustCommit({{Key("a"), "a2"}});
  MustCommit({{Key("b"), std::nullopt}, {Key("c"), std::string("\0c", 2)}});
  auto names = [&](uint64_t number) {
    std::string all;
    const std::vector<StoredObject> objects = *store_->Objects(number);
    for (const StoredObject& object : objects) all += object.key.name + "=" + object.bytes + ";";
    return all;
  };
  EXPECT_EQ(names(1), "a=a1;b=b1;");
  EXPECT_EQ(names(2), "a=a2;b=b1;");
  EXPECT_EQ(names(3), std::string("a=a2;c=\0c;", 10));
  EXPECT_EQ(names(0), names(3));
  EXPECT_EQ(store_->Objects(4).status().code(), absl::StatusCode::kNotFound);
}

TEST_P(StoreContract, KeepsWhereEachVersionOfAnObjectWasWritten) {
  MustCommit({{Key("a"), "1", "a.yaml\n3 spec"}, {Key("b"), "1"}});
  MustCommit({{Key("a"), "2", "other.yaml"}});
  MustCommit({{Key("a"), "3"}});
  EXPECT_EQ(store_->Objects(1)->at(0).origin, "a.yaml\n3 spec");
  EXPECT_EQ(store_->Objects(1)->at(1).origin, "");
  EXPECT_EQ(store_->Objects(2)->at(0).origin, "other.yaml");
  EXPECT_EQ(store_->Objects(0)->at(0).origin, "");
}

TEST_P(StoreContract, RemembersTheFirstGenerationOfEachLifeOfAnObject) {
  MustCommit({{Key("a"), "1"}});
  MustCommit({{Key("a"), "2"}});
  EXPECT_EQ(store_->Objects(0)->at(0).first_generation, 1u);
  EXPECT_EQ(store_->Objects(0)->at(0).last_generation, 2u);
  MustCommit({{Key("a"), std::nullopt}});
  MustCommit({{Key("a"), "3"}});
  EXPECT_EQ(store_->Objects(0)->at(0).first_generation, 4u);
  EXPECT_EQ(store_->Objects(2)->at(0).first_generation, 1u);
}

TEST_P(StoreContract, RefusesAWriterThatSawAnOlderState) {
  MustCommit({{Key("a"), "1"}});
  Transaction stale;
  stale.writes = {{Key("a"), "x"}};
  EXPECT_EQ(store_->Commit(stale).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(store_->Objects(0)->at(0).bytes, "1");
  EXPECT_EQ(store_->Newest()->id.number, 1u);
}

TEST_P(StoreContract, AnswersARepeatedRequestWithTheGenerationOfThen) {
  MustCommit({{Key("a"), "1"}}, "request-1");
  MustCommit({{Key("a"), "2"}}, "request-2");
  Transaction again;
  again.record.request_id = "request-1";
  again.writes = {{Key("a"), "1"}};
  EXPECT_EQ(store_->Commit(again)->id.number, 1u);
  EXPECT_EQ(store_->Objects(0)->at(0).bytes, "2");
  EXPECT_EQ((*store_->FindRequest("request-2"))->id.number, 2u);
  EXPECT_FALSE(store_->FindRequest("request-3")->has_value());
  EXPECT_FALSE(store_->FindRequest("")->has_value());
}

TEST_P(StoreContract, TellsTheHistoryNewestFirstAndOfOneObject) {
  MustCommit({{Key("a"), "1"}});
  MustCommit({{Key("b"), "1"}});
  MustCommit({{Key("a"), std::nullopt}});
  auto numbers = [&](size_t limit, const std::optional<ObjectKey>& key) {
    std::vector<uint64_t> all;
    const std::vector<GenerationRecord> history = *store_->History(limit, key);
    for (const GenerationRecord& record : history) all.push_back(record.id.number);
    return all;
  };
  EXPECT_EQ(numbers(10, std::nullopt), (std::vector<uint64_t>{3, 2, 1}));
  EXPECT_EQ(numbers(2, std::nullopt), (std::vector<uint64_t>{3, 2}));
  EXPECT_EQ(numbers(10, Key("a")), (std::vector<uint64_t>{3, 1}));
  EXPECT_EQ(numbers(10, Key("z")), (std::vector<uint64_t>{}));
}

TEST_P(StoreContract, NotesHowAGenerationEnded) {
  MustCommit({{Key("a"), "1"}});
  ASSERT_TRUE(store_->SetResult(1, "served 2/3").ok());
  ASSERT_TRUE(store_->SetResult(1, "served 3/3").ok());
  EXPECT_EQ(store_->Generation(1)->result, "served 3/3");
}

TEST_P(StoreContract, NotesHowTheGenerationBeforeEndedWithTheNextCommit) {
  MustCommit({{Key("a"), "1"}});
  Transaction next;
  next.expected = {1, 1};
  next.previous_result = "served 3/3";
  ASSERT_TRUE(store_->Commit(next).ok());
  EXPECT_EQ(store_->Generation(1)->result, "served 3/3");
  EXPECT_EQ(store_->Generation(2)->result, "");
}

TEST_P(StoreContract, KeepsRolloutStateByName) {
  const std::string name = GetParam().state;
  using State = std::vector<std::pair<std::string, std::string>>;
  ASSERT_TRUE(store_->PutRolloutState("another", "edge-a").ok());
  ASSERT_TRUE(store_->PutRolloutState(name, "edge-b").ok());
  ASSERT_TRUE(store_->PutRolloutState(name, std::string("\0\xff", 2)).ok());
  EXPECT_EQ(*store_->RolloutState(), (State{{"another", "edge-a"}, {name, std::string("\0\xff", 2)}}));
  ASSERT_TRUE(store_->PutRolloutState(name, "").ok());
  EXPECT_EQ(*store_->RolloutState(), (State{{"another", "edge-a"}}));
}

TEST_P(StoreContract, PutsRolloutStateWithACommitOrNotAtAll) {
  using State = std::vector<std::pair<std::string, std::string>>;
  ASSERT_TRUE(store_->PutRolloutState("conditions/a", "old").ok());
  ASSERT_TRUE(store_->PutRolloutState("conditions/b", "old").ok());
  Transaction change;
  change.rollout_state = {{"conditions/a", ""}, {"conditions/b", "new"}, {GetParam().state, "new"}};
  Transaction stale = change;
  stale.expected = {1, 7};
  EXPECT_FALSE(store_->Commit(stale).ok());
  EXPECT_EQ(*store_->RolloutState(), (State{{"conditions/a", "old"}, {"conditions/b", "old"}}));
  ASSERT_TRUE(store_->Commit(change).ok());
  EXPECT_EQ(*store_->RolloutState(), (State{{"conditions/b", "new"}, {GetParam().state, "new"}}));
}

TEST_P(StoreContract, StartsANewEpochAboveEveryOlderGeneration) {
  MustCommit({{Key("a"), "1"}});
  MustCommit({{Key("a"), "2"}});
  Transaction restored;
  restored.expected = {1, 2};
  restored.new_epoch = 2;
  EXPECT_EQ(store_->Commit(restored)->id, (GenerationId{2, 3}));
  EXPECT_GT((GenerationId{2, 3}), (GenerationId{1, 99}));
  EXPECT_EQ(MustCommit({{Key("a"), "3"}}).id, (GenerationId{2, 4}));
  EXPECT_EQ(store_->Objects(3)->at(0).bytes, "2");
}

TEST_P(StoreContract, KeepsAnObjectOfTheLargestSizeAndAnEmptyOne) {
  MustCommit({{Key("a"), std::string(Limits::kMaxObjectBytes, 'x')}, {Key("b"), ""}});
  EXPECT_EQ(store_->Objects(0)->at(0).bytes, std::string(Limits::kMaxObjectBytes, 'x'));
  EXPECT_EQ(store_->Objects(0)->at(1).bytes, "");
}

TEST_P(StoreContract, RefusesWhatExceedsTheLimits) {
  Transaction big;
  big.writes = {{Key("a"), std::string(Limits::kMaxObjectBytes + 1, 'x')}};
  EXPECT_EQ(store_->Commit(big).status().code(), absl::StatusCode::kInvalidArgument);
  Transaction long_id;
  long_id.record.request_id = std::string(Limits::kMaxRequestIdBytes + 1, 'x');
  EXPECT_EQ(store_->Commit(long_id).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->Newest()->id.number, 0u);
}

}  // namespace penstock::store
