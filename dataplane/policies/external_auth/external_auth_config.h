#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/policies/config.h"
#include "google/protobuf/any.pb.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// A service that says whether requests may go on. Its answer is a Fact: "external_auth/CLUSTER", the status as text.
class ExternalAuthConfig : public PolicyConfig {
 public:
  enum class Answer { kAllow, kDeny, kFailure };

  // InvalidArgument begins with the field's path.
  static absl::StatusOr<std::shared_ptr<const ExternalAuthConfig>> Compile(const xds::v1::ExternalAuth& config);
  static absl::StatusOr<PolicyConfigPtr> CompileAny(const google::protobuf::Any& config);

  std::string Describe() const override;
  Judgement Judge(Exchange& x, const Facts& facts) const override;
  std::vector<std::string> Clusters() const override;

  // What the service's status means. Pure.
  static Answer Decide(int status);

  const std::string& cluster() const { return cluster_; }
  const std::string& path() const { return path_; }
  Duration timeout() const { return timeout_; }
  bool fail_open() const { return fail_open_; }
  // Fields of the request that the service gets; empty: all.
  const std::vector<std::string>& sent() const { return sent_; }
  // Fields of an answer that allows, for the backend. Clients cannot send them.
  const std::vector<std::string>& to_backend() const { return to_backend_; }

 private:
  ExternalAuthConfig() = default;

  std::string cluster_;
  std::string path_ = "/";
  Duration timeout_ = std::chrono::milliseconds(200);
  bool fail_open_ = false;
  std::vector<std::string> sent_;
  std::vector<std::string> to_backend_;
};

}  // namespace penstock::policies
