#include "controlplane/manifests/docs_pages.h"

#include "controlplane/manifests/codes.h"
#include "controlplane/manifests/kinds.h"
#include "controlplane/manifests/schema.h"
#include "controlplane/manifests/text.h"

namespace penstock::manifests {
namespace {

std::string FirstSentence(std::string_view text) {
  size_t end = std::min(text.find(". "), text.find('\n'));
  return std::string(end == std::string_view::npos ? text : text.substr(0, end + 1));
}

}  // namespace

std::map<std::string, std::string> GeneratedPages() {
  std::map<std::string, std::string> pages;
  pages["docs/messages.md"] = CodesAsMarkdown();
  std::string index =
      "# Kinds\n\nWhat Penstock reads, field by field. `penstock explain KIND.field` prints the same text.\n"
      "Fields that are not listed are errors, and so are fields marked as not supported: nothing is silently "
      "ignored.\n\n"
      "| kind | apiVersion | |\n|---|---|---|\n";
  for (const Kind& kind : BuiltInKinds().all()) {
    pages[Cat("docs/reference/", kind.plural, ".md")] = ReferencePage(kind);
    Append(index, "| [", kind.name, "](", kind.plural, ".md) | `", kind.ApiVersion(), "` | ",
           FirstSentence(DescribeKind(kind).docs), " |\n");
  }
  pages["docs/reference/README.md"] = index;
  return pages;
}

}  // namespace penstock::manifests
