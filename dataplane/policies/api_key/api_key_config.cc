#include "dataplane/policies/api_key/api_key_config.h"

#include <optional>

#include "dataplane/base/status.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/policies/credentials/known_consumer.h"
#include "dataplane/policies/unpack.h"

namespace penstock::policies {

absl::StatusOr<std::shared_ptr<const ApiKeyConfig>> ApiKeyConfig::Compile(const xds::v1::ApiKeyAuthentication& config) {
  std::shared_ptr<ApiKeyConfig> result(new ApiKeyConfig);
  result->strip_ = config.strip_key();
  if (static_cast<size_t>(config.sources_size()) > kMaxPlaces) {
    return absl::InvalidArgumentError(StrCat("sources: at most ", kMaxPlaces));
  }
  if (config.sources().empty()) result->places_.push_back({TokenPlace::Kind::kHeader, "x-api-key", ""});
  for (int i = 0; i < config.sources_size(); ++i) {
    ASSIGN_OR_RETURN(TokenPlace place, MakeTokenPlace(config.sources(i)), _ << "sources[" << i << "]");
    result->places_.push_back(std::move(place));
  }
  return std::shared_ptr<const ApiKeyConfig>(std::move(result));
}

absl::StatusOr<PolicyConfigPtr> ApiKeyConfig::CompileAny(const google::protobuf::Any& config) {
  xds::v1::ApiKeyAuthentication message;
  RETURN_IF_ERROR(Unpack(config, message));
  ASSIGN_OR_RETURN(PolicyConfigPtr compiled, Compile(message));
  return compiled;
}

std::string ApiKeyConfig::Describe() const {
  std::string text = "keys of ";
  for (size_t i = 0; i < places_.size(); ++i) text += StrCat(i == 0 ? "" : ", ", DescribePlace(places_[i]));
  return text;
}

AuthResult ApiKeyConfig::Decide(std::string_view hash, Exchange& x) {
  Known known = NoteConsumer(CredentialKind::kApiKey, hash, x);
  if (known == Known::kNobody) return {AuthResult::State::kInvalid, kNobodys};
  if (known == Known::kAnother) return {AuthResult::State::kInvalid, kAnotherConsumer};
  if (x.identity.subject.empty()) x.identity.subject = x.identity.consumer;
  return {AuthResult::State::kProven, ""};
}

namespace {

// The only key of a request.
Judgement Tell(std::string_view key, Exchange& x, const Facts& facts) {
  AuthResult& result = x.identity.of(AuthMethod::kApiKey);
  std::optional<std::string_view> hash;
  if (ApiKeyConfig::IsKey(key)) hash = facts.Find(StrCat(kKeyHashFact, key));
  if (!ApiKeyConfig::IsKey(key)) {
    result = {AuthResult::State::kInvalid, ApiKeyConfig::kNoKey};
  } else if (!hash.has_value() && x.identity.doubts(AuthMethod::kApiKey)) {
    result = {AuthResult::State::kInvalid, ApiKeyConfig::kNobodys};
  } else if (!hash.has_value()) {
    result = {AuthResult::State::kAssumed, "whose key it is is not known here"};
    return Judgement::Pass("one key; whose it is only a data plane knows");
  } else {
    result = ApiKeyConfig::Decide(*hash, x);
  }
  if (result.state != AuthResult::State::kProven) return Judgement::Pass(StrCat("counts as none: ", result.why));
  std::string plan = x.identity.plan.empty() ? "" : StrCat(", Plan ", x.identity.plan);
  return Judgement::Pass(StrCat("key of Consumer ", x.identity.consumer, plan));
}

}  // namespace

Judgement ApiKeyConfig::Judge(Exchange& x, const Facts& facts) const {
  FoundToken found = FindToken(x.request, places_);
  if (found.count == FoundToken::Count::kOne) return Tell(found.text, x, facts);
  AuthResult& result = x.identity.of(AuthMethod::kApiKey);
  bool none = found.count == FoundToken::Count::kNone;
  result = {none ? AuthResult::State::kMissing : AuthResult::State::kInvalid, none ? "no key" : "more than one key"};
  return Judgement::Pass(std::string(result.why));
}

}  // namespace penstock::policies
