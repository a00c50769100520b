#include "controlplane/translator/access_wire.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/resource.h"
#include "controlplane/translator/secret_contents.h"
#include "controlplane/translator/values.h"
#include "proto/penstock/xds/v1/address_list.pb.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using google::protobuf::Duration;

// The resource for one key of a Secret of `ns`; "" if it is not there.
std::string SecretResourceFor(const std::string& ns, const std::string& name, std::string_view key, Reader& reader,
                              std::vector<std::string>& secrets) {
  SecretId id{.use = SecretId::Use::kValue, .config_map = false, .ns = ns, .name = name, .key = std::string(key)};
  const Upsert* upsert = reader.Object(id.Object());
  if (upsert == nullptr || !ValueOf(*upsert->object, key).has_value()) return "";
  secrets.push_back(id.ToString());
  return secrets.back();
}

// The resources for authorities; those that are not there are left out, which trusts fewer.
void AddAuthorities(const api::Jwks& jwks, const std::string& ns, Reader& reader, std::vector<std::string>& secrets,
                    wire::RemoteKeys& remote) {
  for (const api::LocalObjectReference& ref : jwks.ca_certificate_refs()) {
    SecretId id{
        .use = SecretId::Use::kAuthorities, .config_map = ref.kind() == "ConfigMap", .ns = ns, .name = ref.name()};
    const Upsert* upsert = reader.Object(id.Object());
    if (upsert == nullptr || upsert->contents == nullptr || upsert->contents->Fault(id.use).has_value()) continue;
    secrets.push_back(id.ToString());
    remote.add_ca(secrets.back());
  }
}

void SetKeys(const api::Jwks& jwks, const std::string& ns, Reader& reader, std::vector<std::string>& secrets,
             wire::JwtProvider& out) {
  if (!jwks.inline_().empty()) return out.set_inline_jwks(jwks.inline_());
  if (jwks.has_secret_ref()) {
    std::string secret = SecretResourceFor(ns, jwks.secret_ref().name(), kJwksKey, reader, secrets);
    if (!secret.empty()) out.set_secret(secret);
    return;
  }
  wire::RemoteKeys remote;
  remote.set_uri(jwks.uri());
  WithDuration(jwks.cache_duration(), [&](const Duration& d) { *remote.mutable_cache_duration() = d; });
  WithDuration(jwks.max_stale(), [&](const Duration& d) { *remote.mutable_max_stale() = d; });
  remote.set_allow_private_addresses(jwks.allow_private_addresses());
  AddAuthorities(jwks, ns, reader, secrets, remote);
  // Whoever names authorities, and none of them is there, does not want the system's instead.
  if (remote.ca().empty() && !jwks.ca_certificate_refs().empty()) return;
  *out.mutable_remote() = std::move(remote);
}

wire::ClaimMatch ClaimMatchOf(const api::ClaimCondition& claim) {
  wire::ClaimMatch out;
  out.set_name(claim.name());
  *out.mutable_values() = claim.in();
  return out;
}

wire::TokenSource TokenSourceOf(const api::TokenPlace& place) {
  wire::TokenSource out;
  if (!place.header().empty()) out.set_header(Lower(place.header()));
  if (!place.query().empty()) out.set_query(place.query());
  if (!place.cookie().empty()) out.set_cookie(place.cookie());
  out.set_prefix(place.prefix());
  return out;
}

wire::JwtProvider ProviderOf(const api::JwtProvider& provider, const std::string& ns, Reader& reader,
                             std::vector<std::string>& secrets) {
  wire::JwtProvider out;
  out.set_name(provider.name());
  out.set_issuer(provider.issuer());
  *out.mutable_audiences() = provider.audiences();
  *out.mutable_algorithms() = provider.algorithms();
  SetKeys(provider.jwks(), ns, reader, secrets, out);
  WithDuration(provider.clock_skew(), [&](const Duration& d) { *out.mutable_leeway() = d; });
  for (const api::ClaimCondition& claim : provider.required_claims()) *out.add_required_claims() = ClaimMatchOf(claim);
  for (const api::TokenPlace& place : provider.from()) *out.add_sources() = TokenSourceOf(place);
  for (const api::ClaimToHeader& row : provider.claim_to_headers()) {
    wire::ClaimHeader& to = *out.add_claim_headers();
    to.set_claim(row.claim());
    to.set_header(Lower(row.header()));
  }
  out.set_strip_token(provider.has_forward_token() && !provider.forward_token());
  WithDuration(provider.cache_duration(), [&](const Duration& d) { *out.mutable_cache_ttl() = d; });
  out.set_allow_missing_exp(provider.allow_missing_expiry());
  return out;
}

wire::PathCondition PathConditionOf(const api::PathCondition& path) {
  wire::PathCondition out;
  if (path.type() == "Exact") {
    out.set_exact(path.value());
  } else if (path.type() == "RegularExpression") {
    out.set_regex(path.value());
  } else {
    out.set_prefix(path.value());
  }
  return out;
}

