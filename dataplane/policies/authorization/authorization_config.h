#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/base/arena.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/policies/condition/condition.h"
#include "dataplane/policies/config.h"
#include "google/protobuf/any.pb.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

struct AuthorizationRule {
  std::string name;  // "rules[2]" if it was given none; printable
  Condition condition;
};

struct AuthorizationDecision {
  enum class Kind {
    kAllowed,     // by `rule`
    kDenied,      // by `rule`
    kNotAllowed,  // no rule allows it, nor denies it
  };
  Kind kind = Kind::kNotAllowed;
  const AuthorizationRule* rule = nullptr;  // as long as the AuthorizationConfig
};

// Who may do what. A rule that denies wins over one that allows; what no rule allows is denied. Of several the first as
// they were written is named. Valid by existing, immutable.
class AuthorizationConfig : public PolicyConfig {
 public:
  static constexpr int kMaxRules = 256;
  static constexpr size_t kMaxName = 256;

  // InvalidArgument begins with the field's path ("rules[1].condition.paths[0]: ...").
  static absl::StatusOr<std::shared_ptr<const AuthorizationConfig>> Compile(const xds::v1::Authorization& config);
  static absl::StatusOr<PolicyConfigPtr> CompileAny(const google::protobuf::Any& config);

  // At a cost that grows with the rules.
  AuthorizationDecision Decide(const Exchange& x) const;
  // Of a decision that does not allow: "denied by rule \"no-delete\"", "no rule allows it". Static, or in X's arena.
  static std::string_view Why(const AuthorizationDecision& decision, const Exchange& x);

  std::string Describe() const override;
  // kUnknown: a credential cannot be judged yet, and who it is could turn the decision.
  Judgement Judge(Exchange& x, const Facts& facts) const override;

 private:
  AuthorizationConfig() = default;
  absl::Status AddRule(const xds::v1::AuthorizationRule& rule, const std::string& path);
  bool MayTurn(const AuthorizationDecision& decision, const Exchange& x) const;

  std::vector<AuthorizationRule> deny_;
  std::vector<AuthorizationRule> allow_;
};

}  // namespace penstock::policies
