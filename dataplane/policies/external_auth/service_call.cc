#include "dataplane/policies/external_auth/service_call.h"

#include <algorithm>

#include "dataplane/base/strings.h"
#include "dataplane/policies/external_auth/check_call.h"

namespace penstock::policies {
namespace {

// What gRPC's servers are told of how long their answer is of use: whole milliseconds, at least one.
std::string_view GrpcTimeout(Duration timeout, Arena& arena) {
  auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  return arena.Copy(StrCat(std::max<int64_t>(whole, 1), "m"));
}

Task<StatusOr<Answer>> CallInHttp(const ExternalAuthConfig& config, Question question, Duration timeout, Exchange& x) {
  http::Headers& fields = x.Own<http::Headers>();
  for (const http::Field& field : question.fields) fields.Append(field);
  fields.Set(http::HeaderId::kXForwardedMethod, question.method);
  fields.Set(http::HeaderId::kXForwardedUri, question.uri);
  StatusOr<const SideResponse*> answer = co_await x.services->calls->Send(
      x, {.cluster = config.cluster(), .path = config.path(), .fields = fields, .timeout = timeout});
  if (!answer.ok()) co_return answer.status();
  co_return ReadHttpAnswer(**answer, config, x.arena);
}

Task<StatusOr<Answer>> CallInGrpc(const ExternalAuthConfig& config, Question question, Duration timeout, Exchange& x) {
  http::Headers& fields = x.Own<http::Headers>();
  fields.Add(http::HeaderId::kContentType, "application/grpc");
  fields.Add("grpc-timeout", GrpcTimeout(timeout, x.arena));
  std::string content = CheckContent(question, config);
  StatusOr<const SideResponse*> answer = co_await x.services->calls->Send(x, {.cluster = config.cluster(),
                                                                              .method = http::Method::kPost,
                                                                              .method_text = "POST",
                                                                              .path = kCheckPath,
                                                                              .fields = fields,
                                                                              .content = content,
                                                                              .timeout = timeout,
                                                                              .max_content = kMaxCheckAnswer});
  if (!answer.ok()) co_return answer.status();
  co_return ReadCheckAnswer(**answer, x.arena);
}

}  // namespace

Task<StatusOr<Answer>> CallService(const ExternalAuthConfig& config, Question question, Duration timeout, Exchange& x) {
  if (timeout <= Duration::zero()) return StatusOr<Answer>(absl::DeadlineExceededError("there is no time left to ask"));
  bool grpc = config.protocol() == ExternalAuthConfig::Protocol::kGrpc;
  return grpc ? CallInGrpc(config, question, timeout, x) : CallInHttp(config, question, timeout, x);
}

}  // namespace penstock::policies
