#include "dataplane/base/strings.h"
#include "dataplane/http/forwarded.h"
#include "dataplane/snapshot/explain.h"

namespace penstock::snapshot {
namespace {

std::string BlockText(const Cidr& block) {
  bool unix_sockets = block.base().IsUnspecified() &&
                      StrCat(block.base().ToString(), "/", block.prefix_length()) == http::kUnixPeerBlock;
  return unix_sockets ? "all on Unix sockets" : block.ToString();
}

std::string TrustedText(const ClientSettings& settings) {
  std::string text = "trusted proxies: ";
  for (size_t i = 0; i < settings.trusted_proxies.size(); ++i)
    text += StrCat(i == 0 ? "" : ", ", BlockText(settings.trusted_proxies[i]));
  if (settings.trusted_proxies.empty()) return text + "none";
  return settings.trusted_hops == 0 ? text : StrCat(text, ", at most ", settings.trusted_hops, " hops");
}

std::string_view EscapedSlashesText(ClientSettings::EscapedSlashes choice) {
  switch (choice) {
    case ClientSettings::EscapedSlashes::kReject:
      return "escaped slashes: Reject";
    case ClientSettings::EscapedSlashes::kKeep:
      return "escaped slashes: Keep";
    case ClientSettings::EscapedSlashes::kRedirect:
      return "escaped slashes: Redirect";
  }
  return "";
}

std::string Http2Text(const Http2Settings& http2) {
  return StrCat("HTTP/2 by prior knowledge: ", http2.max_concurrent_streams, " requests at once, windows ",
                http2.stream_window_bytes, " B and ", http2.connection_window_bytes, " B, idle ",
                DurationText(http2.keepalive_timeout), ", budget ", http2.glitch_budget, " frames and ",
                http2.glitch_refill, "/s");
}

}  // namespace

std::string DurationText(nanoseconds duration) {
  int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  if (duration != std::chrono::milliseconds(ms)) return StrCat(duration.count(), "ns");
  return ms % 1000 == 0 ? StrCat(ms / 1000, "s") : StrCat(ms, "ms");
}

std::vector<std::string> ExplainClient(const ClientSettings& settings) {
  uint64_t body = settings.max_request_body_bytes;
  std::vector<std::string> lines = {
      StrCat("timeouts: first byte ", DurationText(settings.first_byte_timeout), ", request headers ",
             DurationText(settings.request_headers_timeout), ", keep-alive ", DurationText(settings.keepalive_timeout),
             ", stream idle ", DurationText(settings.stream_idle_timeout), ", connection age ",
             DurationText(settings.max_connection_age)),
      StrCat("limits: request line ", settings.max_request_line_bytes, " B, headers ", settings.max_header_bytes,
             " B in ", settings.max_header_count, " fields, body ", body == 0 ? "without bound" : StrCat(body, " B"),
             ", body rate ", settings.min_body_rate, " B/s after ", DurationText(settings.min_rate_grace), ", ",
             settings.max_requests_per_connection, " requests per connection, ", settings.max_connections,
             " connections"),
      TrustedText(settings), std::string(EscapedSlashesText(settings.escaped_slashes))};
  if (settings.proxy_protocol) lines.push_back("PROXY protocol: required; a connection without its header is closed");
  if (settings.http2.prior_knowledge) lines.push_back(Http2Text(settings.http2));
  return lines;
}

}  // namespace penstock::snapshot
