#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/base/arena.h"
#include "dataplane/base/ip_address.h"
#include "dataplane/exchange/address_lists.h"
#include "dataplane/policies/cidr_set/cidr_set.h"
#include "dataplane/policies/config.h"
#include "google/protobuf/any.pb.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// What an address filter says of one address.
struct AddressDecision {
  enum class Kind {
    kNotDenied,   // and there is no list of those who may come
    kAllowed,     // in that list
    kDenied,      // in the list of those who may not, whatever the other says
    kNotAllowed,  // not in the list of those who may
  };
  Kind kind = Kind::kNotDenied;
  std::string_view list;  // the AddressList that decides; "" none

  bool refuses() const { return kind >= Kind::kDenied; }
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

  // LISTS may be null: then they hold nobody.
  AddressDecision Decide(const IpAddress& address, const penstock::AddressLists* lists) const;
  // "denied by 203.0.113.0/24", "not in the allow list"; static, or in ARENA. REQUIRES: DECISION is that on ADDRESS.
  std::string_view Why(const AddressDecision& decision, const IpAddress& address, Arena& arena) const;

  std::string Describe() const override;
  Judgement Judge(Exchange& x, const Facts& facts) const override;
  bool SeesPreflights() const override { return true; }
  std::vector<std::string> AddressLists() const override;

 private:
  AddressFilterConfig() = default;

  // The addresses of one side.
  struct Side {
    CidrSet blocks;
    std::vector<std::string> lists;

    bool empty() const { return blocks.empty() && lists.empty(); }
    std::string Text() const;
    // "" if ADDRESS is in BLOCKS, a list that has it, or nullopt.
    std::optional<std::string_view> Find(const IpAddress& address, const penstock::AddressLists* lists) const;
    std::string_view WhereText(const AddressDecision& decision, const IpAddress& address, Arena& arena) const;
  };

  Side allow_;
  Side deny_;
};

}  // namespace penstock::policies
