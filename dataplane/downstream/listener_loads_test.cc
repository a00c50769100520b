#include "dataplane/downstream/listener_loads.h"

#include <gtest/gtest.h>

#include <optional>

namespace penstock::downstream {
namespace {

TEST(ListenerLoads, GiveEachListenerItsOwnLimit) {
  ListenerLoads loads;
  ListenerLoads::Seat one = loads.Enter("a", 2), two = loads.Enter("a", 2);
  EXPECT_TRUE(one && two);
  EXPECT_FALSE(loads.Enter("a", 2));
  EXPECT_TRUE(loads.Enter("b", 1)) << "another one's connections do not count";
}

TEST(ListenerLoads, HaveRoomAgainWhenAConnectionHasGone) {
  ListenerLoads loads;
  std::optional<ListenerLoads::Seat> seat = loads.Enter("a", 1);
  ListenerLoads::Seat moved = *std::move(seat);
  seat.reset();
  EXPECT_FALSE(loads.Enter("a", 1)) << "it only moved";
  moved = ListenerLoads::Seat();
  EXPECT_TRUE(loads.Enter("a", 1));
  EXPECT_TRUE(loads.Enter("a", 1)) << "the one before has gone by itself";
}

TEST(ListenerLoads, LetNobodyInWhereNobodyMayBe) {
  ListenerLoads loads;
  EXPECT_FALSE(loads.Enter("a", 0));
  EXPECT_TRUE(loads.Enter("a", 1));
}

}  // namespace
}  // namespace penstock::downstream
