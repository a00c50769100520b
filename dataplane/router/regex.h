#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"

namespace re2 {
class RE2;
}

namespace penstock::router {

// Limits of every regular expression in a configuration: RE2 matches in time linear in the text, these bound the
// factor.
inline constexpr size_t kMaxRegexLength = 1024;      // characters
inline constexpr int kMaxRegexProgramSize = 2000;    // RE2 instructions; a UUID pattern needs about 150
inline constexpr int64_t kMaxRegexMemory = 1 << 20;  // bytes of compiled program and automaton cache, per expression

// A compiled expression: RE2 syntax, matched against the whole text, byte by byte (a "." takes one byte, not one UTF-8
// character). Immutable and safe on any thread. RE2 builds its automaton while it matches: the first matches take a
// short lock inside.
using Regex = std::shared_ptr<const re2::RE2>;

// InvalidArgument with RE2's reason and what to do if PATTERN is not valid, too long or too large.
absl::StatusOr<Regex> CompileRegex(std::string_view pattern);

// Does all of TEXT match?
bool FullMatch(const re2::RE2& regex, std::string_view text);

}  // namespace penstock::router
