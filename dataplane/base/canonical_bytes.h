// Serialized protobuf messages that can be compared, hashed and told apart by their bytes.
#pragma once

#include <string>

#include "google/protobuf/message_lite.h"

namespace penstock {

// MESSAGE serialized with its maps in the order of their keys: within one build of our binaries equal messages have
// equal bytes, in every process. Unknown fields are kept as they came.
std::string CanonicalBytes(const google::protobuf::MessageLite& message);

}  // namespace penstock
