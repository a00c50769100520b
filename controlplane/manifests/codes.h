// Every code that a message can carry, with what it means and what to do: `penstock explain E101`, docs/messages.md.
// E0xx manifests and their schema, E1xx references between objects, E2xx compilation, E3xx preparation on a data plane,
// W2xx warnings, N0xx notes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::manifests {

struct MessageCode {
  std::string_view code;
  std::string_view title;        // "A referenced object does not exist"
  std::string_view explanation;  // what is wrong and why we refuse it (or warn)
  std::string_view what_to_do;
};

// Sorted by code.
std::span<const MessageCode> AllCodes();

// nullptr if there is no such code; any case.
const MessageCode* FindCode(std::string_view code);

// The at most three codes of the same letter with the nearest numbers, sorted; none if `code` is no letter and number.
std::vector<std::string_view> CodesNear(std::string_view code);

// All codes as the page docs/messages.md.
std::string CodesAsMarkdown();

}  // namespace penstock::manifests
