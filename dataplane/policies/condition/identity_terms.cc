#include "dataplane/policies/condition/identity_terms.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "dataplane/base/printable.h"
#include "dataplane/jose/json.h"
#include "dataplane/policies/condition/claim_match.h"
#include "dataplane/policies/condition/value_set.h"

namespace penstock::policies {
namespace {

constexpr std::string_view kDefaultRolesClaim = "roles";

class IdentityTerm : public Term {
 public:
  bool AsksIdentity() const override { return true; }
};

std::optional<jose::JsonValue> FindClaim(const Exchange& x, std::string_view path) {
  if (x.identity.claims == nullptr) return std::nullopt;
  return x.identity.claims->root().FindPath(path);
}

// Does one of the words of VALUE, a string with blanks between or a list of strings, satisfy IS_IT?
template <typename IsIt>
bool AnyWord(const jose::JsonValue& value, IsIt is_it) {
  if (value.is_array()) {
    for (jose::JsonValue item : value.children()) {
      std::optional<std::string_view> word = item.string();
      if (word.has_value() && is_it(*word)) return true;
    }
    return false;
  }
  std::string_view rest = value.string().value_or("");
  while (!rest.empty()) {
    std::string_view word = rest.substr(0, rest.find(' '));
    if (!word.empty() && is_it(word)) return true;
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  return false;
}

std::string WhyNoClaims(const Exchange& x) {
  const AuthResult& jwt = x.identity.of(AuthMethod::kJwt);
  switch (jwt.state) {
    case AuthResult::State::kInvalid:
      return StrCat("the token does not hold: ", jwt.why);
    case AuthResult::State::kUnknown:
      return StrCat("the token cannot be judged: ", jwt.why);
    default:
      return "no token";
  }
}

std::string WhyNot(const Exchange& x, std::string_view path) {
  if (x.identity.claims == nullptr) return WhyNoClaims(x);
  bool there = FindClaim(x, path).has_value();
  return StrCat("the claim ", Printable(path), there ? " is another" : " is not there");
}

class RolesTerm final : public IdentityTerm {
 public:
  RolesTerm(std::string claim, ValueSet roles) : claim_(std::move(claim)), roles_(std::move(roles)) {}

  bool Holds(const Exchange& x, Use) const override {
    std::optional<jose::JsonValue> claim = FindClaim(x, claim_);
    if (!claim.has_value()) return false;
    return AnyWord(*claim, [this](std::string_view role) { return roles_.Contains(role); });
  }
  std::string Describe() const override { return StrCat("role ", roles_.Text()); }
  std::string Seen(const Exchange& x) const override { return WhyNot(x, claim_); }

 private:
  std::string claim_;
  ValueSet roles_;
};

class ScopesTerm final : public IdentityTerm {
 public:
  explicit ScopesTerm(ValueSet scopes) : scopes_(std::move(scopes)) {}

  bool Holds(const Exchange& x, Use) const override { return Missing(x) == nullptr; }
  std::string Describe() const override { return StrCat("scope ", scopes_.Text()); }
  std::string Seen(const Exchange& x) const override {
    if (x.identity.claims == nullptr) return WhyNoClaims(x);
    return StrCat("the token has no scope ", Printable(*Missing(x)));
  }

 private:
  // The first that the token does not have.
  const std::string* Missing(const Exchange& x) const {
    for (const std::string& scope : scopes_.values()) {
      if (!Has(x, "scope", scope) && !Has(x, "scp", scope)) return &scope;
    }
    return nullptr;
  }
  static bool Has(const Exchange& x, std::string_view claim, std::string_view scope) {
    std::optional<jose::JsonValue> value = FindClaim(x, claim);
    return value.has_value() && AnyWord(*value, [scope](std::string_view word) { return word == scope; });
  }

  ValueSet scopes_;
};

class ClaimTerm final : public IdentityTerm {
 public:
  explicit ClaimTerm(ClaimMatch match) : match_(std::move(match)) {}

  bool Holds(const Exchange& x, Use) const override {
    return x.identity.claims != nullptr && match_.Holds(x.identity.claims->root());
  }
  std::string Describe() const override { return match_.Describe(); }
  std::string Seen(const Exchange& x) const override { return WhyNot(x, match_.path()); }

 private:
  ClaimMatch match_;
};

// What is one text, known or "".
class NameTerm final : public IdentityTerm {
 public:
  NameTerm(std::string_view what, std::string_view Identity::* name, ValueSet names)
      : what_(what), name_(name), names_(std::move(names)) {}

  bool Holds(const Exchange& x, Use) const override { return names_.Contains(x.identity.*name_); }
  std::string Describe() const override { return StrCat(what_, " ", names_.Text()); }
  std::string Seen(const Exchange& x) const override {
    std::string_view name = x.identity.*name_;
    return name.empty() ? StrCat("no ", what_) : StrCat("the ", what_, " is another");
  }

 private:
  std::string_view what_;  // static
  std::string_view Identity::* name_;
  ValueSet names_;
};

Status AddName(const ValueSet::Texts& texts, std::string_view field, std::string_view what,
               std::string_view Identity::* name, std::vector<TermPtr>& terms) {
  if (texts.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(ValueSet names, ValueSet::Make(texts, field));
  terms.push_back(std::make_unique<NameTerm>(what, name, std::move(names)));
  return absl::OkStatus();
}

class AuthenticatedTerm final : public IdentityTerm {
 public:
  bool Holds(const Exchange& x, Use) const override { return x.identity.authenticated(); }
  std::string Describe() const override { return "authenticated"; }
  std::string Seen(const Exchange&) const override { return "nothing is proven"; }
};

}  // namespace

Status AddRoles(const xds::v1::Condition& config, std::vector<TermPtr>& terms) {
  if (config.roles().empty()) return absl::OkStatus();
  std::string claim(config.roles_claim().empty() ? kDefaultRolesClaim : std::string_view(config.roles_claim()));
  RETURN_IF_ERROR(CheckClaimPath(claim, "roles_claim"));
  ASSIGN_OR_RETURN(ValueSet roles, ValueSet::Make(config.roles(), "roles"));
  terms.push_back(std::make_unique<RolesTerm>(std::move(claim), std::move(roles)));
  return absl::OkStatus();
}

Status AddScopes(const xds::v1::Condition& config, std::vector<TermPtr>& terms) {
  if (config.scopes().empty()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckCount(config.scopes_size(), kMaxTerms, "scopes"));
  ASSIGN_OR_RETURN(ValueSet scopes, ValueSet::Make(config.scopes(), "scopes"));
  terms.push_back(std::make_unique<ScopesTerm>(std::move(scopes)));
  return absl::OkStatus();
}

Status AddClaims(const xds::v1::Condition& config, std::vector<TermPtr>& terms) {
  RETURN_IF_ERROR(CheckCount(config.claims_size(), kMaxTerms, "claims"));
  for (int i = 0; i < config.claims_size(); ++i) {
    ASSIGN_OR_RETURN(ClaimMatch match, ClaimMatch::Make(config.claims(i), StrCat("claims[", i, "]")));
    terms.push_back(std::make_unique<ClaimTerm>(std::move(match)));
  }
  return absl::OkStatus();
}

Status AddNames(const xds::v1::Condition& config, std::vector<TermPtr>& terms) {
  RETURN_IF_ERROR(AddName(config.subjects(), "subjects", "subject", &Identity::subject, terms));
  RETURN_IF_ERROR(AddName(config.consumers(), "consumers", "consumer", &Identity::consumer, terms));
  return AddName(config.plans(), "plans", "plan", &Identity::plan, terms);
}

Status AddAuthenticated(const xds::v1::Condition& config, std::vector<TermPtr>& terms) {
  if (config.authenticated()) terms.push_back(std::make_unique<AuthenticatedTerm>());
  return absl::OkStatus();
}

}  // namespace penstock::policies
