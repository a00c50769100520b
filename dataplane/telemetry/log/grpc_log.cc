#include "dataplane/telemetry/log/grpc_log.h"

#include <grpc/support/log.h>

#include <string_view>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/mutex.h"

namespace penstock::telemetry {
namespace {

constinit Mutex mutex;
Log* target ABSL_GUARDED_BY(mutex) = nullptr;

// Said of every client that reaches the server by an IP address, which is no name that a certificate could be picked
// by. The certificate is sent, and the client verifies it, all the same.
bool IsHarmless(std::string_view message) { return message.starts_with("No match found for server name"); }

void Forward(gpr_log_func_args* said) {
  const std::string_view message = said->message;
  const bool warn = said->severity == GPR_LOG_SEVERITY_ERROR && !IsHarmless(message);
  MutexLock lock(&mutex);
  if (target == nullptr) return;
  target->Write(warn ? LogLevel::kWarn : LogLevel::kDebug, "grpc", "the library says",
                {{"text", std::string(message)}});
}

}  // namespace

GrpcLog::GrpcLog(Log& log) {
  MutexLock lock(&mutex);
  target = &log;
  gpr_set_log_function(Forward);
}

GrpcLog::~GrpcLog() {
  MutexLock lock(&mutex);
  target = nullptr;
}

}  // namespace penstock::telemetry
