#include "tools/cli/interrupt.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace penstock::cli {
namespace {

// In a process of its own.
[[noreturn]] void InterruptAt(ChangeState state) {
  dup2(STDERR_FILENO, STDOUT_FILENO);  // which is what is looked at
  Interrupt interrupt("the key\n");
  interrupt.Set(state);
  kill(getpid(), SIGINT);
  for (;;) pause();
}

TEST(Interrupt, SaysWhatBecameOfTheChangeAndExitsWith130) {
  EXPECT_EXIT(InterruptAt({}), testing::ExitedWithCode(130), "nothing was sent, so nothing was stored");
  EXPECT_EXIT(InterruptAt({.phase = ChangeState::kSent}), testing::ExitedWithCode(130), "unknown whether");
  EXPECT_EXIT(InterruptAt({.phase = ChangeState::kStored, .generation = 7}), testing::ExitedWithCode(130),
              "stored as generation 7, .*penstock status");
  EXPECT_EXIT(InterruptAt({.phase = ChangeState::kUnchanged, .generation = 7}), testing::ExitedWithCode(130),
              "nothing was changed; the newest generation stays 7");
}

TEST(Interrupt, TellsWhatNobodyCanAskForAgainUnlessNothingWasStored) {
  EXPECT_EXIT(InterruptAt({.phase = ChangeState::kSent}), testing::ExitedWithCode(130),
              "^the key\ninterrupted: unknown");
  EXPECT_EXIT(InterruptAt({.phase = ChangeState::kStored}), testing::ExitedWithCode(130),
              "^the key\ninterrupted: stored");
  for (auto phase : {ChangeState::kNotSent, ChangeState::kUnchanged, ChangeState::kDryRun})
    EXPECT_EXIT(InterruptAt({.phase = phase}), testing::ExitedWithCode(130), "^interrupted: ");
}

TEST(Interrupt, LeavesTheSignalAsItWas) {
  {
    Interrupt interrupt;
  }
  sigset_t blocked;
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, nullptr, &blocked), 0);
  EXPECT_EQ(sigismember(&blocked, SIGINT), 0);
}

}  // namespace
}  // namespace penstock::cli
