#include "tools/cli/render/table.h"

#include <gtest/gtest.h>

#include "tools/cli/render/human.h"

namespace penstock::cli {
namespace {

TEST(Table, AlignsColumnsAndLeavesNoTrailingBlanks) {
  Table table({"NAME", "STATE"});
  table.Add({"replica-1", "serving"});
  table.Add({"r"});
  EXPECT_EQ(table.Text(), "NAME       STATE\nreplica-1  serving\nr\n");
}

TEST(Table, CountsCharactersNotBytes) {
  Table table({"A", "B"});
  table.Add({"café", "x"});
  EXPECT_EQ(table.Text(), "A     B\ncafé  x\n");
}

TEST(Human, DurationsAndBytes) {
  EXPECT_EQ(HumanDuration(absl::ZeroDuration()), "0 ms");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(41)), "41 ms");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(4100)), "4.1 s");
  EXPECT_EQ(HumanDuration(absl::Minutes(3)), "3 min");
  EXPECT_EQ(HumanDuration(absl::Hours(49)), "2 d");
  EXPECT_EQ(HumanBytes(912), "912 B");
  EXPECT_EQ(HumanBytes(4500), "4.5 kB");
  EXPECT_EQ(Count(1, "object"), "1 object");
  EXPECT_EQ(Count(0, "object"), "0 objects");
}

TEST(Human, ShowsControlCharactersInsteadOfSendingThem) { EXPECT_EQ(Printable("a\033[2Jb\n"), "a\\x1b[2Jb\\x0a"); }

}  // namespace
}  // namespace penstock::cli
