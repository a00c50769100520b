#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock {

// Why this proxy answered itself, or why an exchange broke off. The log, the metrics and (on request) the header
// x-penstock-reason say it by name. kNone: the upstream answered and its answer was delivered.
// Name, text, status, what a client reads, what an operator reads.
#define PENSTOCK_REASONS(X)                                                                                            \
  X(kNone, "", 0, "", "")                                                                                              \
  X(kBadRequest, "bad_request", 400, "The request is malformed.", "RFC 9112 syntax; the log's detail says what")       \
  X(kBadTarget, "bad_target", 400, "The request target is not acceptable.",                                            \
    "the path or query is invalid or ambiguous; see ClientPolicy escapedSlashes")                                      \
  X(kBadHost, "bad_host", 400, "The host is not acceptable.", "the Host field is missing, repeated or no host[:port]") \
  X(kRequestLineTooLong, "request_line_too_long", 414, "The request line is too long.",                                \
    "limit: ClientPolicy limits.requestLine")                                                                          \
  X(kHeadersTooLarge, "headers_too_large", 431, "The header section is too large.",                                    \
    "limits: ClientPolicy limits.headerBytes, limits.headerCount; RateLimitPolicy maxHeaderBytes, maxHeaderCount")     \
  X(kBodyTooLarge, "body_too_large", 413, "The content is too large.",                                                 \
    "limits: ClientPolicy limits.requestBodyBytes; RateLimitPolicy maxRequestBodyBytes")                               \
  X(kUnsupportedVersion, "unsupported_version", 505, "The HTTP version is not supported.", "only 1.0 and 1.1")         \
  X(kUnsupportedCoding, "unsupported_coding", 501, "The transfer coding is not supported.", "only chunked")            \
  X(kUnsupportedMethod, "unsupported_method", 501, "The method is not supported.", "CONNECT, or a method too long")    \
  X(kMethodNotAllowed, "method_not_allowed", 405, "The method is not allowed.", "TRACE is off")                        \
  X(kExpectationFailed, "expectation_failed", 417, "The expectation cannot be met.", "only 100-continue")              \
  X(kBodyMalformed, "body_malformed", 400, "The content is malformed.", "chunk syntax of the request's content")       \
  X(kRequestTimeout, "request_timeout", 408, "The request took too long to arrive.",                                   \
    "limit: ClientPolicy timeouts.requestHeaders, or the minimum body rate")                                           \
  X(kClientGone, "client_gone", 0, "", "the client left before the response, or what it was carrying, was complete")   \
  X(kClientTooSlow, "client_too_slow", 0, "", "the client took the response below the minimum rate")                   \
  X(kNoListener, "no_listener", 404, "There is nothing here.", "no listener on this address serves the host")          \
  X(kMisdirected, "misdirected", 421, "This connection is not for that host.",                                         \
    "the host is another listener's than the handshake's server name, or clients must prove more now")                 \
  X(kNoRoute, "no_route", 404, "There is nothing here.", "no route matches; penstock explain request says why")        \
  X(kBackendUnresolved, "backend_unresolved", 500, "The service is misconfigured.",                                    \
    "the route names a backend that does not exist or may not be used (ResolvedRefs)")                                 \
  X(kNoBackend, "no_backend", 500, "The service is misconfigured.", "the rule has no backend with a weight above 0")   \
  X(kNoEndpoints, "no_endpoints", 503, "The service has no instance.", "the backend has no endpoint")                  \
  X(kUpstreamConnectFailed, "upstream_connect_failed", 503, "The service cannot be reached.",                          \
    "connecting to the endpoint was refused or failed")                                                                \
  X(kUpstreamConnectTimeout, "upstream_connect_timeout", 504, "The service cannot be reached in time.",                \
    "limit: TrafficPolicy timeouts.connect")                                                                           \
  X(kUpstreamTlsFailed, "upstream_tls_failed", 503, "The service cannot be reached.",                                  \
    "the TLS handshake with the endpoint failed; the log's detail says why")                                           \
  X(kUpstreamReset, "upstream_reset", 502, "The service broke off.",                                                   \
    "the endpoint closed the connection before its response's head was complete")                                      \
  X(kUpstreamInvalid, "upstream_invalid", 502, "The service sent an invalid response.",                                \
    "the response breaks RFC 9112 or a limit of TrafficPolicy")                                                        \
  X(kUpstreamTimeout, "upstream_timeout", 504, "The service did not answer in time.",                                  \
    "limits: HTTPRoute timeouts.request, timeouts.backendRequest")                                                     \
  X(kUpstreamAborted, "upstream_aborted", 0, "",                                                                       \
    "the endpoint broke off in the middle of its response, or of a carried connection")                                \
  X(kUpstreamIdle, "upstream_idle", 0, "", "the endpoint paused for longer than the stream idle timeout")              \
  X(kUpstreamOverloaded, "upstream_overloaded", 503, "The service is overloaded.",                                     \
    "a limit of the backend is reached: connections, pending or running requests")                                     \
  X(kUpgradeUnsupported, "upgrade_unsupported", 501, "The service cannot switch protocols.",                           \
    "TrafficPolicy upgrades allows the switch, but the backend is spoken to in HTTP/2, which knows none")              \
  X(kRedirect, "redirect", 0, "", "the route redirects")                                                               \
  X(kPathRedirect, "path_redirect", 307, "", "escapedSlashes: Redirect; the client is sent to the unescaped path")     \
  X(kStaticReply, "static_reply", 0, "", "the route answers by itself")                                                \
  X(kCorsPreflight, "cors_preflight", 0, "", "a CORS preflight request, answered by the route's CORS filter")          \
  X(kOptions, "options", 0, "", "OPTIONS * asks about the proxy itself")                                               \
  X(kPolicy, "policy", 403, "Forbidden.", "a policy answered; the log names it")                                       \
  X(kAddressDenied, "address_denied", 403, "Your address may not come in.",                                            \
    "SecurityPolicy ipFilter: the client's address is denied, or not among those that are allowed")                    \
  X(kUnauthenticated, "unauthenticated", 401, "Prove who you are.",                                                    \
    "SecurityPolicy: no credential that holds; the log's detail says what was wrong with it")                          \
  X(kAccessDenied, "access_denied", 403, "You may not do this.",                                                       \
    "SecurityPolicy authorization: a rule denies it, or none allows it; the log's detail names the rule")              \
  X(kRateLimited, "rate_limited", 429, "Too many requests. Try again later.",                                          \
    "RateLimitPolicy: the limit that the log's detail names is used up, or too many requests are in progress")         \
  X(kPolicyUnavailable, "policy_unavailable", 503, "The request cannot be checked now. Try again later.",              \
    "what a policy has to ask (a key set, Redis) is away, and the policy says that nobody gets in then")               \
  X(kLoopDetected, "loop_detected", 508, "The request runs in circles.", "Via names this proxy too often")             \
  X(kShuttingDown, "shutting_down", 503, "The service is restarting.", "the drain deadline passed")                    \
  X(kTooManyConnections, "too_many_connections", 503, "Too many connections.",                                         \
    "limit: ClientPolicy limits.connections")                                                                          \
  X(kProxyHeader, "proxy_header", 0, "",                                                                               \
    "the connection does not begin with the PROXY protocol, or not by a trusted proxy; the log's detail says what")    \
  X(kTlsHandshakeFailed, "tls_handshake_failed", 0, "",                                                                \
    "no handshake, or one that failed, at a listener of TLS; the log's detail says why")                               \
  X(kTunnelIdle, "tunnel_idle", 0, "", "no byte went either way for as long as the tunnel's idle timeout")             \
  X(kInternalError, "internal_error", 500, "Internal error.", "a bug, or a rewrite that made an invalid message")

enum class Reason : uint8_t {
#define X(id, name, status, text, help) id,
  PENSTOCK_REASONS(X)
#undef X
      kCount
};
static_assert(static_cast<int>(Reason::kCount) <= 64, "telemetry keeps one cell per reason");

struct ReasonRow {
  std::string_view name;
  int status;             // of the local reply; 0: another one, or none
  std::string_view text;  // the client's: static, tells nothing about the inside
  std::string_view help;  // the operator's
};

const ReasonRow& RowOf(Reason reason);
inline std::string_view NameOf(Reason reason) { return RowOf(reason).name; }

}  // namespace penstock
