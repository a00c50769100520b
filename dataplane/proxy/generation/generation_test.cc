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

}  // namespace
}  // namespace penstock::proxy
