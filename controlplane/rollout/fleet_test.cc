#include "controlplane/rollout/fleet.h"

#include <gtest/gtest.h>

namespace penstock::rollout {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
constexpr GenerationId kG1{1, 1}, kG2{1, 2}, kG3{1, 3};

Replica Named(const std::string& id, GenerationId held = {}) {
  return {.id = id, .group = "edge", .zone = "", .build = "1", .held = held, .weakened = {}};
}

// Three replicas, a, b and c in sessions 1, 2 and 3, that serve generation 1.
Fleet ThreeServingOne() {
  Fleet fleet;
  fleet.Stored(kG1, kStart);
  const char* ids[] = {"a", "b", "c"};
  for (SessionId session = 1; session <= 3; ++session) {
    fleet.Connected(session, Named(ids[session - 1]), kStart);
    fleet.Sent(session, kG1, kStart);
    fleet.Served(session, kG1, kStart + absl::Milliseconds(5 * session));
  }
  return fleet;
}

TEST(Fleet, SendsNothingWhileNothingIsStored) {
  Fleet fleet;
  fleet.Connected(1, Named("a"), kStart);
  EXPECT_EQ(fleet.Target(1), GenerationId());
  EXPECT_EQ(fleet.ResultOf(kG1, kStart), "served 0/1");
}

TEST(Fleet, CountsWhoServesAGeneration) {
  Fleet fleet = ThreeServingOne();
  fleet.Stored(kG2, kStart + absl::Seconds(1));
  EXPECT_EQ(fleet.Target(1), kG2);
  fleet.Acked(1, kG2, kStart + absl::Seconds(1));
  fleet.Served(2, kG2, kStart + absl::Seconds(1));
  const Spread spread = fleet.SpreadOf(kG2, kStart + absl::Seconds(1));
  EXPECT_EQ(spread.total, 3u);
  EXPECT_EQ(spread.served, 1u);
  EXPECT_EQ(spread.acked, 2u);
  EXPECT_EQ(fleet.ResultOf(kG2, kStart + absl::Seconds(1)), "served 1/3");
  EXPECT_EQ(fleet.Lagging(kG2, 10, kStart).size(), 2u);
  EXPECT_EQ(fleet.Lagging(kG2, 1, kStart).size(), 1u);
}

TEST(Fleet, HaltsAGenerationAtItsFirstRejection) {
  Fleet fleet = ThreeServingOne();
  fleet.Stored(kG2, kStart);
  fleet.Served(1, kG2, kStart);
  EXPECT_TRUE(fleet.Rejected(2, kG2, {"Route a: bad"}, kStart));
  EXPECT_FALSE(fleet.Rejected(3, kG2, {"Route a: bad"}, kStart));
  EXPECT_EQ(fleet.Target(1), kG2) << "who serves it already keeps it";
  EXPECT_EQ(fleet.Target(3), kG1);
  EXPECT_EQ(fleet.ResultOf(kG2, kStart), "rejected by b");
  EXPECT_EQ(fleet.SpreadOf(kG2, kStart).rejected, 2u);

  fleet.Stored(kG3, kStart);
  EXPECT_EQ(fleet.Target(2), kG3) << "a newer generation is a new try";
  EXPECT_EQ(fleet.NewestGood(), kG3);
}

TEST(Fleet, CountsALostReplicaForAWhile) {
  Fleet fleet = ThreeServingOne();
  fleet.Lost(3, kStart);
  EXPECT_EQ(fleet.SpreadOf(kG1, kStart + absl::Seconds(29)).total, 3u);
  EXPECT_EQ(fleet.SpreadOf(kG1, kStart + absl::Seconds(31)).total, 2u);
  const auto status = fleet.Status("c", kStart + absl::Seconds(31));
  ASSERT_EQ(status.replicas_size(), 1);
  EXPECT_EQ(status.replicas(0).state(), "lost");
  EXPECT_EQ(fleet.Status("c", kStart + absl::Minutes(11)).replicas_size(), 0);
}

TEST(Fleet, ExpectsBackWhoWasConnectedBeforeARestart) {
  Fleet before = ThreeServingOne();
  before.Lost(3, kStart);
  const absl::Time restart = kStart + absl::Hours(3);
  Fleet fleet;
  fleet.Stored(kG1, kStart);
  fleet.Remember(before.Remembered(kStart), restart);
  EXPECT_EQ(fleet.SpreadOf(kG2, restart).total, 2u) << "c was lost long ago";
  fleet.Stored(kG2, restart);
  fleet.Connected(1, Named("a"), restart);
  fleet.Served(1, kG2, restart);
  EXPECT_EQ(fleet.ResultOf(kG2, restart), "served 1/2");
  const auto lagging = fleet.Lagging(kG2, 10, restart);
  ASSERT_EQ(lagging.size(), 1u);
  EXPECT_EQ(lagging[0].id(), "b");
  EXPECT_EQ(lagging[0].state(), "expected");
  EXPECT_EQ(lagging[0].disconnected_since().seconds(), absl::ToUnixSeconds(restart));
  EXPECT_EQ(fleet.Status("", restart).groups(0).state(), "converging");

  EXPECT_EQ(fleet.ResultOf(kG2, restart + Fleet::kExpectedGrace), "served 1/1");
  EXPECT_EQ(fleet.Status("b", restart + Fleet::kLostShown).replicas_size(), 1) << "not counted, but shown";
  EXPECT_EQ(fleet.Remembered(restart + absl::Minutes(11)).replicas_size(), 1) << "b is forgotten, a is not";
}

TEST(Fleet, ExpectsBackWhoWasExpectedAlreadyWhenTwoRestartsFollowEachOther) {
  Fleet first, second;
  first.Remember(ThreeServingOne().Remembered(kStart), kStart + absl::Minutes(1));
  second.Remember(first.Remembered(kStart + absl::Minutes(1)), kStart + absl::Minutes(2));
  EXPECT_EQ(second.SpreadOf(kG1, kStart + absl::Minutes(3)).total, 3u);
}

TEST(Fleet, ExpectsBackWhoWasLostJustBeforeTheControlPlaneEnded) {
  Fleet before = ThreeServingOne();
  before.Lost(3, kStart);
  Fleet soon, late;
  soon.Remember(before.Remembered(kStart + absl::Seconds(1)), kStart + absl::Seconds(40));
  EXPECT_EQ(soon.SpreadOf(kG1, kStart + absl::Seconds(40)).total, 3u) << "it had 29 seconds left to come back";
  late.Remember(before.Remembered(kStart + absl::Seconds(31)), kStart + absl::Seconds(40));
  EXPECT_EQ(late.SpreadOf(kG1, kStart + absl::Seconds(40)).total, 2u);
}

TEST(Fleet, CountsNobodyAsServingAfterARestartUntilItHasSaidSoAgain) {
  Fleet fleet;
  fleet.Stored(kG1, kStart);
  fleet.Remember(ThreeServingOne().Remembered(kStart), kStart);
  EXPECT_EQ(fleet.ResultOf(kG1, kStart), "served 0/3");
  EXPECT_EQ(fleet.Lagging(kG1, 10, kStart).size(), 3u);
  EXPECT_EQ(fleet.Status("", kStart).groups(0).state(), "converging");
  fleet.Connected(1, Named("a", kG1), kStart);
  fleet.Served(1, kG1, kStart);
  EXPECT_EQ(fleet.ResultOf(kG1, kStart), "served 1/3");
}

TEST(Fleet, BelievesTheNewestSessionOfAReplica) {
  Fleet fleet = ThreeServingOne();
  fleet.Connected(9, Named("a", kG1), kStart);
  fleet.Lost(1, kStart);
  EXPECT_EQ(fleet.SpreadOf(kG1, kStart).total, 3u);
  EXPECT_EQ(fleet.SpreadOf(kG1, kStart).served, 2u) << "what it holds has to be confirmed on the new stream";
  fleet.Served(9, kG1, kStart);
  EXPECT_EQ(fleet.SpreadOf(kG1, kStart).served, 3u);
}

TEST(Fleet, NamesTwoDataPlanesThatShareAnIdAndNotOneThatReconnects) {
  Fleet fleet;
  Replica here = Named("a"), there = Named("a");
  here.peer = "127.0.0.1:1";
  there.peer = "127.0.0.2:2";
  EXPECT_EQ(fleet.Connected(1, here, kStart), "");
  EXPECT_EQ(fleet.Connected(2, there, kStart), "127.0.0.1:1");
  EXPECT_EQ(fleet.Status("a", kStart).replicas(0).problem(), "") << "its old connection may have been dead";
  const absl::Time later = kStart + absl::Seconds(30);
  EXPECT_EQ(fleet.Connected(3, here, later), "127.0.0.2:2");
  EXPECT_EQ(fleet.Status("a", later).replicas(0).problem(),
            "two data planes use this id, from 127.0.0.2:2 and 127.0.0.1:1: give each its own --id");
  EXPECT_EQ(fleet.Status("a", later + Fleet::kContestedFor).replicas(0).problem(), "");
}

TEST(Fleet, SendsNothingToAReplicaThatIsAheadOfARestoredStore) {
  Fleet fleet;
  fleet.Stored(kG1, kStart);
  fleet.Connected(1, Named("a", kG3), kStart);
  EXPECT_TRUE(fleet.IsAhead(1));
  EXPECT_EQ(fleet.Target(1), GenerationId());
  EXPECT_EQ(fleet.Status("", kStart).replicas(0).state(), "ahead");
  fleet.Stored({2, 2}, kStart);  // the operator confirmed the new epoch
  EXPECT_EQ(fleet.Target(1), (GenerationId{2, 2}));
}

TEST(Fleet, RemembersRejectionsFromBeforeARestart) {
  Fleet fleet;
  fleet.Stored(kG1, kStart);
  fleet.Stored(kG2, kStart);
  fleet.RememberRejected(kG2, "edge-a");
  fleet.Connected(1, Named("b", kG1), kStart);
  EXPECT_EQ(fleet.Target(1), kG1);
  EXPECT_EQ(fleet.ResultOf(kG2, kStart), "rejected by edge-a");
}

TEST(Fleet, DescribesGroupsWithTheirLag) {
  Fleet fleet = ThreeServingOne();
  auto group = fleet.Status("", kStart).groups(0);
  EXPECT_EQ(group.state(), "converged");
  EXPECT_EQ(group.serving(), 3u);
  EXPECT_EQ(group.lag_p99().nanos(), 15'000'000);
  fleet.Stored(kG2, kStart);
  EXPECT_EQ(fleet.Status("", kStart).groups(0).state(), "converging");
  fleet.Rejected(1, kG2, {"Route a: bad"}, kStart);
  const auto status = fleet.Status("", kStart);
  EXPECT_EQ(status.groups(0).state(), "rejected");
  EXPECT_EQ(status.groups(0).nacks(), 1u);
  EXPECT_EQ(status.replicas(0).last_nack().problems(0), "Route a: bad");
  EXPECT_EQ(status.replicas(0).state(), "rejected");
}

TEST(Fleet, CountsTheLagOfAReplicaThatJoinedLaterFromThen) {
  Fleet fleet;
  fleet.Stored(kG1, kStart);
  const absl::Time joined = kStart + absl::Seconds(12);
  fleet.Connected(1, Named("a"), joined);
  EXPECT_EQ(fleet.Status("", joined).groups(0).lag_p99().seconds(), 0);
  fleet.Served(1, kG1, joined + absl::Milliseconds(5));
  EXPECT_EQ(fleet.Status("", joined + absl::Seconds(9)).groups(0).lag_p99().nanos(), 5'000'000);
}

TEST(Fleet, KnowsSinceWhenAllServeAGeneration) {
  Fleet fleet = ThreeServingOne();
  const absl::Time all = kStart + absl::Milliseconds(15), later = kStart + absl::Seconds(9);
  EXPECT_EQ(fleet.SpreadSince(kG1, later), all);
  fleet.Stored(kG2, kStart + absl::Seconds(1));
  EXPECT_EQ(fleet.SpreadSince(kG2, later), kStart + absl::Seconds(1)) << "not served since it was stored";
  for (SessionId session = 1; session <= 3; ++session) fleet.Served(session, kG2, kStart + absl::Seconds(1 + session));
  EXPECT_EQ(fleet.SpreadSince(kG2, later), kStart + absl::Seconds(4));
  EXPECT_EQ(fleet.SpreadSince(kG1, later), all) << "what was served then is served still";
}

TEST(Fleet, ANewReplicaServesNothingUntilItSaysSo) {
  Fleet fleet = ThreeServingOne();
  fleet.Connected(4, Named("d"), kStart + absl::Seconds(1));
  EXPECT_EQ(fleet.SpreadSince(kG1, kStart + absl::Seconds(9)), kStart + absl::Seconds(1));
  fleet.Served(4, kG1, kStart + absl::Seconds(2));
  EXPECT_EQ(fleet.SpreadSince(kG1, kStart + absl::Seconds(9)), kStart + absl::Seconds(2));
}

TEST(Fleet, TellsHowASupersededGenerationEndedAndNothingThatItDoesNotKnow) {
  Fleet fleet = ThreeServingOne();
  EXPECT_EQ(fleet.EndOf(kG1, kStart), "served 3/3");
  fleet.Stored(kG2, kStart);
  EXPECT_EQ(fleet.EndOf(kG2, kStart), "") << "nobody has served it yet, which may change at any moment";
  fleet.Served(1, kG2, kStart);
  EXPECT_EQ(fleet.EndOf(kG2, kStart), "superseded; served 1/3");
  fleet.Rejected(2, kG2, {"Route a: bad"}, kStart);
  EXPECT_EQ(fleet.EndOf(kG2, kStart), "rejected by b");
}

TEST(Fleet, DoesNotForgetWhoServedAGenerationWhenAllReconnectBeforeTheNext) {
  Fleet fleet = ThreeServingOne();
  const char* ids[] = {"a", "b", "c"};
  for (SessionId session = 4; session <= 6; ++session) {
    fleet.Lost(session - 3, kStart);
    fleet.Connected(session, Named(ids[session - 4], kG1), kStart);
  }
  EXPECT_EQ(fleet.ResultOf(kG1, kStart), "served 0/3");
  EXPECT_EQ(fleet.EndOf(kG1, kStart), "served 3/3");

  Fleet restarted;
  restarted.Stored(kG1, kStart);
  restarted.Remember(fleet.Remembered(kStart), kStart);
  restarted.Connected(1, Named("a", kG1), kStart);
  EXPECT_EQ(restarted.EndOf(kG1, kStart), "") << "b and c may serve it, and have not come back";
}

TEST(Fleet, TellsWhyAReplicaGetsNoConfiguration) {
  Fleet fleet = ThreeServingOne();
  Replica d = Named("d");
  d.selector = "default;site=a";
  fleet.Connected(4, d, kStart);
  fleet.SetProblem("default;site=a", "cannot be served");
  EXPECT_EQ(fleet.Status("d", kStart).replicas(0).problem(), "gets no configuration: cannot be served");
  EXPECT_EQ(fleet.Status("a", kStart).replicas(0).problem(), "");
  fleet.SetProblem("default;site=a", "");
  EXPECT_EQ(fleet.Status("d", kStart).replicas(0).problem(), "");
}

}  // namespace
}  // namespace penstock::rollout
