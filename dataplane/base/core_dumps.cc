#include "dataplane/base/core_dumps.h"

#include <sys/resource.h>

namespace penstock {

void ForbidCoreDumps() {
  // core(5): with a core_pattern that is a pipe a limit of 0 does not count; 1 does, and is too small for a file.
  rlimit limit{1, 1};
  setrlimit(RLIMIT_CORE, &limit);
}

}  // namespace penstock
