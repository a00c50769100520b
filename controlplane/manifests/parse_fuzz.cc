// Any bytes -> Parse. Whatever comes out must be printable, and what is accepted must survive a round trip.
#include <cstdlib>

#include "controlplane/manifests/export.h"
#include "controlplane/manifests/parse.h"
#include "controlplane/manifests/render.h"

namespace penstock::manifests {
namespace {

void CheckRoundTrip(const Object& object) {
  File file{"again.yaml", ToYaml(object, Secrets::kShown)};
  ParseResult again = Parse({&file, 1});
  bool same = again.objects.size() == 1 && SameContents(object, *again.objects[0]) && !HasErrors(again.findings);
  if (!same) std::abort();
}

}  // namespace
}  // namespace penstock::manifests

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::manifests;
  File file{"a.yaml", std::string(reinterpret_cast<const char*>(data), size)};
  ParseResult result = Parse({&file, 1});
  RenderOptions options{.color = false,
                        .source = [&](std::string_view) { return std::optional<std::string_view>(file.bytes); }};
  RenderText(result.findings, options);
  RenderJson(result.findings);
  for (const ObjectPtr& object : result.objects) {
    if (!object->has_errors()) CheckRoundTrip(*object);
  }
  return 0;
}
