#pragma once

namespace penstock {

// Opens /dev/null for those of standard input, output and error that are closed, so that no file of ours gets one of
// these numbers and has messages written into it. Reading or writing them goes on to fail. REQUIRES: first in main().
void OpenStandardDescriptors();

}  // namespace penstock
