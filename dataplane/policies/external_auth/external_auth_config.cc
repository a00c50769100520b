#include "dataplane/policies/external_auth/external_auth_config.h"

#include <algorithm>
#include <charconv>

#include "absl/time/time.h"
#include "dataplane/base/status.h"
#include "dataplane/policies/headers/field_syntax.h"
#include "dataplane/policies/headers/header_ops.h"
#include "dataplane/policies/unpack.h"

namespace penstock::policies {
namespace {

constexpr Duration kLongest = std::chrono::seconds(10);
// No two requests have the same of these.
constexpr std::string_view kOfOneRequest[] = {"x-request-id", "traceparent"};

// Names in lower case; of those that are written, none that frames a message or ends at a hop.
StatusOr<std::vector<std::string>> FieldsOf(const google::protobuf::RepeatedPtrField<std::string>& names,
                                            const char* path, bool written) {
  std::vector<std::string> fields;
  for (int i = 0; i < names.size(); ++i) {
    std::string at = StrCat(path, "[", i, "]");
    RETURN_IF_ERROR(CheckFieldName(names[i])) << at;
    if (names[i] != LowerCase(names[i])) return absl::InvalidArgumentError(at + ": in lower case");
    if (written) {
      RETURN_IF_ERROR(CheckMayChange(names[i])) << at;
    }
    fields.push_back(names[i]);
  }
  return fields;
}

Duration ToDuration(const google::protobuf::Duration& duration) {
  return std::chrono::seconds(duration.seconds()) + std::chrono::nanoseconds(duration.nanos());
}

absl::Status CheckPath(const std::string& path) {
  bool good = path.starts_with('/') && path.find_first_of(" #?\r\n\t") == std::string::npos;
  return good ? absl::OkStatus()
              : absl::InvalidArgumentError("path: begins with \"/\", without blanks, \"?\" and \"#\"");
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ExternalAuthConfig>> ExternalAuthConfig::Compile(
    const xds::v1::ExternalAuth& config) {
  std::shared_ptr<ExternalAuthConfig> result(new ExternalAuthConfig);
  result->cluster_ = config.cluster();
  result->unresolved_ =
      config.unresolved().empty() ? "the backend that it would ask is unresolved" : config.unresolved();
  if (config.has_timeout()) {
    result->timeout_ = ToDuration(config.timeout());
    bool within = result->timeout_ > Duration::zero() && result->timeout_ <= kLongest;
    if (!within) return absl::InvalidArgumentError("timeout: above 0s and at most 10s");
  }
  result->fail_open_ = config.fail_open();
  ASSIGN_OR_RETURN(result->sent_, FieldsOf(config.request_headers(), "request_headers", false));
  ASSIGN_OR_RETURN(result->to_backend_, FieldsOf(config.backend_headers(), "backend_headers", true));
  RETURN_IF_ERROR(result->ReadProtocol(config));
  if (config.has_cache_ttl()) result->keep_ = ToDuration(config.cache_ttl());
  RETURN_IF_ERROR(result->CheckKeeping());
  // No map in it: equal messages are equal bytes.
  result->identity_ = config.SerializeAsString();
  return std::shared_ptr<const ExternalAuthConfig>(std::move(result));
}

absl::Status ExternalAuthConfig::ReadProtocol(const xds::v1::ExternalAuth& config) {
  switch (config.protocol()) {
    case xds::v1::ExternalAuth::PROTOCOL_UNSPECIFIED:
    case xds::v1::ExternalAuth::HTTP:
      if (!config.path().empty()) path_ = config.path();
      if (!config.context_extensions().empty())
        return absl::InvalidArgumentError("context_extensions: only gRPC has them");
      return CheckPath(path_);
    case xds::v1::ExternalAuth::GRPC:
      break;
    default:
      return absl::UnimplementedError("protocol: not known to this build");
  }
  protocol_ = Protocol::kGrpc;
  if (!config.path().empty()) return absl::InvalidArgumentError("path: gRPC has one of its own");
  for (int i = 0; i < config.context_extensions_size(); ++i) {
    const xds::v1::ContextExtension& extension = config.context_extensions(i);
    bool twice =
        std::any_of(context_.begin(), context_.end(), [&](const auto& c) { return c.first == extension.key(); });
    if (twice || extension.key().empty())
      return absl::InvalidArgumentError(StrCat("context_extensions[", i, "].key: is there once, and not empty"));
    context_.emplace_back(extension.key(), extension.value());
  }
  return absl::OkStatus();
}

absl::Status ExternalAuthConfig::CheckKeeping() const {
  if (keep_ == Duration::zero()) return absl::OkStatus();
  if (keep_ < Duration::zero() || keep_ > kLongestKept) return absl::InvalidArgumentError("cache_ttl: at most 1h");
  if (sent_.empty()) {
    return absl::InvalidArgumentError(
        "request_headers: answers are kept by all that the service is told, so say which fields that is");
  }
  for (std::string_view name : kOfOneRequest) {
    if (std::find(sent_.begin(), sent_.end(), name) == sent_.end()) continue;
    return absl::InvalidArgumentError(
        StrCat("request_headers: no two requests have the same ", name, ", so that no answer would be used again"));
  }
  return absl::OkStatus();
}

absl::StatusOr<PolicyConfigPtr> ExternalAuthConfig::CompileAny(const google::protobuf::Any& config) {
  xds::v1::ExternalAuth message;
  RETURN_IF_ERROR(Unpack(config, message));
  ASSIGN_OR_RETURN(PolicyConfigPtr compiled, Compile(message));
  return compiled;
}

std::string ExternalAuthConfig::Describe() const {
  std::string text = StrCat("asks ", cluster_.empty() ? StrCat("nobody (", unresolved_, ")") : cluster_);
  text += protocol_ == Protocol::kGrpc ? " in gRPC" : StrCat(" at ", path_);
  if (keep_ > Duration::zero())
    text += StrCat("; keeps its answers for ", absl::FormatDuration(absl::FromChrono(keep_)));
  if (fail_open_) text += "; lets everybody in while it is away";
  return text;
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
    return Judgement::Deny(Reason::kPolicyUnavailable, unresolved_);
  }
  if (!fact.has_value()) {
    std::string_view passes = protocol_ == Protocol::kGrpc ? "OK" : "2xx";
    return Judgement::Unknown(Reason::kAccessDenied, StrCat("what ", cluster_, " says is not known here: passes with ",
                                                            passes, ", else its answer"));
  }
  if (Decide(status) == Answer::kDeny) return Judgement::Deny(Reason::kAccessDenied, StrCat("it answers ", status));
  if (Decide(status) == Answer::kFailure && !fail_open_) {
    return Judgement::Deny(Reason::kPolicyUnavailable, "it is away");
  }
  return Judgement::Pass(StrCat("it answers ", status));
}

}  // namespace penstock::policies
