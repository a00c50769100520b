#include "tools/cli/render/human.h"

#include "absl/strings/str_format.h"
#include "tools/cli/text.h"

namespace penstock::cli {

std::string HumanDuration(absl::Duration duration) {
  if (duration < absl::Seconds(1)) return StrCat(absl::ToInt64Milliseconds(duration), " ms");
  if (duration < absl::Minutes(2)) return absl::StrFormat("%.1f s", absl::ToDoubleSeconds(duration));
  if (duration < absl::Hours(2)) return StrCat(absl::ToInt64Minutes(duration), " min");
  if (duration < absl::Hours(48)) return StrCat(absl::ToInt64Hours(duration), " h");
  return StrCat(absl::ToInt64Hours(duration) / 24, " d");
}

std::string HumanBytes(uint64_t bytes) {
  if (bytes < 1000) return StrCat(bytes, " B");
  if (bytes < 1000 * 1000) return absl::StrFormat("%.1f kB", static_cast<double>(bytes) / 1e3);
  return absl::StrFormat("%.1f MB", static_cast<double>(bytes) / 1e6);
}

std::string Count(uint64_t n, std::string_view noun) { return StrCat(n, " ", noun, n == 1 ? "" : "s"); }

}  // namespace penstock::cli
