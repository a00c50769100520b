#pragma once

#include "dataplane/exchange/reason.h"
#include "dataplane/http/grpc/status.h"

namespace penstock {

// What a caller of gRPC is told by a reply of our own for REASON, with which an HTTP caller would have got STATUS.
http::grpc::Code CodeOf(Reason reason, int status);

}  // namespace penstock
