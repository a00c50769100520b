#include "controlplane/translator/settings.h"

#include <algorithm>
#include <string>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/values.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using google::protobuf::Duration;

wire::ClientSettings::EscapedSlashes EscapedSlashesOf(const std::string& text) {
  if (text == "Reject") return wire::ClientSettings::REJECT;
  if (text == "Keep") return wire::ClientSettings::KEEP;
  if (text == "Redirect") return wire::ClientSettings::REDIRECT;
  return wire::ClientSettings::ESCAPED_SLASHES_UNSPECIFIED;
}

void SetRetry(const api::Retries& retries, wire::Retry& out) {
  constexpr uint32_t kAttempts = 1;
  constexpr uint32_t kBudgetPercent = 20;
  out.set_attempts(retries.has_attempts() ? static_cast<uint32_t>(retries.attempts()) : kAttempts);
  for (int32_t status : retries.statuses()) out.add_statuses(static_cast<uint32_t>(status));
  WithDuration(retries.per_try(), [&](const Duration& d) { *out.mutable_per_try() = d; });
  WithDuration(retries.backoff(), [&](const Duration& d) { *out.mutable_backoff() = d; });
  out.set_budget_percent(ParsePercent(retries.budget()).value_or(kBudgetPercent));
}

// The two times may come from different objects, each the closest that has one: a try ends with its request. (Both in
// one object, where they contradict each other, are an error that is found there.)
void CutTry(wire::Forward& forward) {
  bool bounded = forward.has_request_timeout() && !forward.request_timeout_off();
  if (!bounded || !forward.has_backend_timeout()) return;
  bool longer = forward.backend_timeout_off() || forward.request_timeout() < forward.backend_timeout();
  if (!longer) return;
  forward.set_backend_timeout_off(false);
  *forward.mutable_backend_timeout() = forward.request_timeout();
}

wire::SubjectAltName::Type NameTypeOf(const std::string& type) {
  if (type == "DNS") return wire::SubjectAltName::DNS;
  if (type == "URI") return wire::SubjectAltName::URI;
  if (type == "IP") return wire::SubjectAltName::IP;
  return type == "Email" ? wire::SubjectAltName::EMAIL : wire::SubjectAltName::TYPE_UNSPECIFIED;
}

wire::Http2Settings Http2SettingsOf(const api::ClientHttp2& http2) {
  wire::Http2Settings out;
  out.set_max_concurrent_streams(static_cast<uint32_t>(http2.max_concurrent_streams()));
  out.set_stream_window_bytes(static_cast<uint32_t>(http2.stream_window_bytes()));
  out.set_connection_window_bytes(static_cast<uint32_t>(http2.connection_window_bytes()));
  WithDuration(http2.keep_alive(), [&](const Duration& d) { *out.mutable_keepalive_timeout() = d; });
  WithDuration(http2.ping_interval(), [&](const Duration& d) { *out.mutable_ping_interval() = d; });
  out.set_glitch_budget(static_cast<uint32_t>(http2.glitch_budget()));
  out.set_glitch_refill(static_cast<uint32_t>(http2.glitch_refill()));
  return out;
}

}  // namespace

wire::ClientSettings ClientSettingsOf(const api::ClientPolicySpec& policy) {
  wire::ClientSettings out;
  const api::ClientTimeouts& timeouts = policy.timeouts();
  WithDuration(timeouts.first_byte(), [&](const Duration& d) { *out.mutable_first_byte_timeout() = d; });
  WithDuration(timeouts.request_headers(), [&](const Duration& d) { *out.mutable_request_headers_timeout() = d; });
  WithDuration(timeouts.keep_alive(), [&](const Duration& d) { *out.mutable_keepalive_timeout() = d; });
  WithDuration(timeouts.stream_idle(), [&](const Duration& d) { *out.mutable_stream_idle_timeout() = d; });
  WithDuration(timeouts.connection_age(), [&](const Duration& d) { *out.mutable_max_connection_age() = d; });
  WithDuration(timeouts.min_rate_grace(), [&](const Duration& d) { *out.mutable_min_rate_grace() = d; });
  WithDuration(timeouts.tunnel_idle(), [&](const Duration& d) { *out.mutable_tunnel_idle_timeout() = d; });
  const api::ClientLimits& limits = policy.limits();
  out.set_max_request_line_bytes(static_cast<uint32_t>(limits.request_line_bytes()));
  out.set_max_header_bytes(static_cast<uint32_t>(limits.header_bytes()));
  out.set_max_header_count(static_cast<uint32_t>(limits.header_count()));
  out.set_max_requests_per_connection(static_cast<uint32_t>(limits.requests_per_connection()));
  out.set_max_connections(static_cast<uint32_t>(limits.connections()));
  out.set_max_request_body_bytes(static_cast<uint64_t>(limits.request_body_bytes()));
  out.set_min_body_rate(static_cast<uint32_t>(limits.min_body_rate()));
  for (const std::string& cidr : policy.trusted_proxies().cidrs()) out.add_trusted_proxies(cidr);
  // Their peers have no address (proto/penstock/xds/v1/listener.proto).
  if (policy.trusted_proxies().unix_sockets()) out.add_trusted_proxies("0.0.0.0/32");
  out.set_trusted_hops(static_cast<uint32_t>(policy.trusted_proxies().hops()));
  out.set_escaped_slashes(EscapedSlashesOf(policy.escaped_slashes()));
  out.set_reason_header(policy.reason_header());
  WithDuration(timeouts.tls_handshake(), [&](const Duration& d) { *out.mutable_tls_handshake_timeout() = d; });
  WithDuration(timeouts.proxy_header(), [&](const Duration& d) { *out.mutable_proxy_protocol_timeout() = d; });
  WithDuration(timeouts.tunnel_idle(), [&](const Duration& d) { *out.mutable_tunnel_idle_timeout() = d; });
  WithDuration(policy.tcp_keep_alive(), [&](const Duration& d) { *out.mutable_tcp_keepalive() = d; });
  if (policy.proxy_protocol() == "Required") out.set_proxy_protocol(wire::ClientSettings::REQUIRED);
  if (policy.has_http2()) *out.mutable_http2() = Http2SettingsOf(policy.http2());
  return out;
}

