#include "dataplane/fetch/fetcher.h"

#include "dataplane/base/strings.h"

namespace penstock::fetch {

std::string Request::Identity() const {
  return StrCat(uri, "\n", refresh.count(), allow_private_addresses ? " private " : " public ", max_bytes, "\n",
                authorities);
}

}  // namespace penstock::fetch
