#include "dataplane/router/regex.h"

#include <re2/re2.h>

#include "dataplane/base/strings.h"

namespace penstock::router {

absl::StatusOr<Regex> CompileRegex(std::string_view pattern) {
  if (pattern.size() > kMaxRegexLength) {
    return absl::InvalidArgumentError(
        StrCat("the expression has ", pattern.size(), " characters; at most ", kMaxRegexLength, " are allowed"));
  }
  re2::RE2::Options options(re2::RE2::Latin1);
  options.set_log_errors(false);
  options.set_max_mem(kMaxRegexMemory);
  auto regex = std::make_shared<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!regex->ok()) return absl::InvalidArgumentError(StrCat("not a valid RE2 expression: ", regex->error()));
  if (regex->ProgramSize() > kMaxRegexProgramSize) {
    return absl::InvalidArgumentError(StrCat("the expression compiles to ", regex->ProgramSize(),
                                             " instructions; at most ", kMaxRegexProgramSize, " are allowed"));
  }
  return regex;
}

bool FullMatch(const re2::RE2& regex, std::string_view text) {
  re2::StringPiece piece(text.data(), text.size());
  return regex.Match(piece, 0, text.size(), re2::RE2::ANCHOR_BOTH, nullptr, 0);
}

}  // namespace penstock::router
