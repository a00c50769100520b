#include <algorithm>

#include "dataplane/base/strings.h"
#include "dataplane/policies/headers/field_syntax.h"
#include "dataplane/snapshot/compile_resources.h"
#include "dataplane/snapshot/values.h"

namespace penstock::snapshot {
namespace {

constexpr size_t kMaxClustersPerRule = 1024;

Retry CompileRetry(const xds::v1::Retry& retry, const Field& field, ProblemSink& problems) {
  Retry result;
  result.attempts = ReadLimit(retry.attempts(), 0, kMaxRetryAttempts, Field(field, "attempts"), problems);
  for (int i = 0; i < retry.statuses_size(); ++i) {
    if (retry.statuses(i) < 400 || retry.statuses(i) > 599) {
      problems.Add("E205", Field(field, "statuses", i), StrCat(retry.statuses(i), " is no status that can be retried"),
                   "400 to 599");
    }
    result.statuses.push_back(retry.statuses(i));
  }
  std::sort(result.statuses.begin(), result.statuses.end());
  if (retry.has_per_try()) {
    result.per_try = ReadDuration(retry.per_try(), Zero::kAllowed, result.per_try, Field(field, "per_try"), problems);
  }
  result.budget_percent =
      ReadLimit(retry.budget_percent(), result.budget_percent, 100, Field(field, "budget_percent"), problems);
  if (retry.has_backoff()) {
    result.backoff = ReadDuration(retry.backoff(), Zero::kRefused, result.backoff, Field(field, "backoff"), problems);
  }
  return result;
}

void CompileTimeouts(const xds::v1::Forward& forward, Forward& result, const Field& field, ProblemSink& problems) {
  bool request_set = forward.has_request_timeout() || forward.request_timeout_off();
  bool backend_set = forward.has_backend_timeout() || forward.backend_timeout_off();
  if (forward.has_request_timeout()) {
    result.request_timeout = ReadDuration(forward.request_timeout(), Zero::kAllowed, result.request_timeout,
                                          Field(field, "request_timeout"), problems);
  }
  if (forward.request_timeout_off()) result.request_timeout = nanoseconds(0);
  result.backend_timeout = result.request_timeout;
  if (forward.has_backend_timeout()) {
    result.backend_timeout = ReadDuration(forward.backend_timeout(), Zero::kAllowed, result.backend_timeout,
                                          Field(field, "backend_timeout"), problems);
  }
  if (forward.backend_timeout_off()) result.backend_timeout = nanoseconds(0);
  bool longer = result.backend_timeout > result.request_timeout && result.request_timeout != nanoseconds(0);
  if (longer && request_set) {
    problems.Add("E205", Field(field, "backend_timeout"), "one attempt may not last longer than the whole request");
  }
  // Only the attempt was given a time: the default of the whole must not cut it short.
  if (longer && backend_set && !request_set) result.request_timeout = result.backend_timeout;
}

// Switching to HTTP/2 or TLS would carry requests past every rule.
bool IsUpgradeToken(std::string_view token) {
  bool plain = !token.empty() && std::all_of(token.begin(), token.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
  return plain && token != "h2c" && token != "tls";
}

Forward CompileForward(const xds::v1::Forward& forward, const Field& field, ProblemSink& problems) {
  Forward result;
  if (static_cast<size_t>(forward.clusters_size()) > kMaxClustersPerRule) {
    problems.Add("E210", Field(field, "clusters"), StrCat("at most ", kMaxClustersPerRule, " clusters are allowed"));
    return result;
  }
  for (int i = 0; i < forward.clusters_size(); ++i) {
    const xds::v1::WeightedCluster& from = forward.clusters(i);
    Field place(field, "clusters", i);
    WeightedCluster cluster;
    cluster.cluster = from.cluster();
    cluster.weight = from.weight();
    cluster.problem = from.problem();
    if (cluster.weight > kMaxWeight) {
      problems.Add("E205", Field(place, "weight"), StrCat("a weight is at most ", kMaxWeight));
    }
    cluster.filters = CompileFilters(from.filters(), place, problems);
    result.total_weight += cluster.weight;
    result.clusters.push_back(std::move(cluster));
  }
  CompileTimeouts(forward, result, field, problems);
  if (forward.has_retry()) result.retry = CompileRetry(forward.retry(), Field(field, "retry"), problems);
  for (int i = 0; i < forward.upgrades_size(); ++i) {
    if (!IsUpgradeToken(forward.upgrades(i))) {
      problems.Add("E205", Field(field, "upgrades", i), StrCat("\"", forward.upgrades(i), "\" cannot be switched to"),
                   "a token in lower case, as \"websocket\"; never h2c or tls, which hide what is inside");
    }
    result.upgrades.push_back(forward.upgrades(i));
  }
  return result;
}

Tunnel CompileTunnel(const xds::v1::Tunnel& tunnel, const Field& field, ProblemSink& problems) {
  Tunnel result;
  if (static_cast<size_t>(tunnel.clusters_size()) > kMaxClustersPerRule) {
    problems.Add("E210", Field(field, "clusters"), StrCat("at most ", kMaxClustersPerRule, " clusters are allowed"));
    return result;
  }
  for (int i = 0; i < tunnel.clusters_size(); ++i) {
    const xds::v1::WeightedCluster& from = tunnel.clusters(i);
    Field place(field, "clusters", i);
    if (from.weight() > kMaxWeight) {
      problems.Add("E205", Field(place, "weight"), StrCat("a weight is at most ", kMaxWeight));
    }
    if (from.filters_size() > 0) problems.Add("E205", Field(place, "filters"), "a tunnel has no filters");
    result.total_weight += from.weight();
    result.clusters.push_back(
        {.cluster = from.cluster(), .weight = from.weight(), .filters = {}, .problem = from.problem()});
  }
  if (tunnel.has_idle_timeout()) {
    result.idle_timeout =
        ReadDuration(tunnel.idle_timeout(), Zero::kRefused, nanoseconds(1h), Field(field, "idle_timeout"), problems);
  }
  return result;
}

Redirect CompileRedirect(const xds::v1::Redirect& redirect, const Field& field, ProblemSink& problems) {
  constexpr uint32_t kStatuses[] = {301, 302, 303, 307, 308};
  Redirect result;
  result.scheme = redirect.scheme();
  if (!result.scheme.empty() && result.scheme != "http" && result.scheme != "https") {
    problems.Add("E205", Field(field, "scheme"), StrCat("\"", result.scheme, "\" is no scheme to redirect to"),
                 "http or https");
  }
  result.hostname = redirect.hostname();
  if (!result.hostname.empty()) {
    CheckHostname(result.hostname, Wildcard::kRefused, Field(field, "hostname"), problems);
  }
  result.path = CompilePathRewrite(redirect.path(), Field(field, "path"), problems);
  if (redirect.port() != 0) result.port = ReadPort(redirect.port(), Field(field, "port"), problems);
  if (redirect.status() != 0) {
    if (std::find(std::begin(kStatuses), std::end(kStatuses), redirect.status()) == std::end(kStatuses)) {
      problems.Add("E205", Field(field, "status"), StrCat(redirect.status(), " is no redirect"),
                   "301, 302, 303, 307 or 308");
    }
    result.status = static_cast<uint16_t>(redirect.status());
  }
  return result;
}

StaticReply CompileStaticReply(const xds::v1::StaticReply& reply, const Field& field, ProblemSink& problems) {
  StaticReply result;
  if (reply.status() != 0) result.status = static_cast<uint16_t>(reply.status());
  if (reply.status() != 0 && (reply.status() < 200 || reply.status() > 599)) {
    problems.Add("E205", Field(field, "status"), StrCat(reply.status(), " is no final status"), "200 to 599");
  }
  result.body = reply.body();
  if (result.body.size() > kMaxStaticReplyBytes) {
    problems.Add("E210", Field(field, "body"), StrCat("at most ", kMaxStaticReplyBytes, " bytes are allowed"));
  }
  if (!reply.content_type().empty()) result.content_type = reply.content_type();
  absl::Status status = policies::CheckFieldValue(result.content_type);
  if (!status.ok()) problems.Add("E205", Field(field, "content_type"), status);
  return result;
}

}  // namespace

Action CompileAction(const xds::v1::RouteRule& rule, const Field& field, ProblemSink& problems) {
  switch (rule.action_case()) {
    case xds::v1::RouteRule::kForward:
      return CompileForward(rule.forward(), Field(field, "forward"), problems);
    case xds::v1::RouteRule::kRedirect:
      return CompileRedirect(rule.redirect(), Field(field, "redirect"), problems);
    case xds::v1::RouteRule::kStaticReply:
      return CompileStaticReply(rule.static_reply(), Field(field, "static_reply"), problems);
    case xds::v1::RouteRule::kTunnel:
      return CompileTunnel(rule.tunnel(), Field(field, "tunnel"), problems);
    case xds::v1::RouteRule::ACTION_NOT_SET:
      break;
  }
  problems.Add("E208", Field(field, "action"), "what to do is not said, or not known to this build",
               "set forward, redirect, static_reply or tunnel; a forward without clusters answers 500");
  return Forward();
}

}  // namespace penstock::snapshot
