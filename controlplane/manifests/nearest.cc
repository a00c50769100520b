#include "controlplane/manifests/nearest.h"

#include <algorithm>
#include <array>

#include "controlplane/manifests/text.h"

namespace penstock::manifests {
namespace {

// Longer words are no slips of the names that we know, and the work per pair stays bounded.
constexpr size_t kMaxWord = 100;

std::string Folded(std::string_view word) {
  std::string folded;
  for (char c : word) {
    if (c != '-' && c != '_') folded += ToLower(c);
  }
  return folded;
}

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b, size_t limit) {
  if (a.size() > kMaxWord || b.size() > kMaxWord) return limit + 1;
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return limit + 1;
  std::array<size_t, kMaxWord + 1> before{}, above, row;
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::copy_n(above.begin(), b.size() + 1, before.begin());
    std::copy_n(row.begin(), b.size() + 1, above.begin());
  }
  return std::min(above[b.size()], limit + 1);
}

std::string_view Nearest(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.empty() || word.size() > kMaxWord) return "";
  std::string folded = Folded(word);
  if (folded.empty()) return "";
  size_t best_distance = std::max<size_t>(1, folded.size() / 3) + 1;
  std::string_view best;
  for (std::string_view candidate : candidates) {
    if (candidate.size() > kMaxWord) continue;
    size_t distance = EditDistance(folded, Folded(candidate), best_distance);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

std::string DidYouMean(std::string_view candidate) {
  return candidate.empty() ? "" : Cat("did you mean \"", candidate, "\"?");
}

}  // namespace penstock::manifests
