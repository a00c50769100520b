// What is counted, grouped by what it is counted for. Every field here is a row of the table in metrics.cc, which says
// what it means to people; the comments here say when to count. One instance per worker and label set, written by that
// worker alone, except ProcessCells. Absorb adds what another one counted, field by field.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/telemetry/stats/cell.h"
#include "dataplane/telemetry/stats/tls_failure.h"

namespace penstock::telemetry {

// The first digit of a status; kNone: nobody saw a final status (the client left first).
enum class CodeClass : uint8_t { kNone, k1xx, k2xx, k3xx, k4xx, k5xx };
inline constexpr size_t kCodeClasses = 6;
inline constexpr std::array<const char*, kCodeClasses> kCodeClassNames = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

constexpr CodeClass CodeClassOf(int status) {
  return status >= 100 && status < 600 ? static_cast<CodeClass>(status / 100) : CodeClass::kNone;
}

// Requests by class of their final status.
class RequestCounter {
 public:
  void Add(int status) noexcept { counters_[static_cast<size_t>(CodeClassOf(status))].Add(); }
  const Counter& At(size_t code_class) const noexcept { return counters_[code_class]; }
  void Absorb(const RequestCounter& from) noexcept {
    for (size_t i = 0; i < kCodeClasses; ++i) counters_[i].Absorb(from.counters_[i]);
  }

 private:
  std::array<Counter, kCodeClasses> counters_;
};

// Failed handshakes by cause.
class TlsFailureCounter {
 public:
  void Add(TlsFailure cause) noexcept { counters_[static_cast<size_t>(cause)].Add(); }
  const Counter& At(size_t cause) const noexcept { return counters_[cause]; }
  void Absorb(const TlsFailureCounter& from) noexcept {
    for (size_t i = 0; i < kTlsFailures; ++i) counters_[i].Absorb(from.counters_[i]);
  }

 private:
  std::array<Counter, kTlsFailures> counters_;
};

// Calls of gRPC by the status that they ended with. Most routes have none: the counters are made by the first call.
class GrpcCounter {
 public:
  // "0" to "16" at their places.
  static constexpr size_t kStatuses = 17;
  static constexpr size_t kOther = kStatuses;     // a status that gRPC does not have
  static constexpr size_t kNone = kStatuses + 1;  // it broke before there was one
  static constexpr size_t kNames = kStatuses + 2;

  GrpcCounter() = default;
  GrpcCounter(const GrpcCounter&) = delete;
  ~GrpcCounter() { delete counters_.load(std::memory_order_relaxed); }

  // Where a grpc-status counts; negative: there was none.
  static constexpr size_t IndexOf(int status) noexcept {
    if (status < 0) return kNone;
    return std::min(static_cast<size_t>(status), kOther);
  }

  void Add(size_t index) noexcept { (*Made())[index].Add(); }
  uint64_t Read(size_t index) const noexcept {
    const Counters* counters = counters_.load(std::memory_order_acquire);
    return counters == nullptr ? 0 : (*counters)[index].Read();
  }
  void Absorb(const GrpcCounter& from) noexcept;

  static std::string NameOf(size_t index);

 private:
  using Counters = std::array<Counter, kNames>;

  Counters* Made() noexcept;

  std::atomic<Counters*> counters_{nullptr};
};

// Connections that switched to another protocol, by its name.
class UpgradeCounter {
 public:
  static constexpr std::array<const char*, 2> kNames = {"websocket", "other"};

  void Add(std::string_view protocol) noexcept { counters_[protocol == kNames[0] ? 0 : 1].Add(); }
  const Counter& At(size_t name) const noexcept { return counters_[name]; }
  void Absorb(const UpgradeCounter& from) noexcept {
    for (size_t i = 0; i < counters_.size(); ++i) counters_[i].Absorb(from.counters_[i]);
  }

 private:
  std::array<Counter, kNames.size()> counters_;
};

// Label listener. Connections and what is wrong with them.
struct alignas(64) ListenerCells {
  Counter connections_opened;
  Counter connections_refused;  // closed at once: a limit was reached
  Gauge connections_active;
  Counter malformed_requests;  // answered with 400, 414, 431 or 501 by the codec, or closed
  Counter client_timeouts;     // closed or answered with 408 because the client was too slow
  Counter http2_connections;   // of connections_opened
  Counter http2_requests;
  Counter http2_refused;  // requests beyond the connection's limit
  Counter http2_floods;   // connections that were ended because the client spent its budget
  Counter http2_errors;   // connections that were ended because the client broke the protocol
  Gauge requests_active;
  Counter tls_handshakes;   // that succeeded; by the listener that the server name chose
  Counter tls_resumptions;  // of these, those of an earlier session
  // One that failed before a listener was chosen counts for the least specific one of the place.
  TlsFailureCounter tls_failures;
  UpgradeCounter upgrades;
  Gauge tunnels_active;  // upgraded connections

