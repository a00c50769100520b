#include "dataplane/base/random.h"

#include <sys/random.h>

#include "dataplane/base/check.h"

namespace penstock {

std::uint64_t SeedFromKernel() {
  std::uint64_t seed = 0;
  ssize_t got = getrandom(&seed, sizeof(seed), 0);
  PENSTOCK_CHECK(got == sizeof(seed), "getrandom gives up to 256 bytes at once");
  return seed;
}

}  // namespace penstock
