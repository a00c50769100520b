// "Did you mean ...?"
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace penstock::manifests {

// Changes of one character (insert, delete, replace, swap neighbours) between two words; gives up above `limit` and
// says limit + 1.
size_t EditDistance(std::string_view a, std::string_view b, size_t limit);

// The candidate that `word` is most likely a slip of: equal but for case, `-` and `_`, or within a third of its
// letters.
// "" if none is near; of equally near ones the first.
std::string_view Nearest(std::string_view word, std::span<const std::string_view> candidates);

// `did you mean "x"?`, or "" for an empty candidate.
std::string DidYouMean(std::string_view candidate);

}  // namespace penstock::manifests