  void Absorb(const ListenerCells& from) noexcept;
};

// Labels listener and route; a request that matches no route counts with route "". Counted once per request, at its
// end.
struct alignas(64) RouteCells {
  RequestCounter requests;
  Counter request_bytes;   // body bytes taken from the client
  Counter response_bytes;  // body bytes given to the client
  Histogram duration;      // first byte of the request's head to last byte of the response
  // Connections and UDP sessions that are carried without being understood; refused ones too.
  Counter sessions;
  Gauge sessions_active;
  Counter session_bytes_in;  // counted as they move: from the client, given to the upstream
  Counter session_bytes_out;
  GrpcCounter grpc_calls;  // of the requests; the one field that is no plain cell is the last

  void Absorb(const RouteCells& from) noexcept;
};

// Label cluster. One upstream request is one attempt.
struct alignas(64) ClusterCells {
  RequestCounter requests;  // attempts, by status of the upstream; kNone: it gave none
  Gauge requests_active;
  Counter request_bytes;    // body bytes sent
  Counter response_bytes;   // body bytes received
  Histogram response_time;  // start of the attempt to the response's head
  Counter connections_opened;
  Counter connection_failures;  // refused, timed out, unreachable
  Gauge connections_active;     // open, idle ones included
  Gauge connections_idle;
  Counter connections_reused;  // attempts that found an idle connection
  Counter limit_refusals;      // attempts refused because a limit of the cluster was reached
  Counter retries;
  Counter retries_denied;  // wanted by the policy, refused by the budget
  Counter timeouts;
  Counter resets;  // the connection broke before the end of the response
  Counter mirrored;
  Counter mirrors_skipped;     // content too large to keep, or too many copies running
  Counter dns_failures;        // resolutions that failed; the last good addresses stay
  Counter session_bytes_sent;  // of connections and UDP sessions that are carried without being understood
  Counter session_bytes_received;
  Counter tls_handshakes;   // with endpoints, that succeeded
  Counter tls_resumptions;  // of these, those of an earlier session
  TlsFailureCounter tls_failures;

  void Absorb(const ClusterCells& from) noexcept;
};

inline constexpr size_t kMaxReasons = 64;

// No label but the reason; one instance per worker.
struct alignas(64) WorkerCells {
  std::array<Counter, kMaxReasons> local_replies;  // by index of exchange's reason; also of carried connections
  Counter log_lines;                               // written to the ring of the access log
  Counter log_drops;                               // dropped because the ring was full
  Counter audit_lines;                             // refusals written to the ring of the audit log
  Counter audit_drops;                             // dropped because it was full
  Counter tokens_reused;                           // verified before
  Counter tokens_verified;                         // their signatures were checked
  Counter passwords_reused;                        // known to be right or wrong from before
  Counter passwords_verified;                      // they were computed for these requests
  Counter passwords_refused;                       // the queue for that was full
  Counter limits_shadowed;                         // a limit that refuses nothing would have refused
  Counter limits_crowded;                          // counted by a concurrency together with other keys: no room
  Counter let_in_unasked;                          // an external authorization was away, and the policy lets in
  Counter answers_kept;                            // of an external authorization: one that was kept was used
  Counter answers_joined;                          // a request waited for the answer that another one had asked for
  Counter answers_asked;                           // of those that are kept: the service was asked
  Counter limits_unanswered;                       // Redis was asked for a limit and did not answer in time
  // Of a policy's server, one of each worker that has asked it. Neither: the first one is being made.
  Gauge redis_connections_up;
  Gauge redis_connections_down;
  Counter redis_connections_lost;  // were up and are down
};

// The process. Each field names its writing thread.
struct ProcessCells {
  Gauge draining;                // main
  Gauge generation_epoch;        // xds (main until it runs)
  Gauge generation_number;       // xds
  Gauge generation_served_at;    // xds; unix nanoseconds of the swap
  Gauge confirmed_at;            // xds; unix nanoseconds when the running generation was last known to be current
  Gauge connected;               // xds; 1 while a control plane's stream is up
  Gauge ticket_key_since;        // xds; unix nanoseconds since when the fleet's key seals session tickets; 0: own keys
  Counter generations_served;    // xds
  Counter generations_rejected;  // xds
  Counter endpoints_updates;     // xds
  Counter connection_attempts;   // xds
  Counter bytes_received;        // xds
  Counter disk_failures;         // xds; last known good could not be written
  Gauge disk_bytes;              // xds; size of the last known good file
  Counter log_bytes;             // access log thread
  Counter log_write_failures;    // access log thread
  Counter audit_bytes;           // audit log thread
  Counter audit_write_failures;  // audit log thread
  Counter fetches;               // fetching thread; those that gave a document
  Counter fetch_failures;        // fetching thread

  // New connections are welcome: what /ready and penstock_ready say. Any thread.
  bool Ready() const noexcept { return draining.Read() == 0 && generations_served.Read() > 0; }
};

}  // namespace penstock::telemetry
