#include "controlplane/rollout/condition_times.h"

#include <gtest/gtest.h>

namespace penstock::rollout {
namespace {

using manifests::v1::ObjectStatus;
using translator::StatusChange;

const manifests::ObjectKey kRoute{"gateway.networking.k8s.io", "HTTPRoute", "default", "users"};
constexpr char kTen[] = "2023-11-14T22:13:20Z", kEleven[] = "2023-11-14T22:13:21Z";

absl::Time At(int second) { return absl::FromUnixSeconds(1'700'000'000 + second); }

// A route of one Gateway, accepted and, if so wished, with its backends found.
ObjectStatus Status(const std::string& gateway, bool resolved, uint64_t generation = 1) {
  ObjectStatus status;
  auto& parent = *status.mutable_route()->add_parents();
  parent.mutable_parent_ref()->set_name(gateway);
  for (bool accepted : {true, false}) {
    auto& condition = *parent.add_conditions();
    condition.set_type(accepted ? "Accepted" : "ResolvedRefs");
    condition.set_status(accepted || resolved ? "True" : "False");
    condition.set_observed_generation(generation);
  }
  return status;
}

std::vector<StatusChange> Now(const ObjectStatus& status) {
  return {{kRoute, std::make_shared<const ObjectStatus>(status)}};
}

// The times of Accepted and ResolvedRefs.
std::vector<std::string> Times(const ConditionTimes& times, ObjectStatus status) {
  times.Stamp(kRoute, At(99), status);
  std::vector<std::string> stamped;
  for (const auto& condition : status.route().parents(0).conditions()) {
    stamped.push_back(condition.last_transition_time());
  }
  return stamped;
}

using Expected = std::vector<std::string>;

TEST(ConditionTimes, AreThoseOfTheLastChangeOfTheStatus) {
  ConditionTimes times;
  times.Adopt(times.Changes(Now(Status("shop", true)), At(0)));
  EXPECT_EQ(Times(times, Status("shop", true)), (Expected{kTen, kTen}));
  times.Adopt(times.Changes(Now(Status("shop", false)), At(1)));
  EXPECT_EQ(Times(times, Status("shop", false)), (Expected{kTen, kEleven}));
}

TEST(ConditionTimes, WriteNothingWhenOnlyTheGenerationOrTheWordsDiffer) {
  ConditionTimes times;
  times.Adopt(times.Changes(Now(Status("shop", true)), At(0)));
  EXPECT_TRUE(times.Changes(Now(Status("shop", true, 7)), At(1)).empty());
  EXPECT_EQ(Times(times, Status("shop", true, 7)), (Expected{kTen, kTen}));
}

TEST(ConditionTimes, OfAnotherParentAreItsOwn) {
  ConditionTimes times;
  times.Adopt(times.Changes(Now(Status("shop", true)), At(0)));
  times.Adopt(times.Changes(Now(Status("other", true)), At(1)));
  EXPECT_EQ(Times(times, Status("other", true)), (Expected{kEleven, kEleven}));
}

TEST(ConditionTimes, EndWithTheObject) {
  ConditionTimes times;
  times.Adopt(times.Changes(Now(Status("shop", true)), At(0)));
  const ConditionTimes::Writes gone = times.Changes({{kRoute, nullptr}}, At(1));
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_EQ(gone[0].second, "");
  times.Adopt(gone);
  EXPECT_TRUE(times.Changes({{kRoute, nullptr}}, At(2)).empty());
}

TEST(ConditionTimes, AreRememberedFromTheStore) {
  ConditionTimes before, after;
  const ConditionTimes::Writes writes = before.Changes(Now(Status("shop", true)), At(0));
  for (const auto& [name, value] : writes) after.Remember(name, value);
  after.Remember("replicas", "of somebody else");
  EXPECT_EQ(Times(after, Status("shop", true)), (Expected{kTen, kTen}));
  EXPECT_TRUE(after.Changes(Now(Status("shop", true)), At(1)).empty());
}

}  // namespace
}  // namespace penstock::rollout
