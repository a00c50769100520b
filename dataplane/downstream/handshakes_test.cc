#include "dataplane/downstream/handshakes.h"

#include <gtest/gtest.h>

#include <memory>

namespace penstock::downstream {
namespace {

using Turn = Handshakes::Turn;

TEST(Handshakes, GiveUpTheOldestForOneThatIsTooMany) {
  Handshakes handshakes(2);
  Turn first(handshakes, nullptr), second(handshakes, nullptr);
  EXPECT_FALSE(first.displaced());
  Turn third(handshakes, nullptr);
  EXPECT_TRUE(first.displaced());
  EXPECT_TRUE(first.cancellation().cancelled());
  EXPECT_FALSE(second.displaced());
  EXPECT_FALSE(third.displaced());
  EXPECT_EQ(handshakes.under_way(), 2u);
}

TEST(Handshakes, GiveUpNobodyForThoseThatHaveEnded) {
  Handshakes handshakes(2);
  Turn first(handshakes, nullptr);
  for (int i = 0; i < 10; ++i) Turn passing(handshakes, nullptr);
  EXPECT_FALSE(first.displaced());
  EXPECT_EQ(handshakes.under_way(), 1u);
}

TEST(Handshakes, EndWithTheWorkersLifeToo) {
  Handshakes handshakes;
  Cancellation life;
  Turn turn(handshakes, &life);
  life.Cancel();
  EXPECT_TRUE(turn.cancellation().cancelled());
  EXPECT_FALSE(turn.displaced());
}

TEST(Handshakes, ThatWereGivenUpLeaveNothingBehind) {
  Handshakes handshakes(1);
  auto first = std::make_unique<Turn>(handshakes, nullptr);
  auto second = std::make_unique<Turn>(handshakes, nullptr);
  first.reset();
  EXPECT_EQ(handshakes.under_way(), 1u);
  second.reset();
  EXPECT_EQ(handshakes.under_way(), 0u);
}

}  // namespace
}  // namespace penstock::downstream
