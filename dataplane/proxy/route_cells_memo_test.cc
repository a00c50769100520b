#include "dataplane/proxy/route_cells_memo.h"

#include <string>

#include "gtest/gtest.h"

namespace penstock::proxy {
namespace {

using telemetry::Registry;
using telemetry::SeriesSet;

TEST(RouteCellsMemo, FindsWhatTheSetHasForTheNames) {
  Registry registry({.workers = 2, .reasons = {}});
  std::shared_ptr<const SeriesSet> set = registry.Update(
      nullptr, {.listeners = {"a", "b"}, .routes = {{"a", "r"}, {"b", "r"}, {"a", "s"}}, .clusters = {}}, {});
  RouteCellsMemo memo;
  const std::string a = "a", b = "b", r = "r", s = "s";
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(&memo.Find(*set, 1, a, r), &set->Route(1, a, r));
    EXPECT_EQ(&memo.Find(*set, 1, b, r), &set->Route(1, b, r));
    EXPECT_EQ(&memo.Find(*set, 1, a, s), &set->Route(1, a, s));
    EXPECT_EQ(&memo.Find(*set, 1, a, {}), &set->Route(1, a, {}));
  }
}

TEST(RouteCellsMemo, ForgetsNamesThatMayHaveMoved) {
  Registry registry({.workers = 1, .reasons = {}});
  std::shared_ptr<const SeriesSet> set =
      registry.Update(nullptr, {.listeners = {"a"}, .routes = {{"a", "r"}, {"a", "s"}}, .clusters = {}}, {});
  RouteCellsMemo memo;
  const std::string a = "a";
  std::string name = "r";
  EXPECT_EQ(&memo.Find(*set, 0, a, name), &set->Route(0, a, "r"));
  name = "s";
  memo.Clear();
  EXPECT_EQ(&memo.Find(*set, 0, a, name), &set->Route(0, a, "s"));
}

}  // namespace
}  // namespace penstock::proxy
