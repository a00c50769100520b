#include "dataplane/telemetry/access_log/entry.h"

#include <algorithm>

#include "dataplane/base/check.h"
#include "dataplane/telemetry/access_log/json_line.h"

namespace penstock::telemetry {
namespace {

using json_line_internal::WritePadded;

constexpr int64_t kNsPerSecond = 1'000'000'000;

void WriteTls(const AccessLogEntry& entry, JsonLine& line) {
  line.String("tls_version", entry.tls_version, kMaxShort);
  line.String("tls_cipher", entry.tls_cipher, kMaxShort);
  if (!entry.sni.empty()) line.String("sni", entry.sni, kMaxHost);
  if (!entry.alpn.empty()) line.String("alpn", entry.alpn, kMaxShort);
  if (!entry.client_identity.empty()) line.String("client_identity", entry.client_identity, kMaxName);
}

}  // namespace

// The part of a time that stays the same for a second; RFC 3339 in UTC: "2026-11-21T02:04:53.".
std::string_view AccessLogFormatter::Second(int64_t unix_seconds) {
  if (unix_seconds != second_) {
    second_ = unix_seconds;
    using namespace std::chrono;
    sys_seconds time{seconds(unix_seconds)};
    sys_days day = floor<days>(time);
    year_month_day date{day};
    auto of_day = static_cast<uint64_t>((time - day).count());
    char* out = second_text_.data();
    out = WritePadded<4>(out, static_cast<uint64_t>(static_cast<int>(date.year())));
    *out++ = '-';
    out = WritePadded<2>(out, static_cast<unsigned>(date.month()));
    *out++ = '-';
    out = WritePadded<2>(out, static_cast<unsigned>(date.day()));
    *out++ = 'T';
    out = WritePadded<2>(out, of_day / 3600);
    *out++ = ':';
    out = WritePadded<2>(out, of_day / 60 % 60);
    *out++ = ':';
    out = WritePadded<2>(out, of_day % 60);
    *out++ = '.';
  }
  return {second_text_.data(), kSecondSize};
}

void AccessLogFormatter::Begin(JsonLine& line, int64_t unix_ns) {
  int64_t second = unix_ns / kNsPerSecond;
  int64_t ns = unix_ns % kNsPerSecond;
  if (ns < 0) --second, ns += kNsPerSecond;
  line.Time("time", Second(second), static_cast<uint64_t>(ns) / 1000);
}

size_t AccessLogFormatter::Format(const AccessLogEntry& entry, std::span<char> out) {
  PENSTOCK_CHECK(out.size() >= kMaxAccessLogLine, "a log line may be longer than its buffer");
  JsonLine line(out.data());
  Begin(line, entry.time_unix_ns);
  line.String("request_id", entry.request_id, kMaxShort);
  line.Generation("generation", entry.generation_epoch, entry.generation_number);
  line.Number("endpoints_epoch", entry.endpoints_epoch);
  line.String("listener", entry.listener, kMaxName);
  if (!entry.route.empty()) line.String("route", entry.route, kMaxName);
  if (entry.rule >= 0) line.Number("rule", static_cast<uint64_t>(entry.rule));
  if (!entry.rule_name.empty()) line.String("rule_name", entry.rule_name, kMaxName);
  if (!entry.cluster.empty()) line.String("cluster", entry.cluster, kMaxName);
  if (!entry.endpoint.empty()) line.String("endpoint", entry.endpoint, kMaxShort);
  line.String("protocol", entry.protocol, kMaxShort);
  line.String("method", entry.method, kMaxShort);
  line.String("host", entry.host, kMaxHost);
  line.String("path", entry.path, kMaxPath);
  line.Number("status", static_cast<uint64_t>(std::max(entry.status, 0)));
  if (entry.grpc_status >= 0) [[unlikely]]
    line.Number("grpc_status", static_cast<uint64_t>(entry.grpc_status));
  if (!entry.upgrade.empty()) line.String("upgrade", entry.upgrade, kMaxShort);
  if (!entry.reason.empty()) line.String("reason", entry.reason, kMaxShort);
  if (!entry.detail.empty()) line.String("detail", entry.detail, kMaxShort);
  line.Number("bytes_in", entry.bytes_in);
  line.Number("bytes_out", entry.bytes_out);
  line.Millis("duration_ms", entry.duration);
  if (entry.upstream_connect.count() >= 0) line.Millis("upstream_connect_ms", entry.upstream_connect);
  if (entry.upstream_response.count() >= 0) line.Millis("upstream_response_ms", entry.upstream_response);
  line.String("peer", entry.peer, kMaxShort);
  line.String("client", entry.client, kMaxShort);
  if (!entry.subject.empty()) [[unlikely]]
    line.String("subject", entry.subject, kMaxName);
  if (!entry.tls_version.empty()) WriteTls(entry, line);
  if (!entry.user_agent.empty()) line.String("user_agent", entry.user_agent, kMaxUserAgent);
  line.Number("tries", entry.tries);
  line.Number("seed", entry.seed);
  return line.End();
}

}  // namespace penstock::telemetry
