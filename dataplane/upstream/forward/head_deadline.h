#pragma once

#include "dataplane/base/clock.h"

// How long an upstream may take until the head of its response is there. Pure.
namespace penstock::upstream {

// How far the request's content is.
struct Uploaded {
  bool running = false;
  bool sent = false;
  TimePoint ended = {};  // when it was sent
};

// What the head must be there by: DEADLINE (kNoDeadline: none), or TIMEOUT after the content was sent if that is later;
// never after FIRM.
struct HeadTime {
  TimePoint deadline;
  Duration timeout = {};
  TimePoint firm = kNoDeadline;
};

// Until when to wait before HasMoreTime is asked. While content still goes up the upstream may take its time: past its
// deadline it is looked at again from time to time.
TimePoint WaitForHead(const HeadTime& time, const Uploaded& upload, TimePoint now);
bool HasMoreTime(const HeadTime& time, const Uploaded& upload, TimePoint now);

}  // namespace penstock::upstream
