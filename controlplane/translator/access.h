// Who may ask for what and how much: SecurityPolicies and RateLimitPolicies -> PolicyChains.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "api/manifests/v1/ratelimitpolicy.pb.h"
#include "api/manifests/v1/securitypolicy.pb.h"
#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"
#include "proto/penstock/xds/v1/policy.pb.h"

namespace penstock::translator {

// A listener as policies see it.
struct ListenerPlace {
  ObjectKey gateway;
  ObjectKey owner;  // the Gateway or ListenerSet that it is written in
  std::string_view name;
};

// What counts in one place: field by field that of the closest policy, among equally close ones of the oldest. A field
// is taken as a whole, but for ipFilter: those who may come, deny and denyLists each by themselves. Whether nothing has
// to be proven (`anonymous`) is said by the closest ones together: a demand of one of them wins.
struct Access {
  api::SecurityPolicySpec security;
  api::RateLimitPolicySpec limits;
  // Which policy a field of one of the specs is from ("jwt", "rules"): the closest one that has it.
  std::map<std::string, ObjectKey, std::less<>> origins;
};

// Overrides of the Gateway, then policies on the listener, on the ListenerSet, on the Gateway.
Access AccessOfListener(const ListenerPlace& listener, Reader& reader);
// Overrides of the Gateway, then policies on the rule, on the route, and those of the listener.
Access AccessOfRule(const ListenerPlace& listener, const ObjectKey& route, std::string_view rule, Reader& reader);
// Is there a SecurityPolicy or RateLimitPolicy on the route or one of its rules?
bool HasAccessPolicies(const ObjectKey& route, Reader& reader);

// What a chain needs: names of Secret and Cluster resources.
struct ChainNeeds {
  std::vector<std::string> secrets;
  std::vector<std::string> clusters;
};

// The policies of a place, in the order in which they see a request; nullopt: none. Adds to `needs`.
std::optional<penstock::xds::v1::PolicyChain> ChainOf(const Access& access, Reader& reader, ChainNeeds& needs);

// "listener/NAMESPACE/GATEWAY/LISTENER".
std::string ListenerChainName(std::string_view listener);
// "route/NAMESPACE/ROUTE/RULE", with "@LISTENER" behind it where another one of its listeners has another chain.
std::string RuleChainName(std::string_view route, size_t rule, std::string_view listener);

// "SecurityPolicy shop/jwt-everywhere" -> the object. For problems of a chain.
ObjectKey OriginKey(std::string_view origin);

}  // namespace penstock::translator
