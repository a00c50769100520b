#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/base/arena.h"
#include "dataplane/base/status.h"
#include "dataplane/exchange/identity.h"
#include "dataplane/http/headers.h"
#include "dataplane/policies/config.h"
#include "google/protobuf/any.pb.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// Ways to prove something, as a set.
class AuthMethods {
 public:
  void Add(AuthMethod method) { bits_ |= BitOf(method); }
  void Add(AuthMethods others) { bits_ |= others.bits_; }
  bool Has(AuthMethod method) const { return (bits_ & BitOf(method)) != 0; }
  bool empty() const { return bits_ == 0; }

 private:
  static uint8_t BitOf(AuthMethod method) { return static_cast<uint8_t>(1u << static_cast<int>(method)); }

  uint8_t bits_ = 0;
};

// Is what must be proven proven?
struct AuthDecision {
  enum class Kind {
    kProven,
    kUnknown,  // a credential that would do could not be judged, and nothing else is wanting
    kRefused,
  };
  Kind kind = Kind::kProven;
  // Of the steps that are not proven those that decide:
  AuthMethods wanted;                  // any of these would help
  AuthMethod best = AuthMethod::kJwt;  // the one of them that came furthest
};

// What must be proven, by the notes that the policies before this one left in Identity::results. Valid by existing,
// immutable.
class AuthenticationConfig : public PolicyConfig {
 public:
  static constexpr int kMaxSteps = 16;
  static constexpr size_t kMaxRealm = 256;
  static constexpr std::string_view kDefaultRealm = "gateway";

  // InvalidArgument begins with the field's path ("all_of[0].any_of[1]: ...").
  static absl::StatusOr<std::shared_ptr<const AuthenticationConfig>> Compile(const xds::v1::Authentication& config);
  static absl::StatusOr<PolicyConfigPtr> CompileAny(const google::protobuf::Any& config);

  AuthDecision Decide(const Identity& identity) const;
  // What is to be said of a decision that is not kProven: what the policy of its best way noted, "token expired".
  // Static, in ARENA, or the note's. Never a part of a credential.
  static std::string_view Why(const AuthDecision& decision, const Identity& identity, Arena& arena);
  // RFC 9110 11.6.1: a WWW-Authenticate for each way that DECISION wants, so that a 401 always has one: Bearer (RFC
  // 6750 3; says invalid_token if there was one), Basic (RFC 7617 2), and for the ways that are no scheme of HTTP names
  // that no client takes for another one, ApiKey and ClientCertificate. Views into this.
  void AddChallenges(const AuthDecision& decision, const Identity& identity, http::Headers& response) const;

  std::string Describe() const override;  // "jwt, then apiKey or basic"
  Judgement Judge(Exchange& x, const Facts& facts) const override;
  // A step that no policy can prove would keep everybody out.
  absl::Status CheckBehind(const std::vector<std::string>& types) const override;

 private:
  AuthenticationConfig() = default;
  Status AddStep(const xds::v1::AuthenticationStep& step);
  void SetRealm(std::string_view realm);

  std::vector<AuthMethods> steps_;
  std::string bearer_;
  std::string bearer_invalid_;
  std::string basic_;
  std::string api_key_;
  std::string certificate_;
};

}  // namespace penstock::policies
