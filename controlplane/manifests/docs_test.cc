#include <fstream>
#include <iterator>

#include "controlplane/manifests/docs_pages.h"
#include "gtest/gtest.h"

namespace penstock::manifests {
namespace {

TEST(Docs, AreThoseThatTheCodeGenerates) {
  for (const auto& [path, page] : GeneratedPages()) {
    std::ifstream in(path);
    std::string committed((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    EXPECT_TRUE(committed == page) << path << " is not up to date: bazel run //controlplane/manifests:write_docs";
  }
}

}  // namespace
}  // namespace penstock::manifests
