// Writes the generated pages into the checkout: bazel run //controlplane/manifests:write_docs
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "controlplane/manifests/docs_pages.h"

int main() {
  const char* root = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  if (root == nullptr) {
    std::fprintf(stderr, "run it with `bazel run //controlplane/manifests:write_docs`\n");
    return 2;
  }
  for (const auto& [path, page] : penstock::manifests::GeneratedPages()) {
    std::filesystem::path file = std::filesystem::path(root) / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out(file);
    out << page;
    if (!out.flush()) {
      std::fprintf(stderr, "write_docs: cannot write %s\n", file.c_str());
      return 1;
    }
  }
  return 0;
}
