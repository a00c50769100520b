#include "dataplane/proxy/generation/generation.h"

#include <gtest/gtest.h>

namespace penstock::proxy {
namespace {

TEST(CurrentGeneration, KeepsAGenerationUntilItsLastRequestHasEnded) {
  Generation first, second;
  first.holders = second.holders = 1;
  CurrentGeneration current;
  EXPECT_FALSE(current.has_value());
  current.Swap(first);
  GenerationPin a = current.Pin();
  GenerationPin b = current.Pin();
  current.Swap(second);
  EXPECT_EQ(&*current, &second);
  EXPECT_EQ(&*a, &first);
  a = GenerationPin();
  EXPECT_EQ(first.holders, 1);
  b = GenerationPin();
  EXPECT_EQ(first.holders, 0);
  EXPECT_EQ(second.holders, 1);
}

TEST(CurrentGeneration, GivesUpItsGenerationWhenTheWorkerEnds) {
  Generation only;
  only.holders = 1;
  {
    CurrentGeneration current;
    current.Swap(only);
  }
  EXPECT_EQ(only.holders, 0);
}

struct Keeper final : GenerationKeeper {
  explicit Keeper(CurrentGeneration& current) : pin(current.Pin()) {}
  void OnSuperseded() override {
    ++told;
    pin = GenerationPin();
  }
  GenerationPin pin;
  int told = 0;
};

TEST(CurrentGeneration, TellsAKeeperOnceWhenItsGenerationIsNotTheCurrentOne) {
  Generation first, second, third;
  first.holders = second.holders = third.holders = 1;
  CurrentGeneration current;
  current.Swap(first);
  Keeper waits(current), late(current);
  current.Watch(waits, waits.pin);
  {
    Keeper brief(current);
    current.Watch(brief, brief.pin);
  }
  current.Swap(second);
  EXPECT_EQ(waits.told, 1);
  EXPECT_EQ(late.told, 0);
  EXPECT_EQ(first.holders, 1) << "one did not say that it can do without";
  current.Watch(late, late.pin);
  EXPECT_EQ(late.told, 1);
  EXPECT_EQ(first.holders, 0);
  current.Swap(third);
  EXPECT_EQ(waits.told, 1);
  EXPECT_EQ(second.holders, 0);
}

}  // namespace
}  // namespace penstock::proxy
