#include "dataplane/server/readiness.h"

#include <gtest/gtest.h>

namespace penstock::server {
namespace {

TEST(Readiness, SaysWhatIsMissing) {
  telemetry::ProcessCells cells;
  const std::vector<std::string> planes = {"a:1", "b:2"};
  EXPECT_EQ(ReadinessOf(cells, {}).why, "the generation is being loaded");
  EXPECT_EQ(ReadinessOf(cells, planes).why, "no generation yet: no control plane answers at a:1, b:2");
  cells.connected.Set(1);
  EXPECT_EQ(ReadinessOf(cells, planes).why,
            "no generation yet: connected to a control plane, which has none for this data plane");
  cells.generations_rejected.Add();
  EXPECT_EQ(ReadinessOf(cells, planes).why,
            "no generation yet: the one that was sent cannot be served; the log and penstock status say why");
  EXPECT_FALSE(ReadinessOf(cells, planes).ready);
  cells.generation_epoch.Set(3);
  cells.generation_number.Set(7);
  cells.generations_served.Add();
  EXPECT_TRUE(ReadinessOf(cells, planes).ready);
  EXPECT_EQ(ReadinessOf(cells, planes).why, "serving generation 3.7");
  cells.draining.Set(1);
  EXPECT_FALSE(ReadinessOf(cells, planes).ready);
  EXPECT_EQ(ReadinessOf(cells, planes).why, "draining: no new connections, please");
}

}  // namespace
}  // namespace penstock::server
