#include "dataplane/policies/address_filter/address_filter_config.h"

#include "dataplane/base/status.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/policies/unpack.h"

namespace penstock::policies {
absl::StatusOr<std::shared_ptr<const AddressFilterConfig>> AddressFilterConfig::Compile(
    const xds::v1::AddressFilter& config) {
  std::shared_ptr<AddressFilterConfig> result(new AddressFilterConfig);
  ASSIGN_OR_RETURN(result->allow_.blocks, CidrSet::Parse(config.allow(), "allow"));
  ASSIGN_OR_RETURN(result->deny_.blocks, CidrSet::Parse(config.deny(), "deny"));
  result->allow_.lists.assign(config.allow_lists().begin(), config.allow_lists().end());
  result->deny_.lists.assign(config.deny_lists().begin(), config.deny_lists().end());
  if (result->allow_.empty() && result->deny_.empty()) {
    return absl::InvalidArgumentError("allow: has no block, nor has deny: everybody would be let in");
  }
  return std::shared_ptr<const AddressFilterConfig>(std::move(result));
}

absl::StatusOr<PolicyConfigPtr> AddressFilterConfig::CompileAny(const google::protobuf::Any& config) {
  xds::v1::AddressFilter message;
  RETURN_IF_ERROR(Unpack(config, message));
  ASSIGN_OR_RETURN(PolicyConfigPtr compiled, Compile(message));
  return compiled;
}

std::optional<std::string_view> AddressFilterConfig::Side::Find(const IpAddress& address,
                                                                const penstock::AddressLists* known) const {
  if (blocks.Contains(address)) return "";
  for (const std::string& list : lists) {
    if (known != nullptr && known->Contains(list, address)) return list;
  }
  return std::nullopt;
}

std::string_view AddressFilterConfig::Side::WhereText(const AddressDecision& decision, const IpAddress& address,
                                                      Arena& arena) const {
  if (!decision.list.empty()) return arena.Concat({"AddressList ", decision.list});
  return blocks.Find(address)->Text(arena);
}

// "10.0.0.0/8, 192.0.2.0/24, AddressList shop/offices"
std::string AddressFilterConfig::Side::Text() const {
  std::string text = blocks.empty() ? "" : blocks.Text();
  for (const std::string& list : lists) text += StrCat(text.empty() ? "" : ", ", "AddressList ", list);
  return text;
}

AddressDecision AddressFilterConfig::Decide(const IpAddress& address, const penstock::AddressLists* lists) const {
  using Kind = AddressDecision::Kind;
  std::optional<std::string_view> denied = deny_.Find(address, lists);
  if (denied.has_value()) return {Kind::kDenied, *denied};
  if (allow_.empty()) return {};
  std::optional<std::string_view> allowed = allow_.Find(address, lists);
  if (allowed.has_value()) return {Kind::kAllowed, *allowed};
  return {Kind::kNotAllowed, ""};
}

std::string_view AddressFilterConfig::Why(const AddressDecision& decision, const IpAddress& address,
                                          Arena& arena) const {
  switch (decision.kind) {
    case AddressDecision::Kind::kNotDenied:
      return "not in the deny list";
    case AddressDecision::Kind::kAllowed:
      return arena.Concat({"allowed by ", allow_.WhereText(decision, address, arena)});
    case AddressDecision::Kind::kDenied:
      return arena.Concat({"denied by ", deny_.WhereText(decision, address, arena)});
    case AddressDecision::Kind::kNotAllowed:
      return "not in the allow list";
  }
  return "";
}

std::string AddressFilterConfig::Describe() const {
  std::string text = deny_.empty() ? "" : StrCat("denies ", deny_.Text());
  if (!allow_.empty()) text += StrCat(text.empty() ? "" : "; ", "allows only ", allow_.Text());
  return text;
}

std::vector<std::string> AddressFilterConfig::AddressLists() const {
  std::vector<std::string> names = allow_.lists;
  names.insert(names.end(), deny_.lists.begin(), deny_.lists.end());
  return names;
}

Judgement AddressFilterConfig::Judge(Exchange& x, const Facts&) const {
  AddressDecision decision = Decide(x.client.address, x.address_lists);
  std::string why = StrCat(x.client_text, " is ", Why(decision, x.client.address, x.arena));
  return decision.refuses() ? Judgement::Deny(Reason::kAddressDenied, why) : Judgement::Pass(why);
}

}  // namespace penstock::policies
