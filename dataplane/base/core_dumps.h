#pragma once

namespace penstock {

// Memory of the process, which holds keys and requests, never goes to disk.
void ForbidCoreDumps();

}  // namespace penstock
