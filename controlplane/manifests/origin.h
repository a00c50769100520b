// Where an object was written, short enough to be kept beside it in a store: the file, and the lines of the object, of
// its spec and of the fields of its spec. No part of what the object says.
#pragma once

#include <string>
#include <string_view>

#include "controlplane/manifests/object.h"

namespace penstock::manifests {

inline constexpr size_t kMaxOriginBytes = 4096;

// At most kMaxOriginBytes; "" if nobody knows, or if the file's name alone is longer.
std::string EncodeOrigin(const Object& object);

// What EncodeOrigin wrote, of this build or another one; what cannot be read is left out.
SourceMap DecodeOrigin(std::string_view text);

}  // namespace penstock::manifests
