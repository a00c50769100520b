#include "dataplane/redis/server_address.h"

#include "dataplane/base/arena.h"
#include "dataplane/http/uri.h"

namespace penstock::redis {

bool IsServerAddress(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  constexpr size_t kMaxUnixPath = 107;  // sockaddr_un
  if (text.starts_with(kUnix)) {
    std::string_view path = text.substr(kUnix.size());
    return path.size() > 1 && path.size() <= kMaxUnixPath && (path[0] == '/' || path[0] == '@');
  }
  Arena arena;
  http::Authority authority;
  return http::CanonicalAuthority(text, arena, authority) == http::TargetResult::kOk && authority.port != 0;
}

}  // namespace penstock::redis
