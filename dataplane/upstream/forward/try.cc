#include "dataplane/upstream/forward/try.h"

namespace penstock::upstream {

void Try::CountTry(const TryResult& result) {
  if (!asked_) return;
  TimePoint now = view_->cluster().reactor().Now();
  cells().requests.Add(result.reason == Reason::kNone ? x_.response.status : 0);
  CountEnd(result.reason);
  if (result.reason != Reason::kNone) return;
  cells().response_time.Observe(now - x_.time.upstream_start);
  x_.time.upstream_head = now;
}

Status Try::Broken(Reason reason, std::string_view detail) {
  failed_ = true;
  x_.reason = reason;
  x_.detail = detail;
  CountEnd(reason);
  return absl::AbortedError("the response broke off");
}

void Try::CountEnd(Reason reason) {
  if (reason == Reason::kUpstreamTimeout || reason == Reason::kUpstreamIdle) cells().timeouts.Add();
  if (reason == Reason::kUpstreamReset || reason == Reason::kUpstreamAborted) cells().resets.Add();
}

}  // namespace penstock::upstream
