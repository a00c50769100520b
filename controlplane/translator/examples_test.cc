// The examples of the kinds are applied together, as one set of manifests.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "controlplane/manifests/parse.h"
#include "controlplane/manifests/render.h"
#include "controlplane/translator/translate.h"
#include "gtest/gtest.h"

namespace penstock::translator {
namespace {

std::vector<manifests::File> ReadExamples() {
  std::vector<manifests::File> files;
  for (const auto& entry : std::filesystem::directory_iterator("api/manifests/v1/examples")) {
    std::ifstream in(entry.path());
    std::stringstream text;
    text << in.rdbuf();
    files.push_back({.name = entry.path().filename(), .bytes = text.str()});
  }
  return files;
}

TEST(Examples, ApplyTogetherWithoutAnErrorAndCoverEveryKind) {
  std::vector<manifests::File> files = ReadExamples();
  manifests::ParseResult parsed = manifests::Parse(files);
  std::erase_if(parsed.findings, [](const manifests::Finding& f) { return f.severity() == manifests::Finding::NOTE; });
  EXPECT_TRUE(parsed.findings.empty()) << manifests::RenderText(parsed.findings);
  std::set<std::string> kinds;
  for (const manifests::ObjectPtr& object : parsed.objects) kinds.insert(object->key().kind);
  for (const manifests::Kind& kind : manifests::BuiltInKinds().all()) {
    EXPECT_TRUE(kinds.contains(kind.name)) << "no example of " << kind.name;
  }
  Result result = Translate(nullptr, manifests::ChangeSet{parsed.objects, {}}, {.generation = 1});
  EXPECT_TRUE(result.findings.empty()) << manifests::RenderText(result.findings);
  EXPECT_GE(result.upserts.size(), 5u);
}

}  // namespace
}  // namespace penstock::translator
