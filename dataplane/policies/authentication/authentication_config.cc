#include "dataplane/policies/authentication/authentication_config.h"

#include <algorithm>

#include "dataplane/exchange/exchange.h"
#include "dataplane/policies/unpack.h"

namespace penstock::policies {
namespace {

constexpr AuthMethod kMethods[] = {AuthMethod::kJwt, AuthMethod::kApiKey, AuthMethod::kBasic,
                                   AuthMethod::kClientCertificate};
static_assert(std::size(kMethods) == static_cast<size_t>(AuthMethod::kCount));

// The type of the policy that looks for a proof.
std::string_view PolicyTypeOf(AuthMethod method) {
  switch (method) {
    case AuthMethod::kJwt:
      return "jwt";
    case AuthMethod::kApiKey:
      return "api_key";
    case AuthMethod::kBasic:
      return "basic";
    default:
      return "client_certificate";
  }
}

// By AuthResult::State: how far a credential came, and what is said of it if its policy says nothing.
struct StateRow {
  int rank;
  std::string_view text;
};
constexpr StateRow kStates[] = {
    {0, "no policy of this route looks for it"},
    {1, "there is none"},
    {2, "it does not hold"},
    {3, "it cannot be judged now"},
    {4, "it may hold"},
    {5, "it is proven"},
};
const StateRow& RowOf(AuthResult::State state) { return kStates[static_cast<size_t>(state)]; }

// kProven: one of STEP's ways is. kUnknown: one of them may be.
AuthDecision::Kind KindOf(AuthMethods step, const Identity& identity) {
  auto kind = AuthDecision::Kind::kRefused;
  for (AuthMethod method : kMethods) {
    if (!step.Has(method)) continue;
    AuthResult::State state = identity.of(method).state;
    if (state >= AuthResult::State::kAssumed) return AuthDecision::Kind::kProven;
    if (state == AuthResult::State::kUnknown) kind = AuthDecision::Kind::kUnknown;
  }
  return kind;
}

AuthMethod BestOf(AuthMethods methods, const Identity& identity) {
  int best_rank = -1;
  AuthMethod best = AuthMethod::kJwt;
  for (AuthMethod method : kMethods) {
    int rank = RowOf(identity.of(method).state).rank;
    if (!methods.Has(method) || rank <= best_rank) continue;
    best = method;
    best_rank = rank;
  }
  return best;
}

std::string Join(AuthMethods methods) {
  std::string text;
  for (AuthMethod method : kMethods) {
    if (methods.Has(method)) text += StrCat(text.empty() ? "" : " or ", NameOf(method));
  }
  return text;
}

// A quoted-string (RFC 9110 5.6.4) that needs no escapes.
Status CheckRealm(std::string_view realm) {
  if (realm.size() > AuthenticationConfig::kMaxRealm) {
    return absl::InvalidArgumentError(
        StrCat("realm: has ", realm.size(), " characters; at most ", AuthenticationConfig::kMaxRealm, " are allowed"));
  }
  for (char c : realm) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') continue;
    return absl::InvalidArgumentError("realm: holds a quotation mark, a backslash, or what is not printable ASCII");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const AuthenticationConfig>> AuthenticationConfig::Compile(
    const xds::v1::Authentication& config) {
  std::shared_ptr<AuthenticationConfig> result(new AuthenticationConfig);
  if (config.all_of().empty()) return absl::InvalidArgumentError("all_of: asks for no proof: name one");
  if (config.all_of_size() > kMaxSteps) {
    return absl::InvalidArgumentError(
        StrCat("all_of: has ", config.all_of_size(), " entries; at most ", kMaxSteps, " are allowed"));
  }
  for (int i = 0; i < config.all_of_size(); ++i) {
    Status step = result->AddStep(config.all_of(i));
    if (!step.ok()) return absl::InvalidArgumentError(StrCat("all_of[", i, "].", step.message()));
  }
  RETURN_IF_ERROR(CheckRealm(config.realm()));
  result->SetRealm(config.realm().empty() ? kDefaultRealm : std::string_view(config.realm()));
  return std::shared_ptr<const AuthenticationConfig>(std::move(result));
}

absl::StatusOr<PolicyConfigPtr> AuthenticationConfig::CompileAny(const google::protobuf::Any& config) {
  xds::v1::Authentication message;
  RETURN_IF_ERROR(Unpack(config, message));
  ASSIGN_OR_RETURN(PolicyConfigPtr compiled, Compile(message));
  return compiled;
}

Status AuthenticationConfig::AddStep(const xds::v1::AuthenticationStep& step) {
  AuthMethods methods;
  for (int i = 0; i < step.any_of_size(); ++i) {
    const auto* known = std::find_if(std::begin(kMethods), std::end(kMethods),
                                     [&](AuthMethod method) { return NameOf(method) == step.any_of(i); });
    if (known == std::end(kMethods)) {
      return absl::InvalidArgumentError(
          StrCat("any_of[", i, "]: \"", step.any_of(i), "\" is none of jwt, apiKey, basic and clientCertificate"));
    }
    methods.Add(*known);
  }
  if (methods.empty()) return absl::InvalidArgumentError("any_of: names no way to prove it");
  steps_.push_back(methods);
  return absl::OkStatus();
}

absl::Status AuthenticationConfig::CheckBehind(const std::vector<std::string>& types) const {
  auto looked_for = [&](AuthMethod method) {
    return std::find(types.begin(), types.end(), PolicyTypeOf(method)) != types.end();
  };
  for (size_t i = 0; i < steps_.size(); ++i) {
    bool possible = std::any_of(std::begin(kMethods), std::end(kMethods),
                                [&](AuthMethod method) { return steps_[i].Has(method) && looked_for(method); });
    if (possible) continue;
    return absl::InvalidArgumentError(
        StrCat("all_of[", i, "]: asks for ", Join(steps_[i]),
               ", which no policy of this place looks for, so that nobody would be let in"));
  }
  return absl::OkStatus();
}

void AuthenticationConfig::SetRealm(std::string_view realm) {
  bearer_ = StrCat("Bearer realm=\"", realm, "\"");
  bearer_invalid_ = StrCat(bearer_, ", error=\"invalid_token\"");
  basic_ = StrCat("Basic realm=\"", realm, "\", charset=\"UTF-8\"");
  api_key_ = StrCat("ApiKey realm=\"", realm, "\"");
  certificate_ = StrCat("ClientCertificate realm=\"", realm, "\"");
}

AuthDecision AuthenticationConfig::Decide(const Identity& identity) const {
  AuthDecision decision;
  for (AuthMethods step : steps_) {
    AuthDecision::Kind kind = KindOf(step, identity);
    if (kind == AuthDecision::Kind::kProven || kind < decision.kind) continue;
    // A step that is refused decides, whatever comes of those that are not known.
    if (kind > decision.kind) decision.wanted = {};
    decision.kind = kind;
    decision.wanted.Add(step);
  }
  if (decision.kind != AuthDecision::Kind::kProven) decision.best = BestOf(decision.wanted, identity);
  return decision;
}

std::string_view AuthenticationConfig::Why(const AuthDecision& decision, const Identity& identity, Arena& arena) {
  const AuthResult& result = identity.of(decision.best);
  if (!result.why.empty()) return result.why;
  return arena.Concat({NameOf(decision.best), ": ", RowOf(result.state).text});
}

void AuthenticationConfig::AddChallenges(const AuthDecision& decision, const Identity& identity,
                                         http::Headers& response) const {
  constexpr std::string_view kName = "www-authenticate";
  if (decision.wanted.Has(AuthMethod::kJwt)) {
    bool invalid = identity.of(AuthMethod::kJwt).state == AuthResult::State::kInvalid;
    response.Add(kName, invalid ? bearer_invalid_ : bearer_);
  }
  if (decision.wanted.Has(AuthMethod::kBasic)) response.Add(kName, basic_);
  if (decision.wanted.Has(AuthMethod::kApiKey)) response.Add(kName, api_key_);
  if (decision.wanted.Has(AuthMethod::kClientCertificate)) response.Add(kName, certificate_);
}

std::string AuthenticationConfig::Describe() const {
  std::string text;
  for (AuthMethods step : steps_) text += StrCat(text.empty() ? "" : ", then ", Join(step));
  return text;
}

Judgement AuthenticationConfig::Judge(Exchange& x, const Facts&) const {
  AuthDecision decision = Decide(x.identity);
  if (decision.kind == AuthDecision::Kind::kProven) return Judgement::Pass(StrCat("proven: ", Describe()));
  std::string why = StrCat("wants ", Join(decision.wanted), ": ", Why(decision, x.identity, x.arena));
  if (decision.kind == AuthDecision::Kind::kRefused) return Judgement::Deny(Reason::kUnauthenticated, std::move(why));
  return Judgement::Unknown(Reason::kPolicyUnavailable,
                            StrCat(why, "; goes on if it holds, 401 if not, 503 as long as nobody can tell"));
}

}  // namespace penstock::policies
