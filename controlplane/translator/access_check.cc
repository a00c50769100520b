#include "controlplane/translator/access_check.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/access_wire.h"
#include "controlplane/translator/condition_check.h"
#include "controlplane/translator/external_auth.h"
#include "controlplane/translator/secret_contents.h"
#include "controlplane/translator/secret_refs.h"
#include "controlplane/translator/size_check.h"
#include "controlplane/translator/values.h"
#include "dataplane/fetch/uri.h"
#include "dataplane/jose/key_set.h"
#include "dataplane/passwords/user_file.h"
#include "dataplane/redis/server_address.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

// One run over one policy.
class AccessCheck {
 public:
  AccessCheck(const ObjectKey& policy, Reader& reader, FindingSink& findings)
      : policy_(policy), reader_(reader), findings_(findings) {}

  void Check(const api::SecurityPolicySpec& spec) {
    std::set<std::string> issuers;
    for (int i = 0; i < spec.jwt().providers_size(); ++i) {
      const api::JwtProvider& provider = spec.jwt().providers(i);
      std::string path = Cat("spec.jwt.providers[", i, "]");
      if (!issuers.insert(provider.issuer()).second) {
        findings_.Error(path + ".issuer", "E020", Cat("another provider has the issuer \"", provider.issuer(), "\""),
                        "give one provider all audiences, or remove one of the two");
      }
      CheckKeys(provider, path + ".jwks");
      CheckHeaders(provider, path + ".claimToHeaders");
    }
    if (spec.anonymous() && spec.has_require()) {
      findings_.Warning("spec.require", "W220", "anonymous: true of this policy lets everybody in without a proof",
                        "remove one of the two");
    }
    if (spec.has_basic()) CheckUsers(spec.basic());
    for (int i = 0; i < spec.authorization().rules_size(); ++i) {
      const api::AuthorizationRule& rule = spec.authorization().rules(i);
      RuleUse use = rule.action() == "Deny" ? RuleUse::kDeniesOrLimits : RuleUse::kAllows;
      CheckCondition(rule.when(), use, Cat("spec.authorization.rules[", i, "].when"), policy_.ns, reader_, findings_);
    }
    if (spec.has_external()) CheckExternalAuth(spec.external(), policy_, reader_, findings_);
    if (spec.has_ip_filter()) CheckFilter(spec.ip_filter());
  }

  void Check(const api::RateLimitPolicySpec& spec) {
    CheckKey(spec.has_key() ? &spec.key() : nullptr, "spec.key");
    for (int i = 0; i < spec.rules_size(); ++i) CheckRule(spec.rules(i), Cat("spec.rules[", i, "]"));
    CheckDefaultNames(spec);
    CheckOrder(spec);
    CheckConcurrency(spec);
    if (spec.has_redis() && !redis::IsServerAddress(spec.redis().address()))
      findings_.Error("spec.redis.address", "E121", Cat("must be ", redis::kServerAddressForm));
    if (spec.has_redis() && !spec.redis().password_secret().empty())
      CheckValue(spec.redis().password_secret(), kPasswordKey, "spec.redis.passwordSecret",
                 "Redis is asked without a password");
  }

 private:
  // A key of a Secret of the policy's namespace; nullopt: it is not there, which is told.
  std::optional<std::string_view> CheckValue(const std::string& name, std::string_view key, const std::string& path,
                                             std::string_view consequence) {
    const Upsert* secret = reader_.Object(SecretKey(policy_.ns, name));
    if (secret == nullptr) {
      findings_.Unresolved(path, "E101", Cat("Secret \"", name, "\" does not exist; without it ", consequence),
                           reader_.StepForMissing(name, policy_.ns, {"Secret"}));
      return std::nullopt;
    }
    std::optional<std::string_view> value = ValueOf(*secret->object, key);
    if (!value.has_value())
      findings_.Unresolved(path, "E140",
                           Cat("Secret \"", name, "\" has no key \"", key, "\"; without it ", consequence));
    return value;
  }

  void CheckKeySet(std::string_view text, const std::string& path, const api::JwtProvider& provider, bool secret) {
    StatusOr<jose::KeySet> keys = jose::KeySet::Parse(text);
    if (!keys.ok()) {
      findings_.Error(path, "E121", std::string(keys.status().message()),
                      "write a JSON Web Key Set: {\"keys\": [...]}");
      return;
    }
    auto symmetric = [](const jose::Key& key) { return key.algorithms().Contains(jose::Algorithm::kHs256); };
    bool some = std::any_of(keys->keys().begin(), keys->keys().end(), symmetric);
    bool all = std::all_of(keys->keys().begin(), keys->keys().end(), symmetric);
    bool wanted = std::any_of(provider.algorithms().begin(), provider.algorithms().end(),
                              [](const std::string& name) { return name.starts_with("HS"); });
    if (some && all && secret && !wanted) {
      findings_.Error(
          path, "E121",
          "the key set holds only secret keys (kty oct), and algorithms names none that they are for, so "
          "that no token would hold",
          "add algorithms: [HS256] to the provider, or those of HS256, HS384 and HS512 that its issuer uses");
    }
    if (some && !secret) {
      findings_.Error(path, "E121", "a secret key (kty oct) does not belong into a policy, which everybody may read",
                      "put the key set into a Secret, and name it in secretRef");
    }
  }

