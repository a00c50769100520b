// Every metric that is made of cells, a row each: what docs/metrics.md says, and where the number is.
#pragma once

#include "dataplane/telemetry/stats/cells.h"

namespace penstock::telemetry {

// A row says what one field of the cells means. `labels` is for the docs.
struct RowText {
  const char* name;
  const char* help;
  const char* labels;
};

template <typename Cells>
struct CounterRow {
  RowText text;
  Counter Cells::* field;
};
template <typename Cells>
struct GaugeRow {
  RowText text;
  Gauge Cells::* field;
};
template <typename Cells>
struct RequestRow {
  RowText text;
  RequestCounter Cells::* field;
};
template <typename Cells>
struct TlsFailureRow {
  RowText text;
  TlsFailureCounter Cells::* field;
};
template <typename Cells>
struct HistogramRow {
  RowText text;
  Histogram Cells::* field;
};

inline constexpr char kListener[] = "listener";
inline constexpr char kRoute[] = "listener, route";
inline constexpr char kCluster[] = "cluster";

inline constexpr CounterRow<ListenerCells> kListenerCounters[] = {
    {{"penstock_connections_total", "Connections accepted from clients.", kListener},
     &ListenerCells::connections_opened},
    {{"penstock_connections_refused_total", "Connections closed at once because a limit was reached.", kListener},
     &ListenerCells::connections_refused},
    {{"penstock_malformed_requests_total", "Requests refused because they are not valid HTTP or exceed a limit.",
      kListener},
     &ListenerCells::malformed_requests},
    {{"penstock_client_timeouts_total", "Connections and requests given up because the client was too slow.",
      kListener},
     &ListenerCells::client_timeouts},
    {{"penstock_http2_connections_total", "Connections of clients that spoke HTTP/2.", kListener},
     &ListenerCells::http2_connections},
    {{"penstock_http2_requests_total", "Requests that came over HTTP/2.", kListener}, &ListenerCells::http2_requests},
    {{"penstock_http2_refused_requests_total",
      "Requests over HTTP/2 that were refused because too many of their connection were open.", kListener},
     &ListenerCells::http2_refused},
    {{"penstock_http2_floods_total",
      "HTTP/2 connections ended because the client sent more frames without useful work than it may.", kListener},
     &ListenerCells::http2_floods},
    {{"penstock_http2_errors_total", "HTTP/2 connections ended because the client broke the protocol.", kListener},
     &ListenerCells::http2_errors},
    {{"penstock_tls_handshakes_total", "TLS handshakes with clients that succeeded.", kListener},
     &ListenerCells::tls_handshakes},
    {{"penstock_tls_resumptions_total", "Of these, those that resumed an earlier session.", kListener},
     &ListenerCells::tls_resumptions},
};
inline constexpr TlsFailureRow<ListenerCells> kListenerTlsFailures[] = {
    {{"penstock_tls_handshake_failures_total",
      "TLS handshakes with clients that failed, by cause; before the server name is known they count for the least "
      "specific listener of the port.",
      "listener, cause"},
     &ListenerCells::tls_failures},
};
inline constexpr GaugeRow<ListenerCells> kListenerGauges[] = {
    {{"penstock_connections_active", "Open connections of clients.", kListener}, &ListenerCells::connections_active},
    {{"penstock_requests_active", "Requests being answered.", kListener}, &ListenerCells::requests_active},
    {{"penstock_tunnels_active", "Connections that switched to another protocol and are open.", kListener},
     &ListenerCells::tunnels_active},
};
inline constexpr RowText kUpgrades = {"penstock_upgrades_total",
                                      "Connections that switched to another protocol: \"websocket\" or \"other\".",
                                      "listener, protocol"};

inline constexpr RequestRow<RouteCells> kRouteRequests[] = {
    {{"penstock_requests_total",
      "Requests by class of the final status; code_class \"none\": the client left before there was one; route \"\": "
      "no "
      "route matched.",
      "listener, route, code_class"},
     &RouteCells::requests},
};
inline constexpr RowText kGrpcCalls = {
    "penstock_grpc_calls_total",
    "Calls of gRPC and gRPC-Web by the number of the status that they ended with, whoever gave it; grpc_status "
    "\"none\": the call broke before there was one; \"other\": gRPC has no such status.",
    "listener, route, grpc_status"};
inline constexpr CounterRow<RouteCells> kRouteCounters[] = {
    {{"penstock_request_bytes_total", "Bytes of request bodies taken from clients.", kRoute},
     &RouteCells::request_bytes},
    {{"penstock_response_bytes_total", "Bytes of response bodies given to clients.", kRoute},
     &RouteCells::response_bytes},
    {{"penstock_layer4_sessions_total",
      "Connections of TCP and TLS listeners that were carried or refused, and UDP sessions; route \"\": no route "
      "matched.",
      kRoute},
     &RouteCells::sessions},
    {{"penstock_layer4_received_bytes_total", "Bytes of those from clients, given to upstreams.", kRoute},
     &RouteCells::session_bytes_in},
    {{"penstock_layer4_sent_bytes_total", "Bytes of those from upstreams, given to clients.", kRoute},
     &RouteCells::session_bytes_out},
};
inline constexpr GaugeRow<RouteCells> kRouteGauges[] = {
    {{"penstock_layer4_sessions_active", "Carried connections and UDP sessions that are open.", kRoute},
     &RouteCells::sessions_active},
};
inline constexpr HistogramRow<RouteCells> kRouteHistograms[] = {
    {{"penstock_request_duration_seconds", "From the first byte of a request to the last byte of its response.",
      kRoute},
     &RouteCells::duration},
};

inline constexpr RequestRow<ClusterCells> kClusterRequests[] = {
    {{"penstock_upstream_requests_total",
      "Attempts by class of the upstream's status; code_class \"none\": it gave none.", "cluster, code_class"},
     &ClusterCells::requests},
};
inline constexpr CounterRow<ClusterCells> kClusterCounters[] = {
    {{"penstock_upstream_request_bytes_total", "Bytes of request bodies sent to upstreams.", kCluster},
     &ClusterCells::request_bytes},
    {{"penstock_upstream_response_bytes_total", "Bytes of response bodies received from upstreams.", kCluster},
     &ClusterCells::response_bytes},
    {{"penstock_upstream_connections_total", "Connections opened to upstreams.", kCluster},
     &ClusterCells::connections_opened},
    {{"penstock_upstream_connection_failures_total", "Connections that could not be opened.", kCluster},
     &ClusterCells::connection_failures},
    {{"penstock_upstream_connections_reused_total", "Attempts that found an idle connection in the pool.", kCluster},
     &ClusterCells::connections_reused},
    {{"penstock_upstream_limit_refusals_total", "Attempts refused because a limit of the cluster was reached.",
      kCluster},
     &ClusterCells::limit_refusals},
    {{"penstock_upstream_retries_total", "Attempts after the first of a request.", kCluster}, &ClusterCells::retries},
    {{"penstock_upstream_retries_denied_total", "Retries that the retry budget or connections.maxRetries refused.",
      kCluster},
     &ClusterCells::retries_denied},
    {{"penstock_upstream_timeouts_total", "Attempts given up because the upstream was too slow.", kCluster},
     &ClusterCells::timeouts},
    {{"penstock_upstream_resets_total", "Attempts whose connection broke before the end of the response.", kCluster},
     &ClusterCells::resets},
    {{"penstock_upstream_mirrored_total", "Copies of requests sent by a mirror filter.", kCluster},
     &ClusterCells::mirrored},
    {{"penstock_upstream_mirrors_skipped_total",
      "Copies not sent: the content is larger than 64 KiB, or too many copies run already.", kCluster},
     &ClusterCells::mirrors_skipped},
    {{"penstock_upstream_dns_failures_total", "Resolutions that failed; the last good addresses stay in use.",
      kCluster},
     &ClusterCells::dns_failures},
    {{"penstock_upstream_layer4_sent_bytes_total", "Bytes of carried connections and UDP sessions sent to upstreams.",
      kCluster},
     &ClusterCells::session_bytes_sent},
    {{"penstock_upstream_layer4_received_bytes_total",
      "Bytes of carried connections and UDP sessions received from upstreams.", kCluster},
     &ClusterCells::session_bytes_received},
    {{"penstock_upstream_tls_handshakes_total", "TLS handshakes with upstreams that succeeded.", kCluster},
     &ClusterCells::tls_handshakes},
    {{"penstock_upstream_tls_resumptions_total", "Of these, those that resumed an earlier session.", kCluster},
     &ClusterCells::tls_resumptions},
};
inline constexpr TlsFailureRow<ClusterCells> kClusterTlsFailures[] = {
    {{"penstock_upstream_tls_handshake_failures_total", "TLS handshakes with upstreams that failed, by cause.",
      "cluster, cause"},
     &ClusterCells::tls_failures},
};
inline constexpr GaugeRow<ClusterCells> kClusterGauges[] = {
    {{"penstock_upstream_requests_active", "Attempts in flight.", kCluster}, &ClusterCells::requests_active},
    {{"penstock_upstream_connections_active", "Open connections to upstreams, idle ones included.", kCluster},
     &ClusterCells::connections_active},
    {{"penstock_upstream_connections_idle", "Idle connections in the pools.", kCluster},
     &ClusterCells::connections_idle},
};
inline constexpr HistogramRow<ClusterCells> kClusterHistograms[] = {
    {{"penstock_upstream_response_seconds", "From the start of an attempt to the head of its response.", kCluster},
     &ClusterCells::response_time},
};

inline constexpr CounterRow<WorkerCells> kWorkerCounters[] = {
    {{"penstock_access_log_lines_total", "Lines queued for the access log.", ""}, &WorkerCells::log_lines},
    {{"penstock_access_log_drops_total", "Lines dropped because the access log could not keep up.", ""},
     &WorkerCells::log_drops},
    {{"penstock_audit_log_lines_total",
      "Refusals of policies queued for the audit log, those that were let pass for a trial included.", ""},
     &WorkerCells::audit_lines},
    {{"penstock_audit_log_drops_total", "Refusals that the audit log lacks because it could not keep up.", ""},
     &WorkerCells::audit_drops},
    {{"penstock_jwt_cache_hits_total", "Tokens of requests that had been verified before.", ""},
     &WorkerCells::tokens_reused},
    {{"penstock_jwt_verifications_total", "Tokens of requests whose signature was checked.", ""},
     &WorkerCells::tokens_verified},
    {{"penstock_basic_cache_hits_total", "Passwords of requests that had been checked before.", ""},
     &WorkerCells::passwords_reused},
    {{"penstock_basic_verifications_total", "Passwords of requests that waited for their check.", ""},
     &WorkerCells::passwords_verified},
    {{"penstock_basic_queue_full_total", "Passwords that were not checked because too many waited for it.", ""},
     &WorkerCells::passwords_refused},
    {{"penstock_external_auth_fail_open_total",
      "Requests that went on although the service that says so was away; onFailure: Open.", ""},
     &WorkerCells::let_in_unasked},
    {{"penstock_external_auth_cache_hits_total",
      "Requests that were let in or refused by an answer that was kept; cacheDuration.", ""},
     &WorkerCells::answers_kept},
    {{"penstock_external_auth_cache_joins_total",
      "Requests that waited for the answer to an equal question, which was asked already; cacheDuration.", ""},
     &WorkerCells::answers_joined},
    {{"penstock_external_auth_cache_misses_total",
      "Calls to services because no answer was kept; cacheDuration. Without it nothing is counted here.", ""},
     &WorkerCells::answers_asked},
    {{"penstock_rate_limit_shadowed_total", "Requests that a limit with shadow: true would have refused.", ""},
     &WorkerCells::limits_shadowed},
    {{"penstock_rate_limit_crowded_total",
      "Requests whose concurrency was counted together with that of other keys, since too many keys had requests in "
      "progress.",
      ""},
     &WorkerCells::limits_crowded},
    {{"penstock_rate_limit_store_failures_total",
      "Questions about limits that Redis did not answer in time or refused; onFailure decided.", ""},
     &WorkerCells::limits_unanswered},
    {{"penstock_redis_connections_lost_total",
      "Connections to Redis that broke, or whose server was silent or slower than the policy's timeout.", ""},
     &WorkerCells::redis_connections_lost},
};
inline constexpr GaugeRow<WorkerCells> kWorkerGauges[] = {
    {{"penstock_redis_connections_up",
      "Connections to Redis that answer within the policy's timeout; one for each worker and server.", ""},
     &WorkerCells::redis_connections_up},
    {{"penstock_redis_connections_down",
      "Connections to Redis that are lost and tried again, or whose server refuses to count (full, or a replica that "
      "takes no writes); while there are any, onFailure of the policies decides.",
      ""},
     &WorkerCells::redis_connections_down},
};
inline constexpr RowText kLocalReplies = {"penstock_local_replies_total",
                                          "Responses made by the data plane itself, and carried connections that it "
                                          "ended, by reason (penstock explain REASON).",
                                          "reason"};

inline constexpr CounterRow<ProcessCells> kProcessCounters[] = {
    {{"penstock_generations_served_total", "Generations that all workers took.", ""},
     &ProcessCells::generations_served},
    {{"penstock_generations_rejected_total", "Generations refused; the one before went on.", ""},
     &ProcessCells::generations_rejected},
    {{"penstock_endpoints_updates_total", "Endpoint sets applied without a generation.", ""},
     &ProcessCells::endpoints_updates},
    {{"penstock_xds_connection_attempts_total", "Attempts to reach a control plane.", ""},
     &ProcessCells::connection_attempts},
    {{"penstock_xds_received_bytes_total", "Bytes of messages received from control planes.", ""},
     &ProcessCells::bytes_received},
    {{"penstock_last_known_good_failures_total", "Failures to write the last known good generation to disk.", ""},
     &ProcessCells::disk_failures},
    {{"penstock_access_log_written_bytes_total", "Bytes written to the access log.", ""}, &ProcessCells::log_bytes},
    {{"penstock_access_log_write_failures_total", "Writes of the access log that failed; lines wait in the rings.", ""},
     &ProcessCells::log_write_failures},
    {{"penstock_audit_log_written_bytes_total",
      "Bytes written to the audit log, if it has a file other than the access log's.", ""},
     &ProcessCells::audit_bytes},
    {{"penstock_audit_log_write_failures_total",
      "Writes of the audit log that failed; lines wait in the rings. As above.", ""},
     &ProcessCells::audit_write_failures},
};
inline constexpr RowText kFetches = {
    "penstock_fetches_total",
    "Fetches of documents that policies need from the web (key sets), by result: \"ok\" or \"failed\"; after a failure "
    "the last document stays in use.",
    "result"};
inline constexpr RowText kReady = {"penstock_ready", "1 while /ready answers 200.", ""};
inline constexpr GaugeRow<ProcessCells> kProcessGauges[] = {
    {{"penstock_draining", "1 from SIGTERM on.", ""}, &ProcessCells::draining},
    {{"penstock_generation_epoch", "Epoch of the generation served.", ""}, &ProcessCells::generation_epoch},
    {{"penstock_generation_number", "Number of the generation served; 0: none.", ""}, &ProcessCells::generation_number},
    {{"penstock_xds_connected", "1 while a control plane's stream is up.", ""}, &ProcessCells::connected},
    {{"penstock_last_known_good_bytes", "Size of the last known good file.", ""}, &ProcessCells::disk_bytes},
};

inline constexpr RowText kConfigAge = {
    "penstock_config_age_seconds",
    "Since the running generation was last known to be current: 0 while a control plane's "
    "stream is up; without one, since it was loaded or the stream was lost.",
    ""};
inline constexpr RowText kGenerationAge = {"penstock_generation_served_seconds",
                                           "For how long the running generation has been served.", ""};
inline constexpr RowText kTicketKeyAge = {
    "penstock_tls_ticket_key_age_seconds",
    "For how long the fleet has sealed session tickets with the key that this data plane uses; 0: with one of its own, "
    "because no control plane has given it keys since it started.",
    ""};
inline constexpr RowText kCertificateNotAfter = {
    "penstock_certificate_not_after_seconds",
    "Until when (unix time) a certificate is good that the running generation shows to clients or backends: it, or "
    "an issuer that is shown with it, ends then. Of more than 2,000, those that end first.",
    "secret"};
inline constexpr RowText kOverflow = {"penstock_metrics_overflow_names",
                                      "Names that have no series of their own and count under \"_other\", by scope.",
                                      "scope"};

}  // namespace penstock::telemetry
