#include "dataplane/telemetry/access_log/connection_entry.h"

#include "dataplane/base/check.h"
#include "dataplane/telemetry/access_log/entry.h"
#include "dataplane/telemetry/access_log/json_line.h"

namespace penstock::telemetry {

size_t AccessLogFormatter::Format(const ConnectionLogEntry& entry, std::span<char> out) {
  PENSTOCK_CHECK(out.size() >= kMaxAccessLogLine, "a log line may be longer than its buffer");
  JsonLine line(out.data());
  Begin(line, entry.time_unix_ns);
  line.String("protocol", entry.protocol, kMaxShort);
  line.Generation("generation", entry.generation_epoch, entry.generation_number);
  line.Number("endpoints_epoch", entry.endpoints_epoch);
  line.String("listener", entry.listener, kMaxName);
  if (!entry.route.empty()) line.String("route", entry.route, kMaxName);
  if (entry.rule >= 0) line.Number("rule", static_cast<uint64_t>(entry.rule));
  if (!entry.cluster.empty()) line.String("cluster", entry.cluster, kMaxName);
  if (!entry.endpoint.empty()) line.String("endpoint", entry.endpoint, kMaxShort);
  if (!entry.server_name.empty()) line.String("sni", entry.server_name, kMaxHost);
  if (!entry.reason.empty()) line.String("reason", entry.reason, kMaxShort);
  if (!entry.detail.empty()) line.String("detail", entry.detail, kMaxShort);
  line.Number("bytes_in", entry.bytes_in);
  line.Number("bytes_out", entry.bytes_out);
  if (entry.datagrams_in > 0) {
    line.Number("datagrams_in", entry.datagrams_in);
    line.Number("datagrams_out", entry.datagrams_out);
  }
  line.Millis("duration_ms", entry.duration);
  if (entry.upstream_connect.count() >= 0) line.Millis("upstream_connect_ms", entry.upstream_connect);
  line.String("peer", entry.peer, kMaxShort);
  if (!entry.proxy.empty()) line.String("proxy", entry.proxy, kMaxShort);
  line.Number("tries", entry.tries);
  line.Number("seed", entry.seed);
  return line.End();
}

}  // namespace penstock::telemetry
