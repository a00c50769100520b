#include "controlplane/rollout/rollout.h"

#include <gtest/gtest.h>

#include <map>

#include "controlplane/rollout/test_manifests.h"
#include "controlplane/store/memory/memory_store.h"
#include "dataplane/base/strings.h"

namespace penstock::rollout {
namespace {

using management::v1::Outcome;

// Remembers what was published, by group. Used from the apply thread; read after a call that ran behind it.
class FakePublisher final : public Publisher {
 public:
  void Publish(const Publication& publication) override { published[publication.key].push_back(publication); }
  void TargetsChanged() override { ++target_changes; }

  std::map<std::string, std::vector<Publication>> published;
  int target_changes = 0;
};

ApplyObjects Files(const std::string& yaml) {
  ApplyObjects wish;
  wish.objects = Objects(yaml);
  return wish;
}

DeleteObjects Deletion(std::vector<manifests::ObjectKey> keys, const std::string& selector) {
  return {.keys = std::move(keys), .label_selector = selector};
}

class RolloutTest : public testing::Test {
 protected:
  void SetUp() override { Restart(); }
  void TearDown() override { rollout_.reset(); }

  void Restart() {
    rollout_.reset();
    publisher_ = FakePublisher();
    auto rollout = Rollout::Start(store_.get(), &log_, [this] { return now_; });
    ASSERT_TRUE(rollout.ok()) << rollout.status();
    rollout_ = *std::move(rollout);
    rollout_->Serve(&publisher_);
  }

