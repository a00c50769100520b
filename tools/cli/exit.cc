#include "tools/cli/exit.h"

namespace penstock::cli {

Exit ExitOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return Exit::kOk;
    case absl::StatusCode::kNotFound:
      return Exit::kNotFound;
    case absl::StatusCode::kAborted:
      return Exit::kConflict;
    case absl::StatusCode::kFailedPrecondition:
      return Exit::kInvalid;
    case absl::StatusCode::kDataLoss:
      return Exit::kRejected;
    case absl::StatusCode::kDeadlineExceeded:
      return Exit::kTimeout;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return Exit::kUnreachable;
    default:
      return Exit::kUsage;
  }
}

}  // namespace penstock::cli
