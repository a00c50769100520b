#pragma once

#include <string_view>

#include "absl/functional/function_ref.h"
#include "dataplane/base/task.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/exchange/verdict.h"

namespace penstock {

// How an exchange ended.
struct Outcome {
  int status = 0;  // delivered to the client; 0: it left before
  Reason reason = Reason::kNone;
  bool complete = false;  // the client was given the whole response
};

// One policy of a chain, made from its configuration while a generation is prepared. Immutable, part of the Snapshot,
// shared by all workers: state per worker or per request lives in slots. OnRequest and OnResponse may wrap the
// exchange's bodies. An exchange that outlives its Snapshot (a tunnel, a long response) keeps the policies of its
// chains until it has ended, and nothing else of the Snapshot that they could point into. A policy that does not wait
// returns a ready Task and costs no coroutine frame.
class Policy {
 public:
  virtual ~Policy() = default;

  // In the order of the chain, before the route's action. A reply ends the chain and answers here and now.
  virtual Task<Verdict> OnRequest(Exchange& x) const { return Verdict::Continue(); }

  // In reverse order, for every response, whoever made it, before its first byte is written. A reply replaces it.
  virtual Task<Verdict> OnResponse(Exchange& x) const { return Verdict::Continue(); }

  // It also sees the preflight requests that the rule's CORS filter answers: they carry no credentials, so that who
  // asks for some would refuse them all (Fetch standard, "CORS-preflight fetch"). Those that do come first in a chain.
  virtual bool SeesPreflights() const { return false; }

  // Exactly once for every exchange whose OnRequest ran, also on reset, timeout and local reply. Never waits.
  virtual void OnEnd(Exchange& x, const Outcome& outcome) const {}

  // For explain: calls TELL with what is known only here about the request of X, as Facts that the policy's config asks
  // for by name (policies/judgement.h). NOW is on the clock of the workers. Counts nothing, changes nothing, and asks
  // nobody who would have to be waited for. Any thread.
  using FactTeller = absl::FunctionRef<void(std::string_view name, std::string_view value)>;
  virtual void TellFacts(Exchange& x, TimePoint now, FactTeller tell) const {}
};

}  // namespace penstock
