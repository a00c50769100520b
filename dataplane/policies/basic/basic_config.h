#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/base/clock.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/policies/config.h"
#include "google/protobuf/any.pb.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// Users with passwords: whose file they are in, and what a request gets whose password is right. Which users there are
// is the Fact "secret/SECRET/htpasswd"; whether a password is right takes a while, and explain assumes it.
class BasicConfig : public PolicyConfig {
 public:
  static constexpr std::string_view kFileKey = "htpasswd";
  static constexpr Duration kMaxCacheTtl = std::chrono::hours(24);

  // InvalidArgument begins with the field's path.
  static absl::StatusOr<std::shared_ptr<const BasicConfig>> Compile(const xds::v1::BasicAuthentication& config);
  static absl::StatusOr<PolicyConfigPtr> CompileAny(const google::protobuf::Any& config);

  std::string Describe() const override;
  Judgement Judge(Exchange& x, const Facts& facts) const override;
  std::vector<std::string> Secrets() const override;

  const std::string& secret() const { return secret_; }  // "" there is none, so that nobody is known
  Duration cache_ttl() const { return cache_ttl_; }
  bool strips() const { return strips_; }

  // Notes that USER, who lives as long as X, has proven (or, in explain, is assumed) to be who he says; unless he is
  // revoked, or another Consumer than the one that X has proven to be before.
  void NoteUser(std::string_view user, AuthResult::State state, Exchange& x) const;

  static constexpr std::string_view kNoUsers = "the users are away: the Secret with their file is not there";
  static constexpr std::string_view kWrong = "no such user, or another password";

 private:
  BasicConfig() = default;

  std::string secret_;
  std::string namespace_;
  Duration cache_ttl_ = std::chrono::seconds(60);
  bool strips_ = false;
};

}  // namespace penstock::policies
