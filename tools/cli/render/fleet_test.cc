#include "tools/cli/render/fleet.h"

#include <gtest/gtest.h>

namespace penstock::cli {
namespace {

namespace api = ::penstock::management::v1;

const absl::Time kNow = absl::FromUnixSeconds(1'000'000);

api::FleetStatus TwoReplicas() {
  api::FleetStatus fleet;
  fleet.set_generation(42);
  api::GroupStatus& group = *fleet.add_groups();
  group.set_group("edge");
  group.set_replicas(2);
  group.set_serving(1);
  group.set_generation(42);
  group.set_state("converging");
  group.set_nacks(1);
  for (int i : {1, 2}) {
    api::ReplicaStatus& replica = *fleet.add_replicas();
    replica.set_id("edge-" + std::to_string(i));
    replica.set_group("edge");
    replica.set_build("1.4.0");
    replica.set_connected(i == 1);
    replica.mutable_connected_since()->set_seconds(1'000'000 - 3600 * 5);
    replica.mutable_last_seen()->set_seconds(1'000'000 - 12);
    replica.set_served_generation(static_cast<uint64_t>(40 + 2 * (2 - i)));
    replica.set_state(i == 1 ? "serving" : "lost");
  }
  fleet.mutable_replicas(1)->mutable_disconnected_since()->set_seconds(1'000'000 - 11);
  api::LastNack& nack = *fleet.mutable_replicas(1)->mutable_last_nack();
  nack.set_generation(41);
  nack.mutable_time()->set_seconds(1'000'000 - 60);
  nack.add_problems("Route r: no such cluster");
  return fleet;
}

TEST(Fleet, NamesEachReplicaWhatItServesAndItsLastRefusal) {
  EXPECT_EQ(FleetText(TwoReplicas(), kNow),
            "GROUP  REPLICAS  GENERATION  STATE       LAG p99  NACKS  BUILD\n"
            "edge   1/2       42          converging  0 ms     1      1.4.0\n"
            "\n"
            "REPLICA  GROUP  SERVES  STATE    SEEN      CONNECTED\n"
            "edge-1   edge   42      serving  now       5 h ago\n"
            "edge-2   edge   40      lost     12 s ago  not since 11 s ago\n"
            "\n"
            "edge-2 refused generation 41 60 s ago:\n"
            "    Route r: no such cluster\n");
}

TEST(Fleet, SaysSoWhenNobodyIsConnected) {
  EXPECT_EQ(FleetText({}, kNow), "no replica is connected; nothing is applied yet\n");
}

TEST(Fleet, ExitsByTheWorstGroup) {
  api::FleetStatus fleet;
  EXPECT_EQ(ExitOf(fleet), Exit::kOk);
  fleet.add_groups()->set_state("converged");
  EXPECT_EQ(ExitOf(fleet), Exit::kOk);
  fleet.add_groups()->set_state("converging");
  EXPECT_EQ(ExitOf(fleet), Exit::kDiffers);
  fleet.add_groups()->set_state("rejected");
  EXPECT_EQ(ExitOf(fleet), Exit::kRejected);
}

TEST(Fleet, CountsWhoServesWhileItWaits) { EXPECT_EQ(WaitText(TwoReplicas(), 0), "generation 42 served by 1/2"); }

}  // namespace
}  // namespace penstock::cli
