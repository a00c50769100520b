#include "controlplane/translator/access_check.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/access_wire.h"
#include "controlplane/translator/external_auth.h"
#include "controlplane/translator/secret_contents.h"
#include "controlplane/translator/secret_refs.h"
#include "controlplane/translator/values.h"
#include "dataplane/fetch/uri.h"
#include "dataplane/jose/key_set.h"
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
    }
    for (int i = 0; i < spec.authorization().rules_size(); ++i) {
      CheckCondition(spec.authorization().rules(i).when(), Cat("spec.authorization.rules[", i, "].when"));
    }
    if (spec.has_external()) CheckExternalAuth(spec.external(), policy_, reader_, findings_);
    CheckReach(spec);
  }

  void Check(const api::RateLimitPolicySpec& spec) {
    CheckKey(spec.has_key() ? &spec.key() : nullptr, "spec.key");
    for (int i = 0; i < spec.rules_size(); ++i) CheckRule(spec.rules(i), Cat("spec.rules[", i, "]"));
    if (spec.has_redis() && !redis::IsServerAddress(spec.redis().address()))
      findings_.Error("spec.redis.address", "E121", Cat("must be ", redis::kServerAddressForm));
    if (spec.has_redis() && !spec.redis().password_secret().empty())
      CheckValue(spec.redis().password_secret(), kPasswordKey, "spec.redis.passwordSecret",
                 "Redis is asked without a password");
  }

 private:
  // A key of a Secret of the policy's namespace.
  const std::string_view CheckValue(const std::string& name, std::string_view key, const std::string& path,
                                    std::string_view consequence) {
    const Upsert* secret = reader_.Object(SecretKey(policy_.ns, name));
    if (secret == nullptr) {
      findings_.Unresolved(path, "E101", Cat("Secret \"", name, "\" does not exist; without it ", consequence),
                           reader_.DidYouMean(name, policy_.ns, {"Secret"}));
      return "";
    }
    std::optional<std::string_view> value = ValueOf(*secret->object, key);
    if (!value.has_value())
      findings_.Unresolved(path, "E140",
                           Cat("Secret \"", name, "\" has no key \"", key, "\"; without it ", consequence));
    return value.value_or("");
  }

  void CheckKeySet(std::string_view text, const std::string& path, bool secret) {
    StatusOr<jose::KeySet> keys = jose::KeySet::Parse(text);
    if (!keys.ok()) {
      findings_.Error(path, "E121", std::string(keys.status().message()),
                      "write a JSON Web Key Set: {\"keys\": [...]}");
      return;
    }
    bool symmetric = std::any_of(keys->keys().begin(), keys->keys().end(), [](const jose::Key& key) {
      return key.algorithms().Contains(jose::Algorithm::kHs256);
    });
    if (symmetric && !secret) {
      findings_.Error(path, "E121", "a secret key (kty oct) does not belong into a policy, which everybody may read",
                      "put the key set into a Secret, and name it in secretRef");
    }
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
    if (!jwks.inline_().empty()) CheckKeySet(jwks.inline_(), path + ".inline", false);
    if (!jwks.uri().empty()) CheckUri(jwks, path);
    if (jwks.has_secret_ref()) {
      std::string_view text = CheckValue(jwks.secret_ref().name(), kJwksKey, path + ".secretRef.name", kNobody);
      if (!text.empty()) CheckKeySet(text, path + ".secretRef.name", true);
    }
    for (int i = 0; i < jwks.ca_certificate_refs_size(); ++i) {
      ResolveSecret(SecretRef(jwks.ca_certificate_refs(i)), SecretId::Use::kAuthorities,
                    Cat(path, ".caCertificateRefs[", i, "]"), policy_,
                    {.only_one = jwks.ca_certificate_refs_size() == 1, .consequence = "the keys cannot be fetched"},
                    reader_, findings_);
    }
  }

  void CheckTime(const std::string& text, const std::string& path) {
    if (text.empty() || ParseMinute(text).has_value()) return;
    findings_.Error(path, "E121", Cat("\"", text, "\" is no time of the day"), "write HH:MM, in UTC");
  }

  // A rule about somebody who is not there is for nobody, which opens what it was to deny.
  void CheckNames(const google::protobuf::RepeatedPtrField<std::string>& names, const char* kind,
                  const std::string& path) {
    for (int i = 0; i < names.size(); ++i) {
      ObjectKey key{std::string(kPenstockGroup), kind, policy_.ns, names[i]};
      if (reader_.Object(key) != nullptr) continue;
      findings_.Unresolved(Cat(path, "[", i, "]"), "E101", Cat(kind, " \"", names[i], "\" does not exist"),
                           reader_.DidYouMean(names[i], policy_.ns, {kind}));
    }
  }

  void CheckCondition(const api::RequestCondition& when, const std::string& path) {
    if (when.has_authenticated() && !when.authenticated()) {
      findings_.Error(path + ".authenticated", "E121",
                      "false does not ask for anything, so that the rule is for everybody",
                      "remove it; a limit for those alone who prove nothing: behind a rule with authenticated: true");
    }
    CheckNames(when.consumers(), "Consumer", path + ".consumers");
    CheckNames(when.plans(), "Plan", path + ".plans");
    for (int i = 0; i < when.times_size(); ++i) {
      CheckTime(when.times(i).from(), Cat(path, ".times[", i, "].from"));
      CheckTime(when.times(i).to(), Cat(path, ".times[", i, "].to"));
    }
    for (int i = 0; i < when.paths_size(); ++i) {
      if (when.paths(i).type() == "RegularExpression" || when.paths(i).value().starts_with('/')) continue;
      findings_.Error(Cat(path, ".paths[", i, "].value"), "E121", "a path begins with \"/\"");
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
    CheckCondition(rule.when(), path + ".when");
    const api::Limit& limit = rule.limit();
    if (!limit.per().empty() && !ParsePer(limit.per()).has_value()) {
      findings_.Error(path + ".limit.per", "E121", Cat("\"", limit.per(), "\" is no time"),
                      "write Second, Minute, Hour, Day, or a duration such as 10s");
    }
    if (limit.has_burst() && limit.algorithm() != "TokenBucket")
      findings_.Error(path + ".limit.burst", "E121", "only a TokenBucket has a burst", "add algorithm: TokenBucket");
    if (!limit.max_delay().empty() && limit.algorithm() != "LeakyBucket")
      findings_.Error(path + ".limit.maxDelay", "E121", "only a LeakyBucket delays", "add algorithm: LeakyBucket");
  }

  // Fields without which another one has no meaning.
  void CheckReach(const api::SecurityPolicySpec& spec) {
    if (!spec.has_ip_filter() || spec.ip_filter().allow_size() + spec.ip_filter().deny_size() > 0) return;
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
}

}  // namespace penstock::translator
