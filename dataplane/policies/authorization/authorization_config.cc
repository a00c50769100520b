#include "dataplane/policies/authorization/authorization_config.h"

#include <algorithm>
#include <set>
#include <utility>

#include "dataplane/base/printable.h"
#include "dataplane/base/status.h"
#include "dataplane/policies/condition/value_set.h"
#include "dataplane/policies/unpack.h"

namespace penstock::policies {
namespace {

using Kind = AuthorizationDecision::Kind;

const AuthorizationRule* FirstThatHolds(const std::vector<AuthorizationRule>& rules, const Exchange& x, Use use) {
  auto found = std::find_if(rules.begin(), rules.end(),
                            [&](const AuthorizationRule& rule) { return rule.condition.Holds(x, use); });
  return found == rules.end() ? nullptr : &*found;
}

bool OneMightHold(const std::vector<AuthorizationRule>& rules, const Exchange& x, Use use) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const AuthorizationRule& rule) { return rule.condition.MightHold(x, use); });
}

bool SomebodyIsUnknown(const Identity& identity) {
  return std::any_of(std::begin(identity.results), std::end(identity.results),
                     [](const AuthResult& result) { return result.state == AuthResult::State::kUnknown; });
}

std::string Named(const AuthorizationRule& rule) { return StrCat("rule \"", rule.name, "\""); }

std::string Join(const std::vector<AuthorizationRule>& rules) {
  return ShortList(rules.size(),
                   [&](size_t i) { return StrCat("\"", rules[i].name, "\" (", rules[i].condition.Describe(), ")"); });
}

// Names are told in logs: each means one rule.
absl::Status CheckNames(const xds::v1::Authorization& config) {
  std::set<std::string_view> names;
  for (int i = 0; i < config.rules_size(); ++i) {
    const std::string& name = config.rules(i).name();
    std::string path = StrCat("rules[", i, "].name: ");
    if (name.size() > AuthorizationConfig::kMaxName) {
      return absl::InvalidArgumentError(
          StrCat(path, "has ", name.size(), " characters; at most ", AuthorizationConfig::kMaxName, " are allowed"));
    }
    if (Printable(name) != name) return absl::InvalidArgumentError(StrCat(path, "is not printable"));
    if (!name.empty() && !names.insert(name).second) {
      return absl::InvalidArgumentError(StrCat(path, "\"", name, "\" is the name of a rule before it"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const AuthorizationConfig>> AuthorizationConfig::Compile(
    const xds::v1::Authorization& config) {
  std::shared_ptr<AuthorizationConfig> result(new AuthorizationConfig);
  RETURN_IF_ERROR(CheckCount(config.rules_size(), kMaxRules, "rules"));
  RETURN_IF_ERROR(CheckNames(config));
  for (int i = 0; i < config.rules_size(); ++i) {
    RETURN_IF_ERROR(result->AddRule(config.rules(i), StrCat("rules[", i, "]")));
  }
  return std::shared_ptr<const AuthorizationConfig>(std::move(result));
}

absl::StatusOr<PolicyConfigPtr> AuthorizationConfig::CompileAny(const google::protobuf::Any& config) {
  xds::v1::Authorization message;
  RETURN_IF_ERROR(Unpack(config, message));
  ASSIGN_OR_RETURN(PolicyConfigPtr compiled, Compile(message));
  return compiled;
}

absl::Status AuthorizationConfig::AddRule(const xds::v1::AuthorizationRule& rule, const std::string& path) {
  AuthorizationRule added;
  added.name = rule.name().empty() ? path : rule.name();
  ASSIGN_OR_RETURN(added.condition, Condition::Compile(rule.condition(), path + ".condition"));
  (rule.deny() ? deny_ : allow_).push_back(std::move(added));
  return absl::OkStatus();
}

AuthorizationDecision AuthorizationConfig::Decide(const Exchange& x) const {
  const AuthorizationRule* denies = FirstThatHolds(deny_, x, Use::kDeny);
  if (denies != nullptr) return {Kind::kDenied, denies};
  const AuthorizationRule* allows = FirstThatHolds(allow_, x, Use::kAllow);
  return {allows != nullptr ? Kind::kAllowed : Kind::kNotAllowed, allows};
}

std::string_view AuthorizationConfig::Why(const AuthorizationDecision& decision, const Exchange& x) {
  if (decision.kind == Kind::kNotAllowed) return "no rule allows it";
  std::string not_looked_at = decision.rule->condition.NotLookedAt(x);
  return x.arena.Concat(
      {"denied by rule \"", decision.rule->name, "\"", not_looked_at.empty() ? "" : ": ", not_looked_at});
}

std::string AuthorizationConfig::Describe() const {
  if (allow_.empty()) return "denies everything";
  std::string text = deny_.empty() ? "" : StrCat("denies by ", Join(deny_), "; ");
  return StrCat(text, "allows by ", Join(allow_));
}

bool AuthorizationConfig::MayTurn(const AuthorizationDecision& decision, const Exchange& x) const {
  if (decision.kind == Kind::kDenied || !SomebodyIsUnknown(x.identity)) return false;
  bool to_denied = OneMightHold(deny_, x, Use::kDeny);
  return decision.kind == Kind::kAllowed ? to_denied : OneMightHold(allow_, x, Use::kAllow);
}

Judgement AuthorizationConfig::Judge(Exchange& x, const Facts&) const {
  AuthorizationDecision decision = Decide(x);
  std::string why;
  if (decision.kind == Kind::kAllowed) {
    why = StrCat(Named(*decision.rule), " allows: ", decision.rule->condition.Describe());
  } else if (decision.kind == Kind::kDenied) {
    why = StrCat(Why(decision, x), ": ", decision.rule->condition.Describe());
  } else {
    std::string each = ShortList(allow_.size(), [&](size_t i) {
      return StrCat(Named(allow_[i]), " wants ", allow_[i].condition.Why(x, Use::kAllow));
    });
    why = StrCat(Why(decision, x), each.empty() ? "" : ": ", each);
  }
  if (MayTurn(decision, x)) {
    return Judgement::Unknown(Reason::kAccessDenied, StrCat("as long as it is not known who asks: ", why));
  }
  if (decision.kind == Kind::kAllowed) return Judgement::Pass(std::move(why));
  return Judgement::Deny(Reason::kAccessDenied, std::move(why));
}

}  // namespace penstock::policies
