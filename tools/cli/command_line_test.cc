#include "tools/cli/command_line.h"

#include <gtest/gtest.h>

#include <set>

namespace penstock::cli {
namespace {

absl::StatusOr<CommandLine> Parse(std::string_view verb, std::vector<std::string> arguments) {
  return CommandLine::Parse(*FindVerb(verb), arguments);
}

TEST(CommandLine, TakesValuesInEveryUsualSpelling) {
  for (std::vector<std::string> spelling :
       {std::vector<std::string>{"--file", "shop"}, {"--file=shop"}, {"-f", "shop"}, {"-fshop"}, {"-f=shop"}}) {
    absl::StatusOr<CommandLine> line = Parse("apply", spelling);
    ASSERT_TRUE(line.ok()) << line.status();
    EXPECT_EQ(line->Get("file"), "shop");
  }
}

TEST(CommandLine, KeepsRepeatedFlagsInOrder) {
  absl::StatusOr<CommandLine> line = Parse("apply", {"-f", "a.yaml", "--dry-run", "-f", "b.yaml"});
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->All("file"), (std::vector<std::string>{"a.yaml", "b.yaml"}));
  EXPECT_TRUE(line->Has("dry-run"));
}

TEST(CommandLine, MixesFlagsAndPositionalsAndEndsFlagsAtTwoDashes) {
  absl::StatusOr<CommandLine> line = Parse("get", {"httproute", "-n", "team-a", "--", "--odd-name"});
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->Positionals(), (std::vector<std::string>{"httproute", "--odd-name"}));
}

TEST(CommandLine, TakesANegativeNumberAsAPositional) {
  absl::StatusOr<CommandLine> line = Parse("rollback", {"-1"});
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->Positional(0), "-1");
}

TEST(CommandLine, SuggestsTheNearestFlag) {
  EXPECT_EQ(Parse("apply", {"--prune-al"}).status().message(),
            "unknown flag --prune-al; did you mean \"--prune-all\"?");
  EXPECT_EQ(Parse("apply", {"--xyzzyxyzzy"}).status().message(),
            "unknown flag --xyzzyxyzzy; `penstock help apply` lists the flags");
}

TEST(CommandLine, RefusesMissingAndSuperfluousValues) {
  EXPECT_EQ(Parse("apply", {"-f"}).status().message(), "--file needs a value: --file FILE|DIR|-");
  EXPECT_EQ(Parse("apply", {"--dry-run=yes"}).status().message(), "--dry-run takes no value");
}

TEST(CommandLine, ReadsDurationsAndPlainSeconds) {
  EXPECT_EQ(*Parse("wait", {"--timeout=500ms"})->Duration("timeout", absl::ZeroDuration()), absl::Milliseconds(500));
  EXPECT_EQ(*Parse("wait", {"--timeout=30"})->Duration("timeout", absl::ZeroDuration()), absl::Seconds(30));
  EXPECT_EQ(*Parse("wait", {})->Duration("timeout", absl::Seconds(7)), absl::Seconds(7));
  EXPECT_FALSE(Parse("wait", {"--timeout=soon"})->Duration("timeout", absl::ZeroDuration()).ok());
}

TEST(CommandLine, SaysOfANegativeDurationThatItIsOne) {
  EXPECT_EQ(Parse("key", {"--expires", "-1h"})->Duration("expires", absl::ZeroDuration()).status().message(),
            "--expires -1h: a duration is not negative");
  EXPECT_EQ(Parse("wait", {"--timeout=-5"})->Duration("timeout", absl::ZeroDuration()).status().message(),
            "--timeout -5: a duration is not negative");
}

TEST(CommandLine, LetsAVerbsFlagStandBeforeAGlobalOne) {
  absl::StatusOr<CommandLine> line = Parse("compile", {"-o", "shop.generation"});
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->Get("out"), "shop.generation");
  EXPECT_FALSE(line->Has("output"));
}

TEST(Verbs, HaveUniqueNamesAndFlagsSummariesAndExamples) {
  std::set<std::string_view> names;
  for (const Verb* verb : Verbs()) {
    EXPECT_TRUE(names.insert(verb->name).second) << verb->name;
    EXPECT_FALSE(verb->summary.empty()) << verb->name;
    if (!verb->group.empty()) EXPECT_FALSE(verb->example.empty()) << verb->name;
    std::set<std::string_view> flags;
    for (std::span<const Flag> some : {verb->flags, verb->shared_flags, GlobalFlags()}) {
      for (const Flag& flag : some) EXPECT_TRUE(flags.insert(flag.name).second) << verb->name << " --" << flag.name;
    }
  }
}

}  // namespace
}  // namespace penstock::cli
