#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "dataplane/exchange/policy.h"
#include "dataplane/exchange/side_calls.h"
#include "dataplane/policies/external_auth/answer.h"
#include "dataplane/policies/external_auth/answer_cache.h"
#include "dataplane/policies/external_auth/external_auth_config.h"
#include "dataplane/policies/external_auth/flights.h"
#include "dataplane/policies/external_auth/question.h"
#include "dataplane/policies/material.h"

namespace penstock::policies {

// Asks a service about each request; or, where answers are kept, once for all requests about which it would be told the
// same: see answer_cache.h, and flights.h for those that come while it is being asked.
class ExternalAuthPolicy final : public Policy {
 public:
  static StatusOr<std::shared_ptr<const Policy>> Make(std::shared_ptr<const ExternalAuthConfig> config,
                                                      const Material& material);

  Task<Verdict> OnRequest(Exchange& x) const override;
  // The fields that the service gives to the client of a request that it lets in.
  Task<Verdict> OnResponse(Exchange& x) const override;

 private:
  // What one worker knows of the service's answers.
  struct Memory {
    AnswerCache kept;
    Flights flights;
  };
  // Outlives generations that leave the configuration alone.
  struct Memories {
    explicit Memories(int workers) : of_worker(static_cast<size_t>(workers)) {}
    std::vector<std::unique_ptr<Memory>> of_worker;  // made on the worker's thread
  };

  ExternalAuthPolicy(std::shared_ptr<const ExternalAuthConfig> config, std::shared_ptr<Memories> memories)
      : config_(std::move(config)), memories_(std::move(memories)) {}

  Memory& MemoryOf(const Exchange& x) const;
  Task<Verdict> Ask(Question question, Exchange& x) const;
  Task<Verdict> AskForAll(Question question, QuestionKey key, Exchange& x) const;
  // Asks now; the service has until UNTIL. Views live as long as X.
  Task<StatusOr<Answer>> Call(Question question, TimePoint until, Exchange& x) const;
  Landed Keep(const StatusOr<Answer>& answer, const QuestionKey& key, AnswerCache& cache, const Exchange& x) const;

  Verdict Give(AnswerRef kept, Exchange& x) const;
  Verdict Give(const StatusOr<Answer>& answer, Exchange& x) const;
  Verdict Give(const Answer& answer, Exchange& x) const;
  Verdict Fail(std::string_view why, Exchange& x) const;

  const std::shared_ptr<const ExternalAuthConfig> config_;
  const std::shared_ptr<Memories> memories_;  // null: answers are not kept
};

}  // namespace penstock::policies
