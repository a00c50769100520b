#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/base/ip_address.h"

namespace penstock::snapshot {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

// HTTP/2 of clients; the names are those of Http2Settings (listener.proto).
struct Http2Settings {
  bool prior_knowledge = false;
  uint32_t max_concurrent_streams = 100;
  uint32_t stream_window_bytes = 64 << 10;
  uint32_t connection_window_bytes = 1 << 20;
  nanoseconds keepalive_timeout = 300s;
  nanoseconds ping_interval = 60s;  // 0 = off
  uint32_t glitch_budget = 200;
  uint32_t glitch_refill = 20;  // per second

  bool operator==(const Http2Settings&) const = default;
};

// What a listener asks of its clients, every default filled in. The names are those of ClientSettings (listener.proto);
// docs and status use them too. 0 means "no bound" only where it says so.
struct ClientSettings {
  enum class EscapedSlashes : uint8_t { kReject, kKeep, kRedirect };

  nanoseconds first_byte_timeout = 10s;          // from accept; then the connection is closed
  nanoseconds request_headers_timeout = 10s;     // absolute, from the head's first byte -> 408
  nanoseconds keepalive_timeout = 60s;           // idle between two requests
  nanoseconds stream_idle_timeout = 300s;        // no byte either way within a request
  uint32_t max_request_line_bytes = 8192;        // -> 414
  uint32_t max_header_bytes = 61440;             // -> 431
  uint32_t max_header_count = 100;               // -> 431
  uint32_t max_requests_per_connection = 10000;  // then Connection: close
  nanoseconds max_connection_age = 1h;           // +-10 % jitter
  std::vector<Cidr> trusted_proxies;             // none by default
  uint32_t trusted_hops = 0;                     // 0 = no bound inside trusted_proxies
  EscapedSlashes escaped_slashes = EscapedSlashes::kReject;
  uint32_t max_connections = 10000;     // per data plane
  bool reason_header = false;           // x-penstock-reason on local replies
  uint64_t max_request_body_bytes = 0;  // 0 = no bound -> 413
  uint32_t min_body_rate = 500;         // bytes/s, counted after min_rate_grace
  nanoseconds min_rate_grace = 30s;

  nanoseconds tls_handshake_timeout = 10s;
  nanoseconds proxy_protocol_timeout = 3s;
  bool proxy_protocol = false;           // every connection of a trusted proxy begins with it, others are refused
  nanoseconds tcp_keepalive = 60s;       // idle time before probes; 0 = off
  nanoseconds tunnel_idle_timeout = 1h;  // upgraded connections, TCP and UDP sessions; UDP listeners: 60s
  Http2Settings http2;

  // Twice as long for what a client takes as for what it sends: its receive window hides a pause that is not its fault.
  nanoseconds response_rate_grace() const { return 2 * min_rate_grace; }

  bool operator==(const ClientSettings&) const = default;
};

// How connections to a cluster behave, every default filled in. The names are those of UpstreamSettings
// (cluster.proto).
struct UpstreamSettings {
  nanoseconds connect_timeout = 2s;
  nanoseconds idle_timeout = 60s;  // of a pooled connection
  nanoseconds max_connection_age = 1h;
  uint32_t max_connections = 1024;  // per data plane; so are the next three
  uint32_t max_pending = 1024;
  uint32_t max_requests = 1024;
  uint32_t max_retries = 3;                    // or the retry budget, if that is larger
  uint32_t max_response_header_bytes = 61440;  // -> 502
  uint32_t max_response_header_count = 100;    // -> 502
  nanoseconds stream_idle_timeout = 300s;

  bool operator==(const UpstreamSettings&) const = default;
};

inline constexpr nanoseconds kDefaultRequestTimeout = 15s;  // until the head of the response
inline constexpr nanoseconds kDefaultRetryBackoff = 25ms;
inline constexpr uint32_t kDefaultRetryBudgetPercent = 20;  // of active requests, at least 3
inline constexpr nanoseconds kDefaultDnsRefresh = 30s;
inline constexpr nanoseconds kDefaultUdpIdleTimeout = 60s;

// Limits of a configuration (E210 beyond them).
inline constexpr nanoseconds kMaxDuration = 24h * 365;  // any duration
inline constexpr uint32_t kMaxWeight = 1'000'000;       // Gateway API
inline constexpr size_t kMaxRulesPerRoute = 65'535;
inline constexpr size_t kMaxMatchesPerRule = 65'535;
inline constexpr uint32_t kMaxRetryAttempts = 10;
inline constexpr size_t kMaxStaticReplyBytes = 64 << 10;

}  // namespace penstock::snapshot
