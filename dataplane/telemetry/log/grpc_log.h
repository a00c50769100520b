#pragma once

#include "dataplane/telemetry/log/log.h"

namespace penstock::telemetry {

// While one lives, what gRPC has to say goes to `log` as component "grpc": its errors as warnings (nearly all are about
// a peer's connection, and what matters to a caller comes back as a status), the rest as debug lines. One at a time in
// a process; `log` must outlive it.
class GrpcLog {
 public:
  explicit GrpcLog(Log& log);
  ~GrpcLog();
  GrpcLog(const GrpcLog&) = delete;
  GrpcLog& operator=(const GrpcLog&) = delete;
};

}  // namespace penstock::telemetry
