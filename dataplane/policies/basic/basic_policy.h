#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "dataplane/exchange/policy.h"
#include "dataplane/passwords/checker.h"
#include "dataplane/passwords/user_file.h"
#include "dataplane/policies/basic/basic_config.h"
#include "dataplane/policies/basic/basic_credentials.h"
#include "dataplane/policies/material.h"

namespace penstock::policies {

// Notes in the exchange's identity which user it is of, if the password is his: known from before, or computed by the
// threads of the Checker while the exchange waits. Never answers: what must be proven is the policy "authentication"'s
// to say.
class BasicPolicy final : public Policy {
 public:
  // How long a request waits for its check.
  static constexpr Duration kMaxWait = std::chrono::seconds(5);

  static StatusOr<std::shared_ptr<const Policy>> Make(std::shared_ptr<const BasicConfig> config,
                                                      const Material& material);

  Task<Verdict> OnRequest(Exchange& x) const override;

 private:
  // What was found out, per worker; of all policies, over generations.
  struct Results {
    explicit Results(int workers) : of_worker(static_cast<size_t>(workers)) {}
    std::vector<std::unique_ptr<passwords::ResultCache>> of_worker;  // made on the worker's thread
  };
  // One user and password that are to be judged. Views live as long as the exchange.
  struct Claim {
    std::string_view user;
    std::string_view password;
    passwords::Subject subject;
    passwords::Digest digest;
  };

  BasicPolicy(std::shared_ptr<const BasicConfig> config, std::shared_ptr<const passwords::UserFile> users,
              passwords::Checker* checker, std::shared_ptr<Results> results)
      : config_(std::move(config)), users_(std::move(users)), checker_(checker), results_(std::move(results)) {}

  passwords::ResultCache& ResultsOf(const Exchange& x) const;
  Task<Verdict> Check(Claim claim, Exchange& x) const;
  void Note(const Claim& claim, bool right, Exchange& x) const;

  const std::shared_ptr<const BasicConfig> config_;
  const std::shared_ptr<const passwords::UserFile> users_;  // null: there are none
  passwords::Checker* const checker_;                       // null only if there are no users
  const std::shared_ptr<Results> results_;
};

}  // namespace penstock::policies
