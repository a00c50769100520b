#include "dataplane/exchange/grpc_code.h"

namespace penstock {

http::grpc::Code CodeOf(Reason reason, int status) {
  using http::grpc::Code;
  switch (reason) {
    case Reason::kUpstreamTimeout:
    case Reason::kRequestTimeout:
      return Code::kDeadlineExceeded;
    case Reason::kBodyTooLarge:
    case Reason::kHeadersTooLarge:
    case Reason::kRequestLineTooLong:
      return Code::kResourceExhausted;
    case Reason::kBackendUnresolved:
    case Reason::kNoBackend:
      return Code::kUnavailable;
    case Reason::kInternalError:
    case Reason::kLoopDetected:
      return Code::kInternal;
    default:
      return http::grpc::CodeOfHttpStatus(status);
  }
}

}  // namespace penstock
