#pragma once

#include <cstdint>

#include "dataplane/exchange/reason.h"

namespace penstock::upstream {

// How one try ended.
struct TryResult {
  // What is known about the request at the upstream if there is no response.
  enum class Sent : std::uint8_t {
    kNothing,     // it cannot have been processed
    kOnIdle,      // it went out on a connection that the upstream had probably closed already; nothing came back
    kPerhaps,     // it may have been processed
    kDoNotRepeat  // the exchange itself is over: client gone, deadline, a limit
  };

  Reason reason = Reason::kNone;  // kNone: the head of the response is there
  Sent sent = Sent::kPerhaps;
};

}  // namespace penstock::upstream
