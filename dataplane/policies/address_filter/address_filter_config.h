#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dataplane/base/arena.h"
#include "dataplane/base/ip_address.h"
#include "dataplane/policies/cidr_set/cidr_set.h"
#include "dataplane/policies/config.h"
#include "google/protobuf/any.pb.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// What an address filter says of one address.
enum class AddressDecision {
  kNotDenied,   // and there is no list of those who may come
  kAllowed,     // in that list
  kDenied,      // in the list of those who may not, whatever the other says
  kNotAllowed,  // not in the list of those who may
};

// Who may come, by the client's address (http::FindClient). A peer of a Unix socket has none: he counts as 0.0.0.0,
// which no peer of a network has, as he does for trusted proxies. So a list of those who may come lets him in if it
// names 0.0.0.0/32, or everybody. Valid by existing, immutable.
class AddressFilterConfig : public PolicyConfig {
 public:
  // InvalidArgument begins with the field's path ("deny[1]: ..."). A filter without any block is refused: whoever took
  // the last one out of `allow` did not mean that everybody may come.
  static absl::StatusOr<std::shared_ptr<const AddressFilterConfig>> Compile(const xds::v1::AddressFilter& config);
  static absl::StatusOr<PolicyConfigPtr> CompileAny(const google::protobuf::Any& config);

  AddressDecision Decide(const IpAddress& address) const;
  static bool Refuses(AddressDecision decision) { return decision >= AddressDecision::kDenied; }
  // "denied by 203.0.113.0/24", "not in the allow list"; static, or in ARENA. REQUIRES: DECISION is that on ADDRESS.
  std::string_view Why(AddressDecision decision, const IpAddress& address, Arena& arena) const;

  std::string Describe() const override;
  Judgement Judge(Exchange& x, const Facts& facts) const override;
  bool SeesPreflights() const override { return true; }

 private:
  AddressFilterConfig() = default;

  CidrSet allow_;
  CidrSet deny_;
};

}  // namespace penstock::policies
