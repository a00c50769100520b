#include "controlplane/manifests/codes.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

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

std::vector<std::string_view> CodesNear(std::string_view code) {
  constexpr size_t kNear = 3;
  auto number_of = [](std::string_view text) {
    int number = 0;
    return text.size() > 1 && ReadNumber(text.substr(1, 9), number) ? number : -1;
  };
  const int wanted = number_of(code);
  std::vector<std::pair<int, std::string_view>> family;
  for (const MessageCode& row : kCodeTable) {
    if (wanted < 0 || ToLower(row.code.front()) != ToLower(code.front())) continue;
    family.emplace_back(std::abs(number_of(row.code) - wanted), row.code);
  }
  std::sort(family.begin(), family.end());
  std::vector<std::string_view> near;
  for (const auto& [distance, name] : family) {
    if (near.size() < kNear) near.push_back(name);
  }
  std::sort(near.begin(), near.end());
  return near;
}

std::string CodesAsMarkdown() {
  std::string page =
      "# Message codes\n\n"
      "Every finding of `penstock apply`, `lint` and `diff` carries a code; `penstock explain CODE` prints the same "
      "text.\n"
      "E0xx: manifests and their schema. E1xx: references between objects. E2xx: compilation. E3xx: preparation on a "
      "data plane. W2xx: warnings. N0xx: notes.\n";
  for (const MessageCode& row : kCodeTable) {
    Append(page, "\n## ", row.code, ": ", row.title, "\n\n", row.explanation, "\n\n**What to do:** ", row.what_to_do,
           "\n");
  }
  return page;
}

}  // namespace penstock::manifests
