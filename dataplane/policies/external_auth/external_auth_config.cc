#include "dataplane/policies/external_auth/external_auth_config.h"

#include <charconv>

#include "dataplane/base/status.h"
#include "dataplane/policies/headers/field_syntax.h"
#include "dataplane/policies/headers/header_ops.h"
#include "dataplane/policies/unpack.h"

namespace penstock::policies {
namespace {

constexpr Duration kLongest = std::chrono::seconds(10);

// Names in lower case; of those that are written, none that frames a message or ends at a hop.
StatusOr<std::vector<std::string>> FieldsOf(const google::protobuf::RepeatedPtrField<std::string>& names,
                                            const char* path, bool written) {
  std::vector<std::string> fields;
  for (int i = 0; i < names.size(); ++i) {
    std::string at = StrCat(path, "[", i, "]");
    RETURN_IF_ERROR(CheckFieldName(names[i])) << at;
    if (names[i] != LowerCase(names[i])) return absl::InvalidArgumentError(at + ": in lower case");
    HeaderOps unused;
    xds::v1::HeaderOps probe;
    probe.add_remove(names[i]);
    std::vector<HeaderOpsProblem> problems = CompileHeaderOps(probe, unused);
    if (written && !problems.empty()) return absl::InvalidArgumentError(StrCat(at, ": ", problems[0].status.message()));
    fields.push_back(names[i]);
  }
  return fields;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ExternalAuthConfig>> ExternalAuthConfig::Compile(
    const xds::v1::ExternalAuth& config) {
  std::shared_ptr<ExternalAuthConfig> result(new ExternalAuthConfig);
  result->cluster_ = config.cluster();
  if (!config.path().empty()) result->path_ = config.path();
  bool path = result->path_.starts_with('/') && result->path_.find_first_of(" #?\r\n\t") == std::string::npos;
  if (!path) return absl::InvalidArgumentError("path: begins with \"/\", without blanks, \"?\" and \"#\"");
  if (config.has_timeout()) {
    result->timeout_ =
        std::chrono::seconds(config.timeout().seconds()) + std::chrono::nanoseconds(config.timeout().nanos());
    bool within = result->timeout_ > Duration::zero() && result->timeout_ <= kLongest;
    if (!within) return absl::InvalidArgumentError("timeout: above 0s and at most 10s");
  }
  result->fail_open_ = config.fail_open();
  ASSIGN_OR_RETURN(result->sent_, FieldsOf(config.request_headers(), "request_headers", false));
  ASSIGN_OR_RETURN(result->to_backend_, FieldsOf(config.backend_headers(), "backend_headers", true));
  return std::shared_ptr<const ExternalAuthConfig>(std::move(result));
}

absl::StatusOr<PolicyConfigPtr> ExternalAuthConfig::CompileAny(const google::protobuf::Any& config) {
  xds::v1::ExternalAuth message;
  RETURN_IF_ERROR(Unpack(config, message));
  ASSIGN_OR_RETURN(PolicyConfigPtr compiled, Compile(message));
  return compiled;
}

std::string ExternalAuthConfig::Describe() const {
  return StrCat("asks ", cluster_.empty() ? "nobody (unresolved)" : cluster_, " at ", path_,
                fail_open_ ? "; lets everybody in while it is away" : "");
}

std::vector<std::string> ExternalAuthConfig::Clusters() const {
  if (cluster_.empty()) return {};
  return {cluster_};
}

ExternalAuthConfig::Answer ExternalAuthConfig::Decide(int status) {
  if (status >= 200 && status < 300) return Answer::kAllow;
  return status >= 300 && status < 500 ? Answer::kDeny : Answer::kFailure;
}

Judgement ExternalAuthConfig::Judge(Exchange& x, const Facts& facts) const {
  std::optional<std::string_view> fact = facts.Find(StrCat("external_auth/", cluster_));
  int status = 0;
  if (fact.has_value()) std::from_chars(fact->data(), fact->data() + fact->size(), status);
  if (cluster_.empty() && !fail_open_) {
    return Judgement::Deny(Reason::kPolicyUnavailable, "the backend that it would ask is unresolved");
  }
  if (!fact.has_value()) {
    return Judgement::Unknown(Reason::kAccessDenied, StrCat("what ", cluster_,
                                                            " says is not known here: passes with 2xx, else "
                                                            "its answer"));
  }
  if (Decide(status) == Answer::kDeny) return Judgement::Deny(Reason::kAccessDenied, StrCat("it answers ", status));
  if (Decide(status) == Answer::kFailure && !fail_open_) {
    return Judgement::Deny(Reason::kPolicyUnavailable, "it is away");
  }
  return Judgement::Pass(StrCat("it answers ", status));
}

}  // namespace penstock::policies
