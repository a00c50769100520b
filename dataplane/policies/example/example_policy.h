#pragma once

#include <memory>

#include "dataplane/exchange/policy.h"
#include "dataplane/policies/example/example_config.h"

namespace penstock::policies {

class ExamplePolicy final : public Policy {
 public:
  explicit ExamplePolicy(std::shared_ptr<const ExampleConfig> config) : config_(std::move(config)) {}

  Task<Verdict> OnRequest(Exchange& x) const override;

 private:
  const std::shared_ptr<const ExampleConfig> config_;
};

}  // namespace penstock::policies
