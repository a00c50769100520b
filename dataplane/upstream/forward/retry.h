#pragma once

#include <cstdint>

#include "dataplane/base/clock.h"
#include "dataplane/snapshot/route.h"
#include "dataplane/upstream/forward/try_result.h"

namespace penstock::upstream {

// What there is to know when a try has ended.
struct Tried {
  TryResult result;
  int status = 0;           // of the response, if there is one
  std::uint32_t tries = 1;  // so far
  bool idempotent = false;  // the method
  bool can_replay = true;   // the content can be given again, or none was read
  bool connected = true;    // there was a connection to try it over
};

// Should the request be sent again, as far as it is concerned? The budget is another question. See Forward() for the
// rules.
bool WantsRetry(const Tried& tried, const snapshot::Retry* rule);

// Does the retry take a place in the budget? Not where a server with which there was a connection let it go, or refused
// to begin: that is how servers drain (GOAWAY, FIN on an idle connection), it can hit everything that is under way at
// once, and repeating it gives nobody more work than was asked for. But a server that cannot be reached is asked no
// more often than the budget says.
bool NeedsBudget(const Tried& tried);

// How long to wait before try number `tries` + 1: nothing for the safe retry; for one that the rule asks for, its
// backoff, doubled each time, less up to half by SEED.
Duration Backoff(const Tried& tried, const snapshot::Retry* rule, std::uint64_t seed);

}  // namespace penstock::upstream
