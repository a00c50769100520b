#include "dataplane/telemetry/access_log/access_log.h"

#include <utility>

#include "dataplane/base/status.h"

namespace penstock::telemetry {

void AccessLogWriter::Push(size_t length, Counter& lines, Counter& drops) noexcept {
  if (!ring_.Push({line_.data(), length})) {
    drops.Add();
    return;
  }
  lines.Add();
  // A wake-up that is missed costs a second at most.
  uint32_t sleeping = sleeping_.load(std::memory_order_relaxed);
  if (sleeping == 1 || (sleeping == 2 && ring_.MoreThanHalfFull())) Wake(sleeping_);
}

StatusOr<std::unique_ptr<AccessLog>> AccessLog::Open(Options options, Registry& registry) {
  auto log = std::unique_ptr<AccessLog>(new AccessLog);
  if (options.path.empty()) return log;
  ASSIGN_OR_RETURN(LogFile file, LogFile::Open(options.path, *options.kind));
  log->Start({std::move(options.path), options.ring_bytes, options.log, options.kind}, registry, std::move(file));
  return log;
}

void AccessLog::Start(LogThread::Options options, Registry& registry, LogFile file) {
  thread_ = std::make_unique<LogThread>(std::move(options), registry, std::move(file));
  for (int i = 0; i < registry.workers(); ++i) {
    writers_.push_back(std::make_unique<AccessLogWriter>(thread_->ring(i), thread_->sleeping(), registry.worker(i)));
  }
}

AccessLog::~AccessLog() {
  if (thread_ != nullptr && !thread_->Finish()) static_cast<void>(thread_.release());
}

void AccessLog::Reopen() {
  if (thread_ != nullptr) thread_->Reopen();
}

}  // namespace penstock::telemetry
