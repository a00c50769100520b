#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/exchange/identity.h"
#include "dataplane/policies/config.h"
#include "dataplane/policies/credentials/token_place.h"
#include "google/protobuf/any.pb.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// Followed by a key, the Fact that is the key's SHA-256.
inline constexpr std::string_view kKeyHashFact = "api_key/sha256/";

// Keys of requests: which. Whose they are the generation knows, by their hash, which takes a library that is not linked
// everywhere: where the Fact is missing, a key is assumed to be somebody's.
class ApiKeyConfig : public PolicyConfig {
 public:
  static constexpr size_t kMaxPlaces = 8;
  static constexpr size_t kMaxKeyBytes = 512;

  // InvalidArgument begins with the field's path ("sources[0]: ...").
  static absl::StatusOr<std::shared_ptr<const ApiKeyConfig>> Compile(const xds::v1::ApiKeyAuthentication& config);
  static absl::StatusOr<PolicyConfigPtr> CompileAny(const google::protobuf::Any& config);

  std::string Describe() const override;
  Judgement Judge(Exchange& x, const Facts& facts) const override;
  std::vector<std::string> SecretQueryParameters() const override { return QueryParametersOf(places_); }

  // Can KEY be one?
  static bool IsKey(std::string_view key) { return !key.empty() && key.size() <= kMaxKeyBytes; }
  static constexpr std::string_view kNoKey = "no key is like that";
  static constexpr std::string_view kNobodys = "the key is nobody's, or has expired";
  // Notes in X whose the key of HASH is.
  static AuthResult Decide(std::string_view hash, Exchange& x);

  const std::vector<TokenPlace>& places() const { return places_; }
  bool strip() const { return strip_; }

 private:
  ApiKeyConfig() = default;

  std::vector<TokenPlace> places_;
  bool strip_ = false;
};

}  // namespace penstock::policies
