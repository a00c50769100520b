#include "dataplane/upstream/forward/head_deadline.h"

#include <algorithm>

namespace penstock::upstream {

TimePoint WaitForHead(const HeadTime& time, const Uploaded& upload, TimePoint now) {
  constexpr Duration kLookAgain = std::chrono::seconds(1);
  TimePoint until = time.deadline;
  if (upload.running && now >= until) until = After(now, kLookAgain);
  if (upload.sent) until = std::max(until, After(upload.ended, time.timeout));
  return std::min(until, time.firm);
}

bool HasMoreTime(const HeadTime& time, const Uploaded& upload, TimePoint now) {
  bool more = upload.running || (upload.sent && After(upload.ended, time.timeout) > now);
  return more && now < time.firm;
}

}  // namespace penstock::upstream
