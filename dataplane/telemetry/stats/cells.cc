#include "dataplane/telemetry/stats/cells.h"

namespace penstock::telemetry {
namespace {

template <typename Cells, typename... Fields>
void AbsorbFields(Cells& to, const Cells& from, Fields... fields) {
  ((to.*fields).Absorb(from.*fields), ...);
}

}  // namespace

GrpcCounter::Counters* GrpcCounter::Made() noexcept {
  Counters* counters = counters_.load(std::memory_order_relaxed);
  if (counters != nullptr) return counters;
  counters = new Counters();
  counters_.store(counters, std::memory_order_release);
  return counters;
}

void GrpcCounter::Absorb(const GrpcCounter& from) noexcept {
  const Counters* counted = from.counters_.load(std::memory_order_acquire);
  if (counted == nullptr) return;
  for (size_t i = 0; i < kNames; ++i) (*Made())[i].Absorb((*counted)[i]);
}

std::string GrpcCounter::NameOf(size_t index) {
  if (index == kOther) return "other";
  return index == kNone ? "none" : std::to_string(index);
}

void ListenerCells::Absorb(const ListenerCells& from) noexcept {
  using C = ListenerCells;
  AbsorbFields(*this, from, &C::connections_opened, &C::connections_refused, &C::connections_active,
               &C::malformed_requests, &C::client_timeouts, &C::http2_connections, &C::http2_requests,
               &C::http2_refused, &C::http2_floods, &C::http2_errors, &C::requests_active, &C::tls_handshakes,
               &C::tls_resumptions, &C::tls_failures, &C::upgrades, &C::tunnels_active);
}

void RouteCells::Absorb(const RouteCells& from) noexcept {
  using C = RouteCells;
  AbsorbFields(*this, from, &C::requests, &C::request_bytes, &C::response_bytes, &C::duration, &C::sessions,
               &C::sessions_active, &C::session_bytes_in, &C::session_bytes_out, &C::grpc_calls);
}

void ClusterCells::Absorb(const ClusterCells& from) noexcept {
  using C = ClusterCells;
  AbsorbFields(*this, from, &C::requests, &C::requests_active, &C::request_bytes, &C::response_bytes, &C::response_time,
               &C::connections_opened, &C::connection_failures, &C::connections_active, &C::connections_idle,
               &C::connections_reused, &C::limit_refusals, &C::retries, &C::retries_denied, &C::timeouts, &C::resets,
               &C::mirrored, &C::mirrors_skipped, &C::dns_failures, &C::session_bytes_sent, &C::session_bytes_received,
               &C::tls_handshakes, &C::tls_resumptions, &C::tls_failures);
}

}  // namespace penstock::telemetry
