#include "controlplane/translator/support_table.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "gtest/gtest.h"

namespace penstock::translator {
namespace {

// To write the page anew: bazel test ... --test_env=UPDATE_GOLDEN=$PWD/docs/gateway-api-support.md
TEST(SupportTable, IsThePageInTheDocs) {
  if (const char* update = std::getenv("UPDATE_GOLDEN")) {
    std::ofstream(update) << SupportTable();
    return;
  }
  std::ifstream in("docs/gateway-api-support.md");
  std::stringstream page;
  page << in.rdbuf();
  EXPECT_EQ(SupportTable(), page.str()) << "docs/gateway-api-support.md is not what the schema says";
}

TEST(SupportTable, NamesWhatIsRefusedAndWhy) {
  std::string page = SupportTable();
  EXPECT_NE(page.find("| `spec.rules[].retry` | refused: "), std::string::npos);
  EXPECT_NE(page.find("| `spec.defaultScope` | refused: "), std::string::npos);
  EXPECT_NE(page.find("| `spec.rules[].backendRefs[].filters[]` | yes, as `spec.rules[].filters[]` |"),
            std::string::npos);
}

}  // namespace
}  // namespace penstock::translator
