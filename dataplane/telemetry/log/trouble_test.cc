#include "dataplane/telemetry/log/trouble.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock::telemetry {
namespace {

TEST(Trouble, IsToldOnceWhenItBeginsAndOnceWhenItIsOver) {
  std::vector<std::string> lines;
  Log log(
      LogLevel::kInfo, Log::Format::kText,
      [&lines](std::string_view line) { lines.emplace_back(line.substr(line.find(' ') + 1)); },
      [] { return int64_t{0}; });
  Trouble trouble(&log, "disk", "cannot write", "writes again");
  TimePoint now{std::chrono::hours(1)};
  trouble.Worked();
  for (int i = 0; i < 5; ++i) trouble.Failed(now + std::chrono::hours(i), {{"why", "full"}});
  trouble.Worked({{"lost", "7"}});
  trouble.Worked();
  EXPECT_EQ(lines,
            (std::vector<std::string>{"error disk: cannot write why=full\n", "info disk: writes again lost=7\n"}));
}

TEST(Trouble, ThatComesAndGoesBeginsThreeTimesAMinute) {
  int lines = 0;
  Log log(LogLevel::kInfo, Log::Format::kText, [&lines](std::string_view) { ++lines; }, [] { return int64_t{0}; });
  Trouble trouble(&log, "disk", "cannot write", "writes again");
  TimePoint now{std::chrono::hours(1)};
  for (int second = 0; second < 60; ++second) {
    trouble.Failed(now + std::chrono::seconds(second));
    trouble.Worked();
  }
  EXPECT_EQ(lines, 2 * 3);
  trouble.Failed(now + Trouble::kQuiet);
  EXPECT_TRUE(trouble.told());
  trouble.Worked();
  EXPECT_EQ(lines, 2 * 4);
}

}  // namespace
}  // namespace penstock::telemetry
