// Parts of SecurityPolicies and RateLimitPolicies -> configurations of policies (proto/penstock/xds/v1/security.proto).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/manifests/v1/addresslist.pb.h"
#include "api/manifests/v1/ratelimitpolicy.pb.h"
#include "api/manifests/v1/securitypolicy.pb.h"
#include "controlplane/translator/reader.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::translator {

// The names of lists are those of their resources.
penstock::xds::v1::AddressFilter AddressFilterOf(const api::IpFilter& filter);
ResourcePtr AddressListResource(const ObjectKey& key, const api::AddressListSpec& spec);

// `ns`: of the policy, where its Secrets are. A Secret that is not there leaves the provider without keys, so that none
// of its tokens can be verified.
penstock::xds::v1::Jwt JwtOf(const api::JwtAuthentication& jwt, const std::string& ns, Reader& reader,
                             std::vector<std::string>& secrets);

// `ns` as above: a Secret that is not there leaves nobody known.
penstock::xds::v1::BasicAuthentication BasicOf(const api::BasicAuthentication& basic, const std::string& ns,
                                               Reader& reader, std::vector<std::string>& secrets);

penstock::xds::v1::ApiKeyAuthentication ApiKeyOf(const api::ApiKeyAuthentication& key);

// Without steps: nothing has to be proven.
penstock::xds::v1::Authentication AuthenticationOf(const api::SecurityPolicySpec& spec);
// `ns`: of the policy, where its Consumers are.
penstock::xds::v1::Authorization AuthorizationOf(const api::Authorization& authorization, const std::string& ns);

// Without `policy`. `rules_ns` is that of the policy with the rules, `ns` of that with the Redis.
penstock::xds::v1::RateLimit RateLimitOf(const api::RateLimitPolicySpec& spec, const std::string& rules_ns,
                                         const std::string& ns, Reader& reader, std::vector<std::string>& secrets);

// As logs and clients are told it; "rule-3" if the third one has none.
std::string LimitRuleName(const api::LimitRule& rule, int place);

// "Minute" or "10s"; nullopt if it is neither, or no time at all.
std::optional<google::protobuf::Duration> ParsePer(const std::string& text);
// "08:30" -> 510; nullopt if it is no time of the day. "24:00" is one.
std::optional<uint32_t> ParseMinute(std::string_view text);

// The keys of the Secrets that policies name.
inline constexpr std::string_view kJwksKey = "jwks";
inline constexpr std::string_view kHtpasswdKey = "htpasswd";
inline constexpr std::string_view kPasswordKey = "password";

}  // namespace penstock::translator
