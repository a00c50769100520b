#include "dataplane/telemetry/log/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "dataplane/base/status.h"

namespace penstock::telemetry {
namespace {

class LogTest : public testing::Test {
 protected:
  Log Make(LogLevel level, Log::Format format) {
    return Log(level, format, [this](std::string_view line) { lines_.emplace_back(line); }, [this] { return now_; });
  }

  int64_t now_ = 1'767'225'601'123'000'000;
  std::vector<std::string> lines_;
};

TEST_F(LogTest, WritesTextForPeople) {
  Log log = Make(LogLevel::kInfo, Log::Format::kText);
  log.Warn("xds", "control plane lost", {{"address", "127.0.0.1:18000"}, {"error", "connection \"reset\"\nby peer"}});
  EXPECT_EQ(lines_.at(0),
            "2026-01-01T00:00:01.123Z warn xds: control plane lost address=127.0.0.1:18000 "
            "error=\"connection \\\"reset\\\"\\u000aby peer\"\n");
}

TEST_F(LogTest, WritesJsonForMachines) {
  Log log = Make(LogLevel::kInfo, Log::Format::kJson);
  log.Error("server", "port taken", {{"port", "80"}});
  EXPECT_EQ(
      lines_.at(0),
      R"({"time":"2026-01-01T00:00:01.123Z","level":"error","component":"server","message":"port taken","port":"80"})"
      "\n");
}

TEST_F(LogTest, LeavesOutWhatIsBelowItsLevelUntilTheLevelChanges) {
  Log log = Make(LogLevel::kWarn, Log::Format::kText);
  log.Info("a", "b");
  EXPECT_TRUE(lines_.empty());
  log.SetLevel(LogLevel::kDebug);
  log.Debug("a", "b");
  EXPECT_EQ(lines_.size(), 1u);
}

TEST_F(LogTest, SuppressesAndCountsRepeats) {
  Log log = Make(LogLevel::kInfo, Log::Format::kText);
  for (int i = 0; i < 100; ++i) log.Info("xds", "again");
  EXPECT_EQ(lines_.size(), static_cast<size_t>(Log::kBurst));
  log.Info("xds", "something else");
  EXPECT_EQ(lines_.size(), static_cast<size_t>(Log::kBurst) + 1);
  now_ += Log::kWindowNs;
  log.Info("xds", "again");
  EXPECT_EQ(lines_.back(), "2026-01-01T00:01:01.123Z info xds: again suppressed=90\n");
}

TEST(Log, LosesLinesRatherThanWaitingForAReaderOfStandardErrorThatStalls) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  int before = dup(STDERR_FILENO);
  ASSERT_EQ(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
  Log log;
  std::string much(2000, 'x');
  for (int i = 0; i < 100; ++i) log.Info("test", StrCat("line ", i), {{"much", much}});
  dup2(before, STDERR_FILENO);
  EXPECT_EQ(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0) << "others share it";
  close(before);
  close(ends[1]);
  std::string text(1 << 20, ' ');
  ssize_t n = read(ends[0], text.data(), text.size());
  ASSERT_GT(n, 0);
  text.resize(static_cast<size_t>(n));
  EXPECT_NE(text.find("line 0 "), std::string::npos);
  EXPECT_EQ(text.find("line 99 "), std::string::npos);
  close(ends[0]);
}

TEST(LogLevel, NamesTheFourWhenItDoesNotKnowOne) {
  EXPECT_EQ(*ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("loud").status().message(), "\"loud\" is not a log level; use debug, info, warn or error");
}

}  // namespace
}  // namespace penstock::telemetry