wire::TimeWindow TimeWindowOf(const api::TimeCondition& time) {
  constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  wire::TimeWindow out;
  out.set_from_minute(ParseMinute(time.from()).value_or(0));
  out.set_to_minute(ParseMinute(time.to()).value_or(24 * 60));
  for (const std::string& day : time.days()) {
    auto found = std::find(std::begin(kDays), std::end(kDays), day);
    out.add_days(static_cast<uint32_t>(found - std::begin(kDays)));
  }
  return out;
}

wire::Condition ConditionOf(const api::RequestCondition& when, const std::string& ns) {
  wire::Condition out;
  *out.mutable_roles() = when.roles();
  out.set_roles_claim(when.roles_claim());
  *out.mutable_scopes() = when.scopes();
  for (const api::ClaimCondition& claim : when.claims()) *out.add_claims() = ClaimMatchOf(claim);
  if (when.has_jwt_claim()) *out.add_claims() = ClaimMatchOf(when.jwt_claim());
  *out.mutable_subjects() = when.subjects();
  for (const std::string& consumer : when.consumers()) out.add_consumers(manifests::Cat(ns, '/', consumer));
  *out.mutable_plans() = when.plans();
  *out.mutable_methods() = when.methods();
  for (const api::PathCondition& path : when.paths()) *out.add_paths() = PathConditionOf(path);
  for (const api::HeaderCondition& header : when.headers()) {
    wire::HeaderCondition& to = *out.add_headers();
    to.set_name(Lower(header.name()));
    *to.mutable_values() = header.in();
  }
  *out.mutable_addresses() = when.addresses();
  for (const api::TimeCondition& time : when.times()) *out.add_times() = TimeWindowOf(time);
  out.set_authenticated(when.authenticated());
  return out;
}

void AddKeyParts(const api::LimitKey& key, google::protobuf::RepeatedPtrField<wire::KeyPart>& out) {
  if (key.client_address()) out.Add()->set_client_address(true);
  if (!key.jwt_claim().empty()) out.Add()->set_claim(key.jwt_claim());
  if (!key.header().empty()) out.Add()->set_header(Lower(key.header()));
  if (key.path()) out.Add()->set_path(true);
  if (key.method()) out.Add()->set_method(true);
  if (key.consumer()) out.Add()->set_consumer(true);
}

wire::RateLimitRule::Algorithm AlgorithmOf(const std::string& text) {
  if (text == "FixedWindow") return wire::RateLimitRule::FIXED_WINDOW;
  if (text == "TokenBucket") return wire::RateLimitRule::TOKEN_BUCKET;
  if (text == "LeakyBucket") return wire::RateLimitRule::LEAKY_BUCKET;
  return wire::RateLimitRule::SLIDING_WINDOW;
}

void SetLimit(const api::LimitRule& rule, wire::RateLimitRule& out) {
  constexpr int kDefaultDelaySeconds = 1;
  out.set_algorithm(AlgorithmOf(rule.limit().algorithm()));
  out.set_requests(static_cast<uint64_t>(rule.limit().requests()));
  if (std::optional<Duration> per = ParsePer(rule.limit().per()); per.has_value()) *out.mutable_per() = *per;
  out.set_burst(static_cast<uint64_t>(rule.limit().burst()));
  if (out.algorithm() == wire::RateLimitRule::LEAKY_BUCKET) out.mutable_max_delay()->set_seconds(kDefaultDelaySeconds);
  WithDuration(rule.limit().max_delay(), [&](const Duration& d) { *out.mutable_max_delay() = d; });
  out.set_cost(static_cast<uint32_t>(rule.cost()));
}

// `key` is that of the policy.
wire::RateLimitRule LimitRuleOf(const api::LimitRule& rule, const api::LimitKey* key, const std::string& ns,
                                int place) {
  wire::RateLimitRule out;
  out.set_name(LimitRuleName(rule, place));
  if (rule.has_when()) *out.mutable_condition() = ConditionOf(rule.when(), ns);
  if (rule.has_key()) key = &rule.key();
  if (key == nullptr) {
    out.add_key()->set_client_address(true);
  } else {
    AddKeyParts(*key, *out.mutable_key());
  }
  if (rule.has_concurrency()) {
    out.set_concurrency(static_cast<uint32_t>(rule.concurrency()));
  } else {
    SetLimit(rule, out);
  }
  out.set_shadow(rule.shadow());
  out.set_also(rule.also());
  return out;
}

wire::RedisStore RedisOf(const api::RedisStore& redis, const std::string& ns, Reader& reader,
                         std::vector<std::string>& secrets) {
  wire::RedisStore out;
  out.set_address(redis.address());
  out.set_user(redis.user());
  if (!redis.password_secret().empty())
    out.set_secret(SecretResourceFor(ns, redis.password_secret(), kPasswordKey, reader, secrets));
  out.set_database(static_cast<uint32_t>(redis.database()));
  WithDuration(redis.timeout(), [&](const Duration& d) { *out.mutable_timeout() = d; });
  out.set_on_failure(redis.on_failure() == "Closed"  ? wire::RedisStore::CLOSED
                     : redis.on_failure() == "Local" ? wire::RedisStore::LOCAL
                                                     : wire::RedisStore::OPEN);
  return out;
}

}  // namespace

