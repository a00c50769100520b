#include "dataplane/telemetry/access_log/refusal_entry.h"

#include "dataplane/base/check.h"
#include "dataplane/telemetry/access_log/entry.h"
#include "dataplane/telemetry/access_log/json_line.h"

namespace penstock::telemetry {

// Keys are those of the control plane's audit log where they mean the same.
size_t AccessLogFormatter::Format(const RefusalLogEntry& entry, std::span<char> out) {
  PENSTOCK_CHECK(out.size() >= kMaxAccessLogLine, "a log line may be longer than its buffer");
  JsonLine line(out.data());
  Begin(line, entry.time_unix_ns);
  if (!entry.replica.empty()) line.String("replica", entry.replica, kMaxName);
  line.String("verb", "request", kMaxShort);
  line.String("outcome", entry.shadow ? "allowed" : "denied", kMaxShort);
  if (entry.shadow) line.True("shadow");
  line.String("reason", entry.reason, kMaxShort);
  if (!entry.detail.empty()) line.String("detail", entry.detail, kMaxName);
  if (entry.status > 0) line.Number("status", static_cast<uint64_t>(entry.status));
  if (entry.grpc_status >= 0) line.Number("grpcStatus", static_cast<uint64_t>(entry.grpc_status));
  line.String("policy", entry.policy, kMaxShort);
  if (!entry.object.empty()) line.String("object", entry.object, kMaxName);
  if (!entry.rule.empty()) line.String("rule", entry.rule, kMaxName);
  if (!entry.subject.empty()) line.String("subject", entry.subject, kMaxName);
  if (!entry.consumer.empty()) line.String("consumer", entry.consumer, kMaxName);
  line.String("peer", entry.peer, kMaxShort);
  line.String("client", entry.client, kMaxShort);
  line.String("method", entry.method, kMaxShort);
  line.String("host", entry.host, kMaxHost);
  line.String("path", entry.path, kMaxAuditedPath);
  line.Generation("generation", entry.generation_epoch, entry.generation_number);
  line.String("listener", entry.listener, kMaxName);
  if (!entry.route.empty()) line.String("route", entry.route, kMaxName);
  if (!entry.route_rule.empty()) line.String("routeRule", entry.route_rule, kMaxName);
  line.String("requestId", entry.request_id, kMaxShort);
  return line.End();
}

}  // namespace penstock::telemetry
