#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace penstock::cli {

// A password as people give it: typed twice at a terminal, which does not show it, or the only line of a file or pipe.
// FD: standard input; PROMPT_FD: where a terminal's user reads what is asked. InvalidArgument says what is wrong.
absl::StatusOr<std::string> ReadPassword(int fd, int prompt_fd);

// "USER:HASH", a line of an htpasswd file. SCHEME: "yescrypt", "bcrypt" or "sha512".
absl::StatusOr<std::string> HtpasswdLine(std::string_view user, std::string_view scheme, std::string_view password);

}  // namespace penstock::cli
