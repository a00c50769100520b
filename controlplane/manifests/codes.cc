#include "controlplane/manifests/codes.h"

#include "controlplane/manifests/code_table.h"
#include "controlplane/manifests/text.h"

namespace penstock::manifests {
std::span<const MessageCode> AllCodes() { return kCodeTable; }

const MessageCode* FindCode(std::string_view code) {
  for (const MessageCode& row : kCodeTable) {
    if (EqualsIgnoreCase(row.code, code)) return &row;
  }
  return nullptr;
}

std::string CodesAsMarkdown() {
  std::string page =
      "# Message codes\n\n"
      "Every finding of `penstock apply`, `lint` and `diff` carries a code; `penstock explain CODE` prints the same "
      "text.\n"
      "E0xx: manifests and their schema. E1xx: references between objects. E2xx: compilation. W2xx: warnings. N0xx: "
      "notes.\n";
  for (const MessageCode& row : kCodeTable) {
    Append(page, "\n## ", row.code, ": ", row.title, "\n\n", row.explanation, "\n\n**What to do:** ", row.what_to_do,
           "\n");
  }
  return page;
}

}  // namespace penstock::manifests
