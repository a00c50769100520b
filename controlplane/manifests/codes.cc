#include "controlplane/manifests/codes.h"

#include "controlplane/manifests/text.h"

namespace penstock::manifests {
namespace {

constexpr MessageCode kCodes[] = {
    {"E001", "A file cannot be read as YAML",
     "The text is not valid YAML 1.2 (or JSON, which is a part of it). Nothing of this document was read; the other "
     "documents "
     "of the file were.",
     "Look at the line shown: the usual reasons are a tab in the indentation, a missing space after a colon, and a "
     "value with "
     "? : # * & { or [ that must be quoted."},
    {"N001", "More findings than are shown", "At most 50 findings are shown at once, errors before warnings.",
     "Fix those shown and run again."},
};

}  // namespace

std::span<const MessageCode> AllCodes() { return kCodes; }

const MessageCode* FindCode(std::string_view code) {
  for (const MessageCode& row : kCodes) {
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
  for (const MessageCode& row : kCodes) {
    Append(page, "\n## ", row.code, ": ", row.title, "\n\n", row.explanation, "\n\n**What to do:** ", row.what_to_do,
           "\n");
  }
  return page;
}

}  // namespace penstock::manifests
