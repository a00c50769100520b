#pragma once

#include "dataplane/base/status.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/message.h"

namespace penstock::policies {

// Reads what ANY holds into MESSAGE. Another type, bytes that are none, and fields that this build does not know, at
// any depth, are errors: a field that is skipped may be the one that keeps somebody out. Unimplemented:
// another build may know it.
Status Unpack(const google::protobuf::Any& any, google::protobuf::Message& message);

}  // namespace penstock::policies
