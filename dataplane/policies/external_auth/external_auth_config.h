#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/policies/config.h"
#include "google/protobuf/any.pb.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// A service that says whether requests may go on. Its answer is a Fact: "external_auth/CLUSTER", as text the status
// that it answers with; of gRPC that which the client would get, or 200.
class ExternalAuthConfig : public PolicyConfig {
 public:
  enum class Answer { kAllow, kDeny, kFailure };
  enum class Protocol : uint8_t { kHttp, kGrpc };
  static constexpr Duration kLongestKept = std::chrono::hours(1);

  // InvalidArgument begins with the field's path.
  static absl::StatusOr<std::shared_ptr<const ExternalAuthConfig>> Compile(const xds::v1::ExternalAuth& config);
  static absl::StatusOr<PolicyConfigPtr> CompileAny(const google::protobuf::Any& config);

  std::string Describe() const override;
  Judgement Judge(Exchange& x, const Facts& facts) const override;
  std::vector<std::string> Clusters() const override;

  // What the service's status means. Pure.
  static Answer Decide(int status);

  const std::string& cluster() const { return cluster_; }
  // Why there is no cluster.
  const std::string& unresolved() const { return unresolved_; }
  Protocol protocol() const { return protocol_; }
  const std::string& path() const { return path_; }  // of kHttp
  Duration timeout() const { return timeout_; }
  bool fail_open() const { return fail_open_; }
  // Fields of the request that the service gets; empty: all.
  const std::vector<std::string>& sent() const { return sent_; }
  // Fields that clients cannot send; of kHttp those of an answer that allows, for the backend.
  const std::vector<std::string>& to_backend() const { return to_backend_; }
  // Of kGrpc: what the service is told with every question.
  const std::vector<std::pair<std::string, std::string>>& context() const { return context_; }
  // How long its answers are kept; zero: not at all.
  Duration keep() const { return keep_; }
  // Equal for configurations whose questions and answers mean the same.
  const std::string& identity() const { return identity_; }

 private:
  ExternalAuthConfig() = default;

  absl::Status ReadProtocol(const xds::v1::ExternalAuth& config);
  absl::Status CheckKeeping() const;

  std::string cluster_;
  std::string unresolved_;
  Protocol protocol_ = Protocol::kHttp;
  std::string path_ = "/";
  Duration timeout_ = std::chrono::milliseconds(200);
  bool fail_open_ = false;
  std::vector<std::string> sent_;
  std::vector<std::string> to_backend_;
  std::vector<std::pair<std::string, std::string>> context_;
  Duration keep_{};
  std::string identity_;
};

}  // namespace penstock::policies