void AddClientTls(const api::ClientPolicySpec& policy, bool https, wire::ServerTls& tls) {
  wire::TlsVersion version = policy.tls().min_version() == "1.3" ? wire::TLS_1_3 : wire::TLS_VERSION_UNSPECIFIED;
  // Neither of the two may make the other weaker.
  tls.set_min_version(std::max(tls.min_version(), version));
  if (https) *tls.mutable_alpn() = policy.tls().alpn();
  if (!tls.has_client()) return;
  for (const api::CertificateName& name : policy.client_certificate().subject_alt_names()) {
    wire::SubjectAltName& to = *tls.mutable_client()->add_subject_alt_names();
    to.set_type(NameTypeOf(name.type()));
    to.set_value(name.type() == "DNS" ? Lower(name.value()) : name.value());
  }
}

wire::UpstreamSettings UpstreamSettingsOf(const api::TrafficPolicySpec& policy) {
  wire::UpstreamSettings out;
  WithDuration(policy.timeouts().connect(), [&](const Duration& d) { *out.mutable_connect_timeout() = d; });
  WithDuration(policy.timeouts().stream_idle(), [&](const Duration& d) { *out.mutable_stream_idle_timeout() = d; });
  const api::ConnectionLimits& limits = policy.connections();
  WithDuration(limits.idle_timeout(), [&](const Duration& d) { *out.mutable_idle_timeout() = d; });
  WithDuration(limits.max_age(), [&](const Duration& d) { *out.mutable_max_connection_age() = d; });
  out.set_max_connections(static_cast<uint32_t>(limits.max_connections()));
  out.set_max_pending(static_cast<uint32_t>(limits.max_pending()));
  out.set_max_requests(static_cast<uint32_t>(limits.max_requests()));
  out.set_max_retries(static_cast<uint32_t>(limits.max_retries()));
  out.set_max_response_header_bytes(static_cast<uint32_t>(policy.responses().header_bytes()));
  out.set_max_response_header_count(static_cast<uint32_t>(policy.responses().header_count()));
  return out;
}

void CheckTimeouts(const std::string& request, const std::string& backend, const std::string& path,
                   FindingSink& findings) {
  std::optional<Duration> whole = ParseDuration(request);
  std::optional<Duration> one_try = ParseDuration(backend);
  if (!whole.has_value() || !one_try.has_value() || IsZero(*whole) || !(*whole < *one_try)) return;
  findings.Error(path + ".backendRequest", "E121", "one try cannot take longer than the whole request",
                 manifests::Cat("make it at most ", request));
}

void SetForwardSettings(const api::TrafficPolicySpec& policy, wire::Forward& forward) {
  WithDuration(policy.timeouts().request(), [&](const Duration& d) {
    *forward.mutable_request_timeout() = d;
    forward.set_request_timeout_off(IsZero(d));
  });
  WithDuration(policy.timeouts().backend_request(), [&](const Duration& d) {
    *forward.mutable_backend_timeout() = d;
    forward.set_backend_timeout_off(IsZero(d));
  });
  CutTry(forward);
  if (policy.has_retries()) SetRetry(policy.retries(), *forward.mutable_retry());
  for (const std::string& upgrade : policy.upgrades()) AddOnce(upgrade, *forward.mutable_upgrades());
}

}  // namespace penstock::translator
