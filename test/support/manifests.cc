#include "test/support/manifests.h"

#include "controlplane/manifests/parse.h"
#include "controlplane/manifests/render.h"
#include "controlplane/translator/translate.h"
#include "gtest/gtest.h"

namespace penstock::test {

std::vector<snapshot::Resource> ResourcesOf(const std::string& yaml) {
  manifests::File file{.name = "test.yaml", .bytes = yaml};
  manifests::ParseResult parsed = manifests::Parse({&file, 1});
  EXPECT_TRUE(parsed.findings.empty()) << manifests::RenderText(parsed.findings);
  translator::Result result =
      translator::Translate(nullptr, manifests::ChangeSet{parsed.objects, {}}, {.generation = 1});
  EXPECT_TRUE(result.findings.empty()) << manifests::RenderText(result.findings);
  std::vector<snapshot::Resource> resources;
  for (const translator::ResourcePtr& resource : translator::ResourcesOf(result.state, {})) {
    resources.push_back({resource->type_url, resource->name, resource->version, resource->bytes});
  }
  return resources;
}

}  // namespace penstock::test
