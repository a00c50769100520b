#pragma once

#include <memory>
#include <optional>

#include "dataplane/exchange/policy.h"
#include "dataplane/limits/limit_table.h"
#include "dataplane/policies/material.h"
#include "dataplane/policies/rate_limit/limit_store.h"
#include "dataplane/policies/rate_limit/rate_limit_config.h"

namespace penstock::policies {

// Counts requests, in this process or in Redis, and refuses or delays those above a limit. The strictest limit that
// counted is told in RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers), of whatever response.
class RateLimitPolicy final : public Policy {
 public:
  static StatusOr<std::shared_ptr<const Policy>> Make(std::shared_ptr<const RateLimitConfig> config,
                                                      const Material& material);

  Task<Verdict> OnRequest(Exchange& x) const override;
  Task<Verdict> OnResponse(Exchange& x) const override;
  void TellFacts(Exchange& x, TimePoint now, FactTeller tell) const override;

 private:
  RateLimitPolicy(std::shared_ptr<const RateLimitConfig> config, std::shared_ptr<limits::LimitTable> table,
                  std::shared_ptr<LimitStore> store)
      : config_(std::move(config)), table_(std::move(table)), store_(std::move(store)) {}

  limits::Taken TakeHere(const LimitTerms& rule, Exchange& x) const;
  Task<Verdict> AskRedis(Exchange& x, size_t first) const;
  Task<StatusOr<limits::Taken>> TakeThere(const LimitTerms& rule, Exchange& x) const;
  // Notes what RULE said. False: it refuses.
  bool Count(const LimitTerms& rule, const limits::Taken& taken, Exchange& x) const;
  void NoteShadow(const LimitTerms& rule, Reason reason, Exchange& x) const;
  Verdict Refuse(const LimitTerms& rule, const limits::Taken& taken, Exchange& x) const;
  // TAKEN: what was counted here instead, if it was.
  Verdict OnFailure(const LimitTerms& rule, const Status& why, Exchange& x, std::optional<limits::Taken>& taken) const;

  const std::shared_ptr<const RateLimitConfig> config_;
  const std::shared_ptr<limits::LimitTable> table_;  // the process's
  const std::shared_ptr<LimitStore> store_;          // null: counted here
};

}  // namespace penstock::policies
