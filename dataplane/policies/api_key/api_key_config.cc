#include "dataplane/policies/api_key/api_key_config.h"

#include "dataplane/base/status.h"
#include "dataplane/exchange/exchange.h"
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

Judgement ApiKeyConfig::Judge(Exchange& x, const Facts&) const {
  FoundToken found = FindToken(x.request, places_);
  AuthResult& result = x.identity.of(AuthMethod::kApiKey);
  if (found.count == FoundToken::Count::kOne) {
    result = {AuthResult::State::kAssumed, "whose key it is is not known here"};
    return Judgement::Pass("one key; whose it is only a data plane knows");
  }
  bool none = found.count == FoundToken::Count::kNone;
  result = {none ? AuthResult::State::kMissing : AuthResult::State::kInvalid, none ? "no key" : "more than one key"};
  return Judgement::Pass(std::string(result.why));
}

}  // namespace penstock::policies
