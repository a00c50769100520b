#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/base/clock.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/http/header_id.h"
#include "dataplane/http/message.h"
#include "dataplane/jose/algorithm.h"
#include "dataplane/jose/claims.h"
#include "dataplane/jose/token.h"
#include "dataplane/policies/condition/claim_match.h"
#include "dataplane/policies/config.h"
#include "dataplane/policies/credentials/token_place.h"
#include "google/protobuf/any.pb.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// Where the keys of a provider come from.
struct NoKeys {};  // from nowhere: what was named is not there
struct InlineKeys {
  std::string json;
};
struct SecretKeys {
  std::string secret;  // resource; its key "jwks"
};
struct RemoteKeys {
  std::string uri;
  Duration cache_duration = std::chrono::minutes(5);
  Duration max_stale = std::chrono::hours(24);
  bool allow_private_addresses = false;
  std::vector<std::string> ca;  // resources; empty: the system's
};

// A claim that becomes a header field.
struct ClaimHeader {
  std::string claim;
  std::string header;  // lower case
  http::HeaderId id = http::HeaderId::kOther;
};

// Somebody who issues tokens: valid by existing.
struct JwtProvider {
  std::string name;
  std::string issuer;
  std::vector<std::string> audiences;  // empty: any
  jose::AlgorithmSet algorithms;
  std::variant<NoKeys, InlineKeys, SecretKeys, RemoteKeys> keys;
  Duration leeway = std::chrono::seconds(30);
  std::vector<ClaimMatch> required;
  uint32_t places = 0;  // bit i: tokens at JwtConfig::places()[i] may be its own
  std::vector<ClaimHeader> headers;
  bool strip = false;
  Duration cache_ttl = std::chrono::seconds(60);  // 0: nothing is kept
  jose::Expiry expiry = jose::Expiry::kRequired;
};

// Tokens of requests: which, of whom, and whether what they say holds. Whether they were signed by whom they name is a
// Fact, since its proof needs keys: "jwt/proof/PROVIDER", one of these, of which the last is followed by the cause.
inline constexpr std::string_view kProofFact = "jwt/proof/";
inline constexpr std::string_view kProofGood = "good";
inline constexpr std::string_view kProofWrong = "wrong";
inline constexpr std::string_view kProofNoKey = "no key";
inline constexpr std::string_view kKeysAway = "away: ";

class JwtConfig : public PolicyConfig {
 public:
  static constexpr size_t kMaxPlaces = 32;

  // InvalidArgument begins with the field's path ("providers[1].issuer: ...").
  static absl::StatusOr<std::shared_ptr<const JwtConfig>> Compile(const xds::v1::Jwt& config);
  static absl::StatusOr<PolicyConfigPtr> CompileAny(const google::protobuf::Any& config);

  std::string Describe() const override;
  Judgement Judge(Exchange& x, const Facts& facts) const override;
  std::vector<std::string> Secrets() const override;
  std::vector<std::string> SecretQueryParameters() const override { return QueryParametersOf(places_); }

  const std::vector<JwtProvider>& providers() const { return providers_; }
  const std::vector<TokenPlace>& places() const { return places_; }

  // Nobody but us says what tokens say: takes away what a client put into fields that are made of claims.
  void RemoveOwnFields(http::Headers& headers) const;
  // Does a provider that looks at this place keep tokens from backends?
  bool Strips(size_t place) const;
  // Notes whose token it is, if the generation knows somebody by X's issuer and subject.
  static void NoteOwner(Exchange& x);

  // The one whose issuer TOKEN names and who takes tokens at that place; nullptr: nobody.
  const JwtProvider* ProviderOf(const jose::Token& token, size_t place) const;

  static constexpr std::string_view kBadSignature = "its signature does not hold";
  static constexpr std::string_view kUnknownKey = "it is signed with a key that is not known";

  // What does not hold of a token that is PROVIDER's, its signature aside; "" if nothing. Static text.
  static std::string_view Fault(const JwtProvider& provider, const jose::Token& token, const jose::Dates& dates,
                                WallTime now);

  // Bytes that are equal for equal configurations: what is kept of tokens is kept under them.
  const std::string& identity() const { return identity_; }

 private:
  JwtConfig() = default;
  absl::Status Add(const xds::v1::JwtProvider& provider);
  absl::Status AddPlaces(const xds::v1::JwtProvider& from, JwtProvider& provider);

  std::vector<JwtProvider> providers_;
  std::vector<TokenPlace> places_;  // of all providers, each once
  std::string identity_;
};

// The text of a claim at the top; "" if it has none.
std::string TextOf(jose::JsonValue claims, std::string_view name);

// What a claim reads in a header field: a list becomes its items with commas between. "" if there is nothing to write,
// or if it cannot stand in a field.
std::string FieldValueOf(jose::JsonValue claims, const std::string& path);

}  // namespace penstock::policies