  ChangeResult Apply(const std::string& yaml, ChangeOptions options = {}) {
    auto result = rollout_->Change(std::move(options), Files(yaml));
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value_or(ChangeResult());
  }
  ChangeResult Do(Wish wish) { return rollout_->Change({}, std::move(wish)).value_or(ChangeResult()); }
  void Connect(SessionId session, const std::string& id) {
    Replica replica;
    replica.id = id;
    replica.group = "edge";
    rollout_->Connected(session, replica, {});
    Settle();
  }
  // Everything posted before has run.
  void Settle() {
    ASSERT_TRUE(rollout_->WithSnapshots([](const auto&) {}).ok());
  }

  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  telemetry::Log log_{telemetry::LogLevel::kError};
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore();
  FakePublisher publisher_;
  std::unique_ptr<Rollout> rollout_;
};

TEST_F(RolloutTest, StoresAChangeAndPublishesItToSubscribedGroups) {
  Connect(1, "edge-a");
  const ChangeResult result = Apply(ShopYaml());
  EXPECT_EQ(result.code, Outcome::OK);
  EXPECT_EQ(result.id, (GenerationId{1, 1}));
  EXPECT_EQ(result.stored.objects(), 3u);
  EXPECT_EQ(result.plan.changes_size(), 3);
  EXPECT_EQ(store_->Newest()->id, (GenerationId{1, 1}));
  const auto& published = publisher_.published["default"];
  ASSERT_EQ(published.size(), 2u) << "the empty state, then generation 1";
  EXPECT_EQ(published[1].id, (GenerationId{1, 1}));
  EXPECT_EQ(rollout_->Target(1), (GenerationId{1, 1}));
}

TEST_F(RolloutTest, ChangesNothingOnADryRunOrWithErrors) {
  ChangeOptions dry;
  dry.dry_run = true;
  EXPECT_EQ(Apply(ShopYaml(), dry).plan.changes_size(), 3);
  const ChangeResult broken = Apply(GatewayYaml("shop") + RouteYaml("users", "/users"));
  EXPECT_EQ(broken.code, Outcome::INVALID);
  EXPECT_FALSE(broken.findings.empty());
  EXPECT_EQ(store_->Newest()->id.number, 0u);
}

TEST_F(RolloutTest, MakesNoGenerationOfNothing) {
  Apply(ShopYaml());
  const ChangeResult same = Apply(ShopYaml());
  EXPECT_TRUE(same.stored.unchanged());
  EXPECT_EQ(same.id.number, 1u);
  EXPECT_EQ(store_->Newest()->id.number, 1u);
}

TEST_F(RolloutTest, OffersWhatWasRejectedAgainWhenItIsAppliedAgain) {
  Connect(1, "edge-a");
  Apply(ShopYaml());
  rollout_->Rejected(1, {1, 1}, {"Listener shop/http: port 80 is taken"});
  Settle();
  EXPECT_EQ(rollout_->Target(1), GenerationId());
  const ChangeResult again = Apply(ShopYaml());
  EXPECT_FALSE(again.stored.unchanged());
  EXPECT_EQ(again.id, (GenerationId{1, 2}));
  EXPECT_EQ(rollout_->Target(1), (GenerationId{1, 2}));
  EXPECT_EQ(publisher_.published["default"].back().id, (GenerationId{1, 2}));
  Restart();
  EXPECT_EQ(rollout_->Newest(), (GenerationId{1, 2}));
  EXPECT_TRUE(Apply(ShopYaml()).stored.unchanged()) << "it is rejected no more";
}

TEST_F(RolloutTest, PrunesAndDeletes) {
  Apply(ShopYaml() + RouteYaml("other", "/other") + BackendYaml("spare"));
  ApplyObjects prune = Files(BackendYaml("users"));
  prune.prune_selector = "set=shop";
  const ChangeResult pruned = Do(prune);
  ASSERT_EQ(pruned.plan.changes_size(), 1);
  EXPECT_EQ(pruned.plan.changes(0).object().name(), "spare");

  const manifests::ObjectKey other{"gateway.networking.k8s.io", "HTTPRoute", "default", "other"};
  EXPECT_EQ(Do(Deletion({other}, "")).code, Outcome::OK);
  EXPECT_EQ(Do(Deletion({other}, "")).code, Outcome::NOT_FOUND);
  EXPECT_EQ(Do(Deletion({}, "set=none")).code, Outcome::NOT_FOUND);

  ApplyObjects all = Files(GatewayYaml("shop"));
  all.prune_all = true;
  EXPECT_EQ(Do(all).code, Outcome::OK);
  EXPECT_EQ(translator::AllObjects(*rollout_->State(0)).size(), 1u);
}

TEST_F(RolloutTest, RollsBackAsANewGeneration) {
  Apply(ShopYaml());
  Apply(RouteYaml("users", "/u") + RouteYaml("more", "/more"));
  const ChangeResult back = Do(RollBack{.to = 0});
  EXPECT_EQ(back.code, Outcome::OK);
  EXPECT_EQ(back.id.number, 3u);
  EXPECT_EQ(store_->Objects(3)->size(), 3u);
  EXPECT_EQ(store_->Objects(3)->at(1).bytes, store_->Objects(1)->at(1).bytes);
  EXPECT_TRUE(Do(RollBack{.to = 1}).stored.unchanged());
  EXPECT_EQ(Do(RollBack{.to = 9}).code, Outcome::NOT_FOUND);
}

TEST_F(RolloutTest, AnswersConflictsAndRepeats) {
  ChangeOptions first;
  first.request_id = "r-1";
  first.request_digest = 7;
  EXPECT_EQ(Apply(ShopYaml(), first).id.number, 1u);
  Apply(RouteYaml("more", "/more"));
  const ChangeResult repeated = Apply(ShopYaml(), first);
  EXPECT_EQ(repeated.id.number, 1u);
  EXPECT_EQ(repeated.plan.changes_size(), 3);
  first.request_digest = 8;
  EXPECT_EQ(Apply(ShopYaml(), first).code, Outcome::CONFLICT);
  ChangeOptions stale;
  stale.if_generation = 1;
  EXPECT_EQ(Apply(RouteYaml("more", "/m"), stale).code, Outcome::CONFLICT);
}

TEST_F(RolloutTest, GoesOnAfterARestartWhereItWas) {
  Apply(ShopYaml());
  Restart();
  EXPECT_EQ(rollout_->Newest(), (GenerationId{1, 1}));
  Connect(1, "edge-a");
  ASSERT_EQ(publisher_.published["default"].size(), 1u);
  EXPECT_EQ(publisher_.published["default"][0].upserts.size(), 4u);
  EXPECT_TRUE(Apply(ShopYaml()).stored.unchanged());
  EXPECT_EQ(Apply(RouteYaml("users", "/u")).id.number, 2u);
}

TEST_F(RolloutTest, RemembersARejectionAcrossARestart) {
  Connect(1, "edge-a");
  Apply(ShopYaml());
  rollout_->Served(1, {1, 1});
  Apply(RouteYaml("users", "/u"));
  rollout_->Rejected(1, {1, 2}, {"Route default/users: no"});
  Settle();
  EXPECT_EQ(publisher_.target_changes, 1);
  EXPECT_EQ(store_->Generation(2)->result, "rejected by edge-a");
  Restart();
  Connect(1, "edge-b");
  EXPECT_EQ(rollout_->Target(1), (GenerationId{1, 1}));
  const auto& published = publisher_.published["default"];
  ASSERT_EQ(published.size(), 2u) << "the last good state, and the change to the rejected one";
  EXPECT_EQ(published[0].id, (GenerationId{1, 1}));
  EXPECT_EQ(published[0].upserts.size(), 4u);
  EXPECT_EQ(published[1].upserts.size(), 1u);
}

TEST_F(RolloutTest, ExpectsItsReplicasBackAfterARestart) {
  Connect(1, "edge-a");
  Connect(2, "edge-b");
  Connect(3, "edge-c");
  rollout_->Lost(3);
  Settle();
  now_ += absl::Minutes(1);
  Restart();
  Apply(ShopYaml());
  Connect(1, "edge-a");
  rollout_->Served(1, {1, 1});
  EXPECT_EQ(rollout_->ResultOf({1, 1}), "served 1/2");
  ASSERT_EQ(rollout_->Lagging({1, 1}, 10).size(), 1u);
  EXPECT_EQ(rollout_->Lagging({1, 1}, 10)[0].id(), "edge-b");
  Connect(2, "edge-b");
  rollout_->Served(2, {1, 1});
  EXPECT_EQ(rollout_->ResultOf({1, 1}), "served 2/2");
}

TEST_F(RolloutTest, NotesHowTheLastGenerationEnded) {
  Connect(1, "edge-a");
  Apply(ShopYaml());
  rollout_->Served(1, {1, 1});
  EXPECT_EQ(rollout_->History(1, std::nullopt)->at(0).result, "served 1/1");
  Apply(RouteYaml("users", "/u"));
  EXPECT_EQ(store_->Generation(1)->result, "served 1/1");
  EXPECT_EQ(rollout_->History(1, std::nullopt)->at(0).result, "served 0/1");
}

TEST_F(RolloutTest, NeverSaysOfASupersededGenerationThatNobodyServedIt) {
  Connect(1, "edge-a");
  Apply(ShopYaml());
  Apply(RouteYaml("users", "/u"));  // before anybody answered
  rollout_->Served(1, {1, 2});
  Restart();
  Restart();  // before edge-a came back
  EXPECT_EQ(rollout_->Record(0)->result, "served 0/1") << "of the newest that is the truth of now";
  Apply(RouteYaml("users", "/v"));
  EXPECT_EQ(rollout_->Record(1)->result, "superseded");
  EXPECT_EQ(rollout_->Record(2)->result, "served 1/1");
}

TEST_F(RolloutTest, WakesWhoWaitsForNews) {
  Connect(1, "edge-a");
  const uint64_t seen = rollout_->Version();
  EXPECT_EQ(rollout_->AwaitNews(seen, absl::Now()), seen);
  rollout_->Lost(1);
  EXPECT_NE(rollout_->AwaitNews(seen, absl::InfiniteFuture()), seen);
}

TEST_F(RolloutTest, KeepsSinceWhenAConditionHoldsAcrossChangesAndRestarts) {
  const manifests::ObjectKey route{"gateway.networking.k8s.io", "HTTPRoute", "default", "users"};
  // Of ResolvedRefs of the route.
  auto since = [&] {
    manifests::v1::ObjectStatus status = *translator::StatusOf(*rollout_->State(0), route);
    rollout_->StampConditions(route, absl::UnixEpoch(), status);
    const auto& condition = status.route().parents(0).conditions(1);
    EXPECT_EQ(condition.type(), "ResolvedRefs");
    return condition.status() + " " + condition.last_transition_time();
  };
  Apply(ShopYaml());
  now_ += absl::Seconds(1);
  Apply(RouteYaml("users", "/u"));
  EXPECT_EQ(since(), "True 2023-11-14T22:13:20Z") << "changed, but still resolved";
  now_ += absl::Seconds(1);
  ChangeOptions unresolved;
  unresolved.allow_unresolved = true;
  Apply(RouteYaml("users", "/u", "shop", "nobody"), unresolved);
  EXPECT_EQ(since(), "False 2023-11-14T22:13:22Z");
  now_ += absl::Seconds(60);
  Restart();
  EXPECT_EQ(since(), "False 2023-11-14T22:13:22Z");
  Do(RollBack{.to = 2});
  EXPECT_EQ(since(), "True 2023-11-14T22:14:22Z");
}

TEST_F(RolloutTest, KnowsTheTimesOfAStoreThatHoldsNone) {
  Apply(ShopYaml());
  const auto kept = *store_->RolloutState();
  for (const auto& [name, value] : kept) ASSERT_TRUE(store_->PutRolloutState(name, "").ok());
  now_ += absl::Seconds(60);
  Restart();
  const manifests::ObjectKey gateway{"gateway.networking.k8s.io", "Gateway", "default", "shop"};
  auto status = *translator::StatusOf(*rollout_->State(0), gateway);
  rollout_->StampConditions(gateway, absl::UnixEpoch(), status);
  EXPECT_EQ(status.gateway().conditions(0).last_transition_time(), "2023-11-14T22:13:20Z");
  Apply(BackendYaml("spare"));
  EXPECT_GE(store_->RolloutState()->size(), 2u) << "stored with the next change";
}

TEST_F(RolloutTest, TellsInTheStatusWhyAGroupGetsNothing) {
  for (SessionId session = 1; session <= Pipeline::kMaxGroups + 1; ++session) {
    Replica replica;
    replica.id = StrCat("edge-", session);
    rollout_->Connected(session, replica, {.labels = {{"replica", replica.id}}});
    Settle();
  }
  EXPECT_EQ(rollout_->Status("edge-1").replicas(0).problem(), "");
  const std::string problem = rollout_->Status(StrCat("edge-", Pipeline::kMaxGroups + 1)).replicas(0).problem();
  EXPECT_NE(problem.find("use labels that replicas share"), std::string::npos) << problem;
}

}  // namespace
}  // namespace penstock::rollout