wire::AddressFilter AddressFilterOf(const api::IpFilter& filter) {
  wire::AddressFilter out;
  *out.mutable_allow() = filter.allow();
  *out.mutable_deny() = filter.deny();
  *out.mutable_allow_lists() = filter.allow_lists();
  *out.mutable_deny_lists() = filter.deny_lists();
  return out;
}

ResourcePtr AddressListResource(const ObjectKey& key, const api::AddressListSpec& spec) {
  wire::AddressList list;
  list.set_name(NamespacedName(key));
  *list.mutable_addresses() = spec.addresses();
  return MakeResource(list.name(), list, {});
}

wire::Jwt JwtOf(const api::JwtAuthentication& jwt, const std::string& ns, Reader& reader,
                std::vector<std::string>& secrets) {
  wire::Jwt out;
  for (const api::JwtProvider& provider : jwt.providers()) {
    *out.add_providers() = ProviderOf(provider, ns, reader, secrets);
  }
  return out;
}

wire::BasicAuthentication BasicOf(const api::BasicAuthentication& basic, const std::string& ns, Reader& reader,
                                  std::vector<std::string>& secrets) {
  wire::BasicAuthentication out;
  out.set_secret(SecretResourceFor(ns, basic.secret_ref().name(), kHtpasswdKey, reader, secrets));
  out.set_namespace_(ns);
  WithDuration(basic.cache_duration(), [&](const Duration& d) { *out.mutable_cache_ttl() = d; });
  out.set_strip_credentials(!basic.forward_credentials());
  return out;
}

wire::ApiKeyAuthentication ApiKeyOf(const api::ApiKeyAuthentication& key) {
  wire::ApiKeyAuthentication out;
  for (const api::TokenPlace& place : key.from()) *out.add_sources() = TokenSourceOf(place);
  out.set_strip_key(key.has_forward_key() && !key.forward_key());
  return out;
}

wire::Authentication AuthenticationOf(const api::SecurityPolicySpec& spec) {
  wire::Authentication out;
  out.set_realm(spec.basic().realm());
  for (const api::AuthenticationStep& step : spec.require().all_of())
    *out.add_all_of()->mutable_any_of() = step.any_of();
  if (!out.all_of().empty()) return out;
  wire::AuthenticationStep step;
  if (spec.has_jwt()) step.add_any_of("jwt");
  if (spec.has_basic()) step.add_any_of("basic");
  if (spec.has_api_key()) step.add_any_of("apiKey");
  if (spec.has_client_certificate()) step.add_any_of("clientCertificate");
  if (!step.any_of().empty()) *out.add_all_of() = std::move(step);
  return out;
}

wire::Authorization AuthorizationOf(const api::Authorization& authorization, const std::string& ns) {
  wire::Authorization out;
  for (const api::AuthorizationRule& rule : authorization.rules()) {
    wire::AuthorizationRule& to = *out.add_rules();
    to.set_name(rule.name());
    to.set_deny(rule.action() == "Deny");
    if (rule.has_when()) *to.mutable_condition() = ConditionOf(rule.when(), ns);
  }
  return out;
}

wire::RateLimit RateLimitOf(const api::RateLimitPolicySpec& spec, const std::string& rules_ns, const std::string& ns,
                            Reader& reader, std::vector<std::string>& secrets) {
  wire::RateLimit out;
  const api::LimitKey* key = spec.has_key() ? &spec.key() : nullptr;
  for (int i = 0; i < spec.rules_size(); ++i) *out.add_rules() = LimitRuleOf(spec.rules(i), key, rules_ns, i);
  if (spec.has_redis()) *out.mutable_redis() = RedisOf(spec.redis(), ns, reader, secrets);
  out.set_hide_headers(spec.has_headers() && !spec.headers());
  return out;
}

std::string LimitRuleName(const api::LimitRule& rule, int place) {
  return rule.name().empty() ? manifests::Cat("rule-", place + 1) : rule.name();
}

std::optional<Duration> ParsePer(const std::string& text) {
  struct Unit {
    std::string_view name;
    int64_t seconds;
  };
  constexpr Unit kUnits[] = {{"Second", 1}, {"Minute", 60}, {"Hour", 3600}, {"Day", 24 * 3600}};
  for (const Unit& unit : kUnits) {
    if (unit.name != text) continue;
    Duration duration;
    duration.set_seconds(unit.seconds);
    return duration;
  }
  std::optional<Duration> duration = ParseDuration(text);
  return duration.has_value() && !IsZero(*duration) ? duration : std::nullopt;
}

std::optional<uint32_t> ParseMinute(std::string_view text) {
  uint32_t hours = 0;
  uint32_t minutes = 0;
  bool form = text.size() == 5 && text[2] == ':' && manifests::ReadNumber(text.substr(0, 2), hours) &&
              manifests::ReadNumber(text.substr(3), minutes);
  if (!form || minutes > 59 || hours * 60 + minutes > 24 * 60) return std::nullopt;
  return hours * 60 + minutes;
}

}  // namespace penstock::translator
