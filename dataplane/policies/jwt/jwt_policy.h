#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "dataplane/exchange/policy.h"
#include "dataplane/policies/jwt/jwt_config.h"
#include "dataplane/policies/jwt/key_source.h"
#include "dataplane/policies/jwt/token_cache.h"
#include "dataplane/policies/material.h"

namespace penstock::policies {

// Reads the token of a request, verifies it or finds it verified, and notes what it says in the exchange's identity.
// Never answers: what must be proven is the policy "authentication"'s to say.
class JwtPolicy final : public Policy {
 public:
  // How long a request waits for keys that are on their way.
  static constexpr Duration kMaxWait = std::chrono::seconds(5);

  static StatusOr<std::shared_ptr<const Policy>> Make(std::shared_ptr<const JwtConfig> config,
                                                      const Material& material);

  Task<Verdict> OnRequest(Exchange& x) const override;
  void TellFacts(Exchange& x, TimePoint now, FactTeller tell) const override;

 private:
  // What was verified, per worker; outlives generations that leave the configuration alone.
  struct Caches {
    explicit Caches(int workers) : of_worker(static_cast<size_t>(workers)) {}
    std::vector<std::unique_ptr<TokenCache>> of_worker;  // made on the worker's thread
  };

  JwtPolicy(std::shared_ptr<const JwtConfig> config, std::vector<std::shared_ptr<KeySource>> keys,
            std::shared_ptr<Caches> caches)
      : config_(std::move(config)), keys_(std::move(keys)), caches_(std::move(caches)) {}

  TokenCache& CacheOf(const Exchange& x) const;
  TokenRef FindVerified(const FoundToken& found, Exchange& x) const;
  Task<Verdict> Verify(FoundToken found, Exchange& x) const;
  Task<void> VerifyFor(const JwtProvider& provider, FoundToken found, jose::Token token, Exchange& x) const;
  // The keys, as soon as they are there; nullptr if they are not in time. UNKNOWN: the current ones have not the one
  // that is asked for.
  Task<KeysPtr> KeysFor(size_t provider, bool unknown, Exchange& x) const;
  Task<jose::Proof> Prove(const jose::Token& token, size_t provider, Exchange& x, KeysPtr& keys) const;
  TokenRef Keep(const FoundToken& found, jose::Token token, const jose::Dates& dates, size_t provider,
                uint64_t keys_version, Exchange& x) const;
  void RemoveUnproven(const FoundToken& found, Exchange& x) const;
  void Accept(TokenRef token, Exchange& x) const;

  const std::shared_ptr<const JwtConfig> config_;
  const std::vector<std::shared_ptr<KeySource>> keys_;  // by provider
  const std::shared_ptr<Caches> caches_;
};

}  // namespace penstock::policies
