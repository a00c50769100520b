#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "dataplane/base/printable.h"

namespace penstock::cli {

// "0 ms", "41 ms", "4.1 s", "2 min", "3 h", "5 d".
std::string HumanDuration(absl::Duration duration);

// "912 B", "4.5 kB", "2.0 MB".
std::string HumanBytes(uint64_t bytes);

// "1 object", "2 objects".
std::string Count(uint64_t n, std::string_view noun);

}  // namespace penstock::cli
