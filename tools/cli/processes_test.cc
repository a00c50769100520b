#include "tools/cli/processes.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>

namespace penstock::cli {
namespace {

Program Shell(std::string name, std::string script, std::string log = "/dev/null") {
  return {std::move(name), {"/bin/sh", "-c", std::move(script)}, std::move(log)};
}

TEST(Processes, TellsHowAChildDied) {
  Processes processes = *Processes::Create();
  ASSERT_TRUE(processes.Start(Shell("three", "exit 3")).ok());
  Processes::Event event = processes.Wait(absl::Seconds(30));
  ASSERT_EQ(event.kind, Processes::Event::kDeath);
  EXPECT_EQ(event.death.name, "three");
  EXPECT_EQ(event.death.exit, 3);
  EXPECT_EQ(event.death.how, "exit 3");
  EXPECT_FALSE(processes.any());
}

TEST(Processes, TellsWhichSignalKilledAChild) {
  Processes processes = *Processes::Create();
  pid_t pid = *processes.Start(Shell("sleeper", "sleep 60"));
  kill(pid, SIGKILL);
  Processes::Event event = processes.Wait(absl::Seconds(30));
  ASSERT_EQ(event.kind, Processes::Event::kDeath);
  EXPECT_EQ(event.death.exit, 128 + SIGKILL);
  EXPECT_EQ(event.death.how, "killed by signal 9 (Killed)");
}

TEST(Processes, ReadsAStopSignalInsteadOfDying) {
  Processes processes = *Processes::Create();
  kill(getpid(), SIGTERM);
  EXPECT_EQ(processes.Wait(absl::Seconds(30)).kind, Processes::Event::kStop);
}

TEST(Processes, StopsThoseNamedAndKillsTheDeafOnes) {
  std::string log = testing::TempDir() + "/deaf.log";
  std::filesystem::remove(log);
  Processes processes = *Processes::Create();
  ASSERT_TRUE(processes.Start(Shell("deaf", "trap '' TERM; echo ready; while :; do sleep 60; done", log)).ok());
  ASSERT_TRUE(processes.Start(Shell("other", "sleep 60")).ok());
  while (LastLines(log, 1).empty()) processes.Wait(absl::Milliseconds(5));
  processes.Stop({"deaf"}, absl::Milliseconds(50));
  EXPECT_FALSE(processes.Runs("deaf"));
  EXPECT_TRUE(processes.Runs("other"));
}

TEST(Processes, LeavesNothingBehind) {
  pid_t pid = 0;
  {
    Processes processes = *Processes::Create();
    pid = *processes.Start(Shell("left", "sleep 60"));
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(Processes, KeepsTheLastLinesOfALog) {
  std::string log = testing::TempDir() + "/lines.log";
  std::filesystem::remove(log);
  Processes processes = *Processes::Create();
  ASSERT_TRUE(
      processes.Start(Shell("talker", "for i in 1 2 3 4 5; do echo line $i; done; echo oops >&2; exit 1", log)).ok());
  processes.Wait(absl::Seconds(30));
  EXPECT_EQ(LastLines(log, 2), (std::vector<std::string>{"line 5", "oops"}));
}

TEST(Processes, SaysWhatCannotBeRun) {
  std::string log = testing::TempDir() + "/absent.log";
  std::filesystem::remove(log);
  Processes processes = *Processes::Create();
  ASSERT_TRUE(processes.Start({"absent", {"/no/such/program"}, log}).ok());
  EXPECT_EQ(processes.Wait(absl::Seconds(30)).death.exit, 127);
  EXPECT_EQ(LastLines(log, 1), (std::vector<std::string>{"cannot run /no/such/program: No such file or directory"}));
}

}  // namespace
}  // namespace penstock::cli
