#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "dataplane/base/status.h"
#include "dataplane/fetch/fetcher.h"
#include "dataplane/jose/key_set.h"

namespace penstock::policies {

using KeysPtr = std::shared_ptr<const jose::KeySet>;

// Where the keys of one provider come from. Any thread; not for the steady request path.
class KeySource {
 public:
  virtual ~KeySource() = default;

  // Changes when the keys may have: what was verified under another version is verified again. One load.
  virtual uint64_t version() const { return 0; }
  // nullptr: there are none (yet, or no more).
  virtual KeysPtr Current() = 0;
  // A token names a key that is not in the current ones: asks for newer ones, if that was not done lately. True: they
  // may come within seconds.
  virtual bool AskForNewer() { return false; }
  // Keys may come within seconds, although there are none.
  virtual bool Expected() { return false; }
  // Why there are none; for the log.
  virtual std::string Problem() { return "there are no keys"; }
};

// Those of a text that does not change. InvalidArgument if it is no key set.
StatusOr<std::unique_ptr<KeySource>> MakeFixedKeys(std::string_view json);
// None, ever.
std::unique_ptr<KeySource> MakeNoKeys();
// Whether a text is a key set; what fetched documents must pass.
Status CheckKeys(std::string_view json);
// What DOCUMENT says, which is fetched again and again and always a key set, at most for MAX_STALE after it was fetched
// last.
std::unique_ptr<KeySource> MakeFetchedKeys(std::shared_ptr<fetch::Document> document, Duration max_stale);

}  // namespace penstock::policies
