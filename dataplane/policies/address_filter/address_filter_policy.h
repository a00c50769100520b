#pragma once

#include <memory>
#include <utility>

#include "dataplane/exchange/policy.h"
#include "dataplane/policies/address_filter/address_filter_config.h"

namespace penstock::policies {

// The address filter of a chain. The exchange's detail names the block that denies.
class AddressFilterPolicy final : public Policy {
 public:
  explicit AddressFilterPolicy(std::shared_ptr<const AddressFilterConfig> config) : config_(std::move(config)) {}

  Task<Verdict> OnRequest(Exchange& x) const override;
  bool SeesPreflights() const override { return config_->SeesPreflights(); }

 private:
  std::shared_ptr<const AddressFilterConfig> config_;
};

}  // namespace penstock::policies
