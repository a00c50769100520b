#pragma once

#include <memory>
#include <optional>

#include "dataplane/exchange/policy.h"
#include "dataplane/limits/concurrency_table.h"
#include "dataplane/limits/limit_table.h"
#include "dataplane/policies/material.h"
#include "dataplane/policies/rate_limit/limit_store.h"
#include "dataplane/policies/rate_limit/rate_limit_config.h"

namespace penstock::policies {

// Counts requests, in this process or in Redis, and refuses or delays those above a limit. Of a concurrency, which this
// process always counts, a request has a place from OnRequest to OnEnd, or until it is refused here. The strictest
// limit that counted is told in RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers), of whatever
// response.
class RateLimitPolicy final : public Policy {
 public:
  static StatusOr<std::shared_ptr<const Policy>> Make(std::shared_ptr<const RateLimitConfig> config,
                                                      const Material& material);

  Task<Verdict> OnRequest(Exchange& x) const override;
  Task<Verdict> OnResponse(Exchange& x) const override;
  void OnEnd(Exchange& x, const Outcome& outcome) const override { LeaveAll(x); }
  void TellFacts(Exchange& x, TimePoint now, FactTeller tell) const override;

 private:
  RateLimitPolicy(std::shared_ptr<const RateLimitConfig> config, std::shared_ptr<limits::LimitTable> table,
                  std::shared_ptr<limits::ConcurrencyTable> in_progress, std::shared_ptr<LimitStore> store)
      : config_(std::move(config)),
        table_(std::move(table)),
        in_progress_(std::move(in_progress)),
        store_(std::move(store)) {}

  struct Left {
    bool allowed;
    uint64_t requests;
  };
  // What counts for X under RULE, here. Counts nothing.
  Left LeftOf(const LimitTerms& rule, Exchange& x, TimePoint now) const;

  limits::LimitKey EntryOf(const LimitTerms& rule, Exchange& x) const;
  limits::Taken TakeHere(const LimitTerms& rule, Exchange& x) const;
  // REQUIRES: RULE bounds how many are in progress.
  limits::Taken Enter(const LimitTerms& rule, Exchange& x) const;
  // Gives back every place that the request has.
  void LeaveAll(Exchange& x) const;
  Task<Verdict> AskRedis(Exchange& x, size_t first) const;
  Task<StatusOr<limits::Taken>> TakeThere(const LimitTerms& rule, Exchange& x) const;
  // Notes what RULE said. False: it refuses.
  bool Count(const LimitTerms& rule, const limits::Taken& taken, Exchange& x) const;
  void NoteShadow(const LimitTerms& rule, Reason reason, Exchange& x) const;
  Verdict Refuse(const LimitTerms& rule, const limits::Taken& taken, Exchange& x) const;
  // TAKEN: what was counted here instead, if it was.
  Verdict OnFailure(const LimitTerms& rule, const Status& why, Exchange& x, std::optional<limits::Taken>& taken) const;

  const std::shared_ptr<const RateLimitConfig> config_;
  const std::shared_ptr<limits::LimitTable> table_;              // the process's, as the next one
  const std::shared_ptr<limits::ConcurrencyTable> in_progress_;  // null: no rule asks it
  const std::shared_ptr<LimitStore> store_;                      // null: counted here
};

}  // namespace penstock::policies
