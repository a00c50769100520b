#include "dataplane/fetch/fetcher.h"

namespace penstock::fetch {

// The URI's length says where it ends: whatever it holds, it cannot pass for another field.
std::string Request::Identity() const {
  return StrCat(refresh.count(), "/", allow_private_addresses ? 1 : 0, "/", max_bytes, "/", uri.size(), "/", uri,
                authorities);
}

}  // namespace penstock::fetch
