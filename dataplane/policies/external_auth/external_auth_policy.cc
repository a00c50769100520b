#include "dataplane/policies/external_auth/external_auth_policy.h"

#include <algorithm>

#include "dataplane/base/strings.h"
#include "dataplane/telemetry/stats/cells.h"

namespace penstock::policies {
namespace {

// Of an answer that refuses, what the client gets besides status and content.
constexpr std::string_view kToClient[] = {"www-authenticate", "location", "set-cookie", "cache-control"};
// What describes the content, which the service does not get.
constexpr std::string_view kOfContent[] = {"content-length", "content-type", "content-encoding", "expect"};

template <typename Names>
bool Has(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

void AddRequestFields(const Exchange& x, const std::vector<std::string>& sent, http::Headers& fields) {
  for (const http::Field& field : x.request.headers) {
    bool wanted = sent.empty() ? !Has(kOfContent, field.name()) : Has(sent, field.name());
    if (wanted) fields.Append(field);
  }
}

}  // namespace

Task<Verdict> ExternalAuthPolicy::OnRequest(Exchange& x) const {
  for (const std::string& field : config_->to_backend()) x.request.headers.Remove(std::string_view(field));
  SideCalls* calls = x.services == nullptr ? nullptr : x.services->calls;
  if (calls == nullptr || config_->cluster().empty()) return Fail("nobody can be asked", x);
  return Ask(x, *calls);
}

Task<Verdict> ExternalAuthPolicy::Ask(Exchange& x, SideCalls& calls) const {
  http::Headers& fields = x.Own<http::Headers>();
  AddRequestFields(x, config_->sent(), fields);
  fields.Set("x-forwarded-method", x.request.method_text);
  std::string_view mark = x.request.has_query ? "?" : "";
  fields.Set("x-forwarded-uri", x.arena.Concat({x.request.path, mark, x.request.query}));
  StatusOr<const SideResponse*> answer = co_await calls.Send(
      x, {.cluster = config_->cluster(), .path = config_->path(), .fields = fields, .timeout = config_->timeout()});
  if (!answer.ok()) co_return Fail(x.arena.Copy(ToStd(answer.status().message())), x);
  switch (ExternalAuthConfig::Decide((*answer)->status)) {
    case ExternalAuthConfig::Answer::kAllow:
      TakeFields(**answer, x);
      co_return Verdict::Continue();
    case ExternalAuthConfig::Answer::kDeny:
      co_return Refuse(**answer, x);
    case ExternalAuthConfig::Answer::kFailure:
      break;
  }
  co_return Fail(x.arena.Copy(StrCat("it answers ", (*answer)->status)), x);
}

void ExternalAuthPolicy::TakeFields(const SideResponse& answer, Exchange& x) const {
  for (const std::string& name : config_->to_backend()) {
    const http::Field* field = answer.fields.Find(std::string_view(name));
    if (field != nullptr) x.request.headers.Set(std::string_view(name), field->value());
  }
}

Verdict ExternalAuthPolicy::Refuse(const SideResponse& answer, Exchange& x) const {
  for (const http::Field& field : answer.fields) {
    if (Has(kToClient, field.name())) x.response.headers.Append(field);
  }
  x.detail = x.arena.Copy(StrCat(config_->cluster(), " answers ", answer.status));
  std::string_view type = answer.fields.Get("content-type");
  return Verdict::Reply(Reason::kAccessDenied, answer.status, answer.content, type.empty() ? "text/plain" : type);
}

Verdict ExternalAuthPolicy::Fail(std::string_view why, Exchange& x) const {
  if (config_->fail_open()) {
    if (x.services != nullptr && x.services->cells != nullptr) x.services->cells->let_in_unasked.Add();
    return Verdict::Continue();
  }
  x.detail = x.arena.Concat({config_->cluster(), ": ", why});
  return Verdict::Reply(Reason::kPolicyUnavailable);
}

}  // namespace penstock::policies