  // The problem names a line of the file, and no byte of a hash.
  void CheckUsers(const api::BasicAuthentication& basic) {
    constexpr int64_t kMostSeconds = 24 * 3600;
    std::optional<google::protobuf::Duration> kept = ParseDuration(basic.cache_duration());
    if (kept.has_value() && kept->seconds() > kMostSeconds)
      findings_.Error("spec.basic.cacheDuration", "E121", "a password is computed again after 24h at the latest");
    const std::string path = "spec.basic.secretRef.name";
    const std::string& name = basic.secret_ref().name();
    std::optional<std::string_view> text = CheckValue(name, kHtpasswdKey, path, "nobody can prove to be a user");
    if (!text.has_value()) return;
    StatusOr<passwords::UserFile> file = passwords::UserFile::Parse(*text);
    if (file.ok()) return;
    findings_.Error(path, "E121",
                    Cat("Secret \"", name, "\", key \"", kHtpasswdKey, "\": ", std::string(file.status().message())));
  }

  void CheckUri(const api::Jwks& jwks, const std::string& path) {
    bool http = jwks.uri().starts_with("http://");
    if (!http && !jwks.uri().starts_with("https://")) {
      findings_.Error(path + ".uri", "E121", "the URI must begin with https://");
    } else if (http && !jwks.allow_private_addresses()) {
      findings_.Error(path + ".uri", "E121", "whoever stands between could make keys of his own",
                      "use https; inside your own network: allowPrivateAddresses: true");
    } else if (StatusOr<fetch::Uri> uri = fetch::ParseUri(jwks.uri(), fetch::Schemes::kAlsoHttp); !uri.ok()) {
      findings_.Error(path + ".uri", "E121", std::string(uri.status().message()));
    }
  }

  void CheckKeys(const api::JwtProvider& provider, const std::string& path) {
    const api::Jwks& jwks = provider.jwks();
    constexpr std::string_view kNobody = "none of the provider's tokens can be verified";
    if (!jwks.inline_().empty()) CheckKeySet(jwks.inline_(), path + ".inline", provider, false);
    if (!jwks.uri().empty()) CheckUri(jwks, path);
    if (jwks.has_secret_ref()) {
      std::string_view text =
          CheckValue(jwks.secret_ref().name(), kJwksKey, path + ".secretRef.name", kNobody).value_or("");
      if (!text.empty()) CheckKeySet(text, path + ".secretRef.name", provider, true);
    }
    for (int i = 0; i < jwks.ca_certificate_refs_size(); ++i) {
      ResolveSecret(SecretRef(jwks.ca_certificate_refs(i)), SecretId::Use::kAuthorities,
                    Cat(path, ".caCertificateRefs[", i, "]"), policy_,
                    {.only_one = jwks.ca_certificate_refs_size() == 1, .consequence = "the keys cannot be fetched"},
                    reader_, findings_);
    }
  }

  // Fields of claims are taken away from what clients send.
  void CheckHeaders(const api::JwtProvider& provider, const std::string& path) {
    std::set<std::string> names;
    for (int i = 0; i < provider.claim_to_headers_size(); ++i) {
      std::string name = Lower(provider.claim_to_headers(i).header());
      std::string at = Cat(path, "[", i, "].header");
      if (name == "authorization" || name == "cookie") {
        findings_.Error(at, "E121", Cat(name, " holds credentials of clients, which would be taken away"),
                        "choose another field, such as x-user-id");
      } else if (!names.insert(name).second) {
        findings_.Error(at, "E020", Cat("another claim is written to ", name), "give each claim a field of its own");
      }
    }
  }

  void CheckKey(const api::LimitKey* key, const std::string& path) {
    if (key == nullptr) return;
    bool some = key->client_address() || !key->jwt_claim().empty() || !key->header().empty() || key->path() ||
                key->method() || key->consumer();
    if (some && key->everybody()) {
      findings_.Error(path + ".everybody", "E121", "one counter for everybody has no other part");
    } else if (!some && !key->everybody()) {
      findings_.Error(path, "E121", "a key has at least one part",
                      "write what counters are kept for, or everybody: true for a single one");
    }
  }

