// A key set that is read holds keys that can verify something and refuse a signature that nobody made, a note for every
// key that was left out, and offers no more candidates than it may.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "dataplane/base/printable.h"
#include "dataplane/jose/key_set.h"

namespace penstock::jose {
namespace {

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void CheckKey(const Key& key) {
  Require(!key.algorithms().empty() && !key.Describe().empty(), "a key can do something");
  for (std::size_t i = 0; i < kAlgorithms; ++i) {
    for (std::size_t size : {0, 32, 48, 64, 96, 132, 256}) {
      Require(!key.Verify(static_cast<Algorithm>(i), "input", std::string(size, '\0')), "nobody signs with zeros");
    }
  }
}

void CheckCandidates(const KeySet& set) {
  for (std::size_t i = 0; i < kAlgorithms; ++i) {
    auto algorithm = static_cast<Algorithm>(i);
    KeySet::Tried tried = set.Candidates(algorithm, std::nullopt);
    Require(tried.size() <= KeySet::kMaxTried, "more candidates than allowed");
    for (const Key* key : tried) Require(key->algorithms().Contains(algorithm), "a candidate of another algorithm");
    for (const Key* key : set.Candidates(algorithm, "a")) Require(key->kid() == "a", "a candidate of another kid");
  }
}

}  // namespace
}  // namespace penstock::jose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock;
  using namespace penstock::jose;
  StatusOr<KeySet> set = KeySet::Parse({reinterpret_cast<const char*>(data), size});
  if (!set.ok()) {
    std::string_view why = ToStd(set.status().message());
    Require(!why.empty() && why == Printable(why), "an error is a text for logs");
    return 0;
  }
  Require(!set->keys().empty() && set->keys().size() + set->notes().size() <= KeySet::kMaxKeys, "keys within limits");
  for (const Key& key : set->keys()) CheckKey(key);
  for (const std::string& note : set->notes()) Require(note == Printable(note), "a note is a text for logs");
  CheckCandidates(*set);
  return 0;
}