  void CheckRule(const api::LimitRule& rule, const std::string& path) {
    if (rule.has_key()) CheckKey(&rule.key(), path + ".key");
    CheckCondition(rule.when(), RuleUse::kDeniesOrLimits, path + ".when", policy_.ns, reader_, findings_);
    if (rule.has_concurrency() && rule.has_cost())
      findings_.Error(path + ".cost", "E121", "a request in progress counts once", "remove it, or use limit");
    const api::Limit& limit = rule.limit();
    if (!limit.per().empty() && !ParsePer(limit.per()).has_value()) {
      findings_.Error(path + ".limit.per", "E121", Cat("\"", limit.per(), "\" is no time"),
                      "write Second, Minute, Hour, Day, or a duration such as 10s");
    }
    if (limit.has_burst() && limit.algorithm() != "TokenBucket")
      findings_.Error(path + ".limit.burst", "E121", "only a TokenBucket has a burst", "add algorithm: TokenBucket");
    if (!limit.max_delay().empty() && limit.algorithm() != "LeakyBucket")
      findings_.Error(path + ".limit.maxDelay", "E121", "only a LeakyBucket delays", "add algorithm: LeakyBucket");
    int64_t most = limit.has_burst() ? limit.burst() : limit.requests();
    if (rule.has_cost() && rule.has_limit() && rule.cost() > most) {
      findings_.Warning(path + ".cost", "W225", Cat("at most ", most, " at once: every request is refused"),
                        "write a smaller cost, or a larger limit");
    }
  }

  // Logs and clients are told the name, and counters go by it.
  void CheckDefaultNames(const api::RateLimitPolicySpec& spec) {
    for (int i = 0; i < spec.rules_size(); ++i) {
      for (int j = 0; j < spec.rules_size(); ++j) {
        if (!spec.rules(j).name().empty() || spec.rules(i).name() != LimitRuleName(spec.rules(j), j)) continue;
        findings_.Error(
            Cat("spec.rules[", i, "].name"), "E020",
            Cat("rules[", j, "] of this list, which has no name, is called \"", spec.rules(i).name(), "\" too"),
            "give each a name of its own");
      }
    }
  }

  // A rule for every request lets none come to those behind it.
  void CheckOrder(const api::RateLimitPolicySpec& spec) {
    const auto& rules = spec.rules();
    auto last = std::find_if(rules.begin(), rules.end(), [](const api::LimitRule& rule) {
      // A condition that says nothing holds for every request, too.
      return rule.when().ByteSizeLong() == 0 && !rule.also() && !rule.shadow();
    });
    int first_dead = static_cast<int>(last - rules.begin()) + 1;
    for (int i = first_dead; i < rules.size(); ++i) {
      findings_.Warning(
          Cat("spec.rules[", i, "]"), "W216",
          Cat(RuleText(spec, i), " never counts: ", RuleText(spec, first_dead - 1), " before it is for every request"),
          "put it before that rule, or write also: true into that rule");
    }
  }

  // Somebody who names a store for all may think that it counts everything.
  void CheckConcurrency(const api::RateLimitPolicySpec& spec) {
    if (!spec.has_redis()) return;
    auto rule = std::find_if(spec.rules().begin(), spec.rules().end(),
                             [](const api::LimitRule& r) { return r.has_concurrency(); });
    if (rule == spec.rules().end()) return;
    int place = static_cast<int>(rule - spec.rules().begin());
    findings_.Warning(Cat("spec.rules[", place, "].concurrency"), "W217",
                      Cat("each data plane counts ", RuleText(spec, place), " for itself; Redis does not"),
                      "divide the bound by the number of data planes");
  }

  static std::string RuleText(const api::RateLimitPolicySpec& spec, int place) {
    const std::string& name = spec.rules(place).name();
    return name.empty() ? Cat("rules[", place, "]") : Cat("rule \"", name, "\"");
  }

  // A list that is not there would let in whom it was to deny.
  void CheckLists(const google::protobuf::RepeatedPtrField<std::string>& names, const std::string& path) {
    for (int i = 0; i < names.size(); ++i) {
      ObjectKey key{std::string(kPenstockGroup), "AddressList", policy_.ns, names[i]};
      if (reader_.Object(key) != nullptr) continue;
      findings_.Error(Cat(path, "[", i, "]"), "E101", Cat("AddressList \"", names[i], "\" does not exist"),
                      reader_.StepForMissing(names[i], policy_.ns, {"AddressList"}));
    }
  }

  void CheckFilter(const api::IpFilter& filter) {
    CheckLists(filter.allow_lists(), "spec.ipFilter.allowLists");
    CheckLists(filter.deny_lists(), "spec.ipFilter.denyLists");
    int named = filter.allow_size() + filter.deny_size() + filter.allow_lists_size() + filter.deny_lists_size();
    if (named > 0 || findings_.is_partial()) return;
    findings_.Error("spec.ipFilter", "E121", "neither allow nor deny names an address", "remove it, or add addresses");
  }

  const ObjectKey& policy_;
  Reader& reader_;
  FindingSink& findings_;
};

}  // namespace

void CheckSecurityPolicy(const api::SecurityPolicySpec& spec, const ObjectKey& policy, Reader& reader,
                         FindingSink& findings) {
  AccessCheck(policy, reader, findings).Check(spec);
}

void CheckRateLimitPolicy(const api::RateLimitPolicySpec& spec, const ObjectKey& policy, Reader& reader,
                          FindingSink& findings) {
  AccessCheck(policy, reader, findings).Check(spec);
  CheckSizes(spec, policy, reader, findings);
}

}  // namespace penstock::translator
