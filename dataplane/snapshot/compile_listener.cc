#include <set>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/compile_resources.h"
#include "dataplane/snapshot/values.h"

namespace penstock::snapshot {
namespace {

constexpr uint32_t kMaxHeadBytes = 1 << 20;
constexpr uint32_t kMaxHeadFields = 10'000;
constexpr uint32_t kMaxCount = 100'000'000;  // connections, requests per connection, bytes per second

std::vector<Cidr> CompileTrustedProxies(const xds::v1::ClientSettings& client, const Field& parent,
                                        ProblemSink& problems) {
  std::vector<Cidr> cidrs;
  for (int i = 0; i < client.trusted_proxies_size(); ++i) {
    StatusOr<Cidr> cidr = Cidr::Parse(client.trusted_proxies(i));
    if (cidr.ok()) {
      cidrs.push_back(*cidr);
    } else {
      problems.Add("E206", Field(parent, "trusted_proxies", i), cidr.status(), "write a block as 10.0.0.0/8");
    }
  }
  return cidrs;
}

ClientSettings::EscapedSlashes CompileEscapedSlashes(const xds::v1::ClientSettings& client, const Field& parent,
                                                     ProblemSink& problems) {
  switch (client.escaped_slashes()) {
    case xds::v1::ClientSettings::ESCAPED_SLASHES_UNSPECIFIED:
    case xds::v1::ClientSettings::REJECT:
      return ClientSettings::EscapedSlashes::kReject;
    case xds::v1::ClientSettings::KEEP:
      return ClientSettings::EscapedSlashes::kKeep;
    case xds::v1::ClientSettings::REDIRECT:
      return ClientSettings::EscapedSlashes::kRedirect;
    default:
      break;
  }
  problems.Add("E205", Field(parent, "escaped_slashes"), "an unknown value", "REJECT, KEEP or REDIRECT");
  return ClientSettings::EscapedSlashes::kReject;
}

constexpr uint32_t kMaxStreams = 10'000;
constexpr uint32_t kMaxWindow = 0x7FFF'FFFF;  // RFC 9113 6.9.1

Http2Settings CompileHttp2Settings(const xds::v1::Http2Settings& http2, const Field& parent, ProblemSink& problems) {
  Http2Settings result;
  auto limit = [&](uint32_t value, uint32_t maximum, const char* name, uint32_t& out) {
    out = ReadLimit(value, out, maximum, Field(parent, name), problems);
  };
  result.prior_knowledge = http2.prior_knowledge();
  limit(http2.max_concurrent_streams(), kMaxStreams, "max_concurrent_streams", result.max_concurrent_streams);
  limit(http2.stream_window_bytes(), kMaxWindow, "stream_window_bytes", result.stream_window_bytes);
  limit(http2.connection_window_bytes(), kMaxWindow, "connection_window_bytes", result.connection_window_bytes);
  limit(http2.glitch_budget(), kMaxCount, "glitch_budget", result.glitch_budget);
  limit(http2.glitch_refill(), kMaxCount, "glitch_refill", result.glitch_refill);
  if (http2.has_keepalive_timeout()) {
    result.keepalive_timeout = ReadDuration(http2.keepalive_timeout(), Zero::kRefused, result.keepalive_timeout,
                                            Field(parent, "keepalive_timeout"), problems);
  }
  if (http2.has_ping_interval()) {
    result.ping_interval = ReadDuration(http2.ping_interval(), Zero::kAllowed, result.ping_interval,
                                        Field(parent, "ping_interval"), problems);
  }
  return result;
}

ClientSettings CompileClientSettings(const xds::v1::ClientSettings& client, ListenerProtocol protocol,
                                     ProblemSink& problems) {
  ClientSettings result;
  Field parent("client");
  if (protocol == ListenerProtocol::kUdp) result.tunnel_idle_timeout = kDefaultUdpIdleTimeout;
  auto duration = [&](bool set, const google::protobuf::Duration& value, const char* name, nanoseconds& out) {
    if (set) out = ReadDuration(value, Zero::kRefused, out, Field(parent, name), problems);
  };
  auto limit = [&](uint32_t value, uint32_t maximum, const char* name, uint32_t& out) {
    out = ReadLimit(value, out, maximum, Field(parent, name), problems);
  };
  duration(client.has_first_byte_timeout(), client.first_byte_timeout(), "first_byte_timeout",
           result.first_byte_timeout);
  duration(client.has_request_headers_timeout(), client.request_headers_timeout(), "request_headers_timeout",
           result.request_headers_timeout);
  duration(client.has_keepalive_timeout(), client.keepalive_timeout(), "keepalive_timeout", result.keepalive_timeout);
  duration(client.has_stream_idle_timeout(), client.stream_idle_timeout(), "stream_idle_timeout",
           result.stream_idle_timeout);
  duration(client.has_max_connection_age(), client.max_connection_age(), "max_connection_age",
           result.max_connection_age);
  duration(client.has_min_rate_grace(), client.min_rate_grace(), "min_rate_grace", result.min_rate_grace);
  duration(client.has_tls_handshake_timeout(), client.tls_handshake_timeout(), "tls_handshake_timeout",
           result.tls_handshake_timeout);
  duration(client.has_proxy_protocol_timeout(), client.proxy_protocol_timeout(), "proxy_protocol_timeout",
           result.proxy_protocol_timeout);
  duration(client.has_tunnel_idle_timeout(), client.tunnel_idle_timeout(), "tunnel_idle_timeout",
           result.tunnel_idle_timeout);
  if (client.has_tcp_keepalive()) {
    result.tcp_keepalive = ReadDuration(client.tcp_keepalive(), Zero::kAllowed, result.tcp_keepalive,
                                        Field(parent, "tcp_keepalive"), problems);
  }
  limit(client.max_request_line_bytes(), kMaxHeadBytes, "max_request_line_bytes", result.max_request_line_bytes);
  limit(client.max_header_bytes(), kMaxHeadBytes, "max_header_bytes", result.max_header_bytes);
  limit(client.max_header_count(), kMaxHeadFields, "max_header_count", result.max_header_count);
  limit(client.max_requests_per_connection(), kMaxCount, "max_requests_per_connection",
        result.max_requests_per_connection);
  limit(client.max_connections(), kMaxCount, "max_connections", result.max_connections);
  limit(client.min_body_rate(), kMaxCount, "min_body_rate", result.min_body_rate);
  result.trusted_proxies = CompileTrustedProxies(client, parent, problems);
  result.trusted_hops = client.trusted_hops();
  result.escaped_slashes = CompileEscapedSlashes(client, parent, problems);
  result.reason_header = client.reason_header();
  result.max_request_body_bytes = client.max_request_body_bytes();
  result.proxy_protocol = client.proxy_protocol() == xds::v1::ClientSettings::REQUIRED;
  if (result.proxy_protocol && result.trusted_proxies.empty()) {
    problems.Add("E205", Field(parent, "proxy_protocol"), "nobody is trusted to say for whom a connection is",
                 "name the proxies in front in trusted_proxies");
  }
  result.http2 = CompileHttp2Settings(client.http2(), Field(parent, "http2"), problems);
  return result;
}

std::string CompileUnixAddress(const xds::v1::Listener& listener, const std::string& address, const Field& field,
                               ProblemSink& problems) {
  if (!IsUnixPath(std::string_view(address).substr(BindKey::kUnix.size()), UnixPath::kNamed)) {
    problems.Add("E206", field, "no path that a socket can have",
                 StrCat("unix:/path, at most ", kMaxUnixPath, " bytes of path"));
    return "";
  }
  if (listener.protocol() == xds::v1::Listener::UDP) {
    problems.Add("E206", field, "datagrams come to IP addresses only", "give the listener an IP address");
  }
  return address;
}

std::vector<std::string> CompileAddresses(const xds::v1::Listener& listener, ProblemSink& problems) {
  std::vector<std::string> addresses;
  std::set<std::string> seen;
  for (int i = 0; i < listener.addresses_size(); ++i) {
    Field field("addresses", i);
    const std::string& text = listener.addresses(i);
    std::string address = text.starts_with(BindKey::kUnix) ? CompileUnixAddress(listener, text, field, problems)
                                                           : ReadAddress(text, field, problems);
    if (address.empty()) continue;
    if (!seen.insert(address).second) problems.Add("E206", field, StrCat(address, " is named twice"));
    addresses.push_back(std::move(address));
  }
  if (listener.addresses_size() == 0) addresses.emplace_back();
  return addresses;
}

std::optional<ListenerProtocol> ProtocolOf(xds::v1::Listener::Protocol protocol) {
  switch (protocol) {
    case xds::v1::Listener::HTTP:
      return ListenerProtocol::kHttp;
    case xds::v1::Listener::HTTPS:
      return ListenerProtocol::kHttps;
    case xds::v1::Listener::TLS:
      return ListenerProtocol::kTls;
    case xds::v1::Listener::TCP:
      return ListenerProtocol::kTcp;
    case xds::v1::Listener::UDP:
      return ListenerProtocol::kUdp;
    default:
      return std::nullopt;
  }
}

void CheckTls(const xds::v1::Listener& listener, ListenerProtocol protocol, ProblemSink& problems) {
  if (protocol == ListenerProtocol::kHttps && !listener.has_tls()) {
    problems.Add("E205", Field("tls"), "an HTTPS listener needs a certificate");
  }
  bool takes_tls = protocol == ListenerProtocol::kHttps || protocol == ListenerProtocol::kTls;
  if (listener.has_tls() && !takes_tls) {
    problems.Add("E205", Field("tls"), "only HTTPS and TLS listeners have TLS");
  }
  bool by_name = takes_tls || protocol == ListenerProtocol::kHttp;
  if (!listener.hostname().empty() && !by_name) {
    problems.Add("E205", Field("hostname"), "TCP and UDP know no host names", "leave it out");
  }
}

}  // namespace

Shared<CompiledListener> CompileListener(const xds::v1::Listener& listener, ProblemSink& problems) {
  auto result = std::make_shared<CompiledListener>();
  result->name = listener.name();
  result->addresses = CompileAddresses(listener, problems);
  result->port = ReadPort(listener.port(), Field("port"), problems);
  std::optional<ListenerProtocol> protocol = ProtocolOf(listener.protocol());
  if (!protocol.has_value()) {
    problems.Add("E205", Field("protocol"), "an unknown protocol", "HTTP, HTTPS, TLS, TCP or UDP");
  }
  result->protocol = protocol.value_or(ListenerProtocol::kHttp);
  CheckTls(listener, result->protocol, problems);
  if (listener.has_tls()) result->tls = CompileServerTls(listener.tls(), result->protocol, problems);
  result->hostname = listener.hostname();
  if (!result->hostname.empty()) {
    CheckHostname(result->hostname, Wildcard::kAllowed, Field("hostname"), problems);
  }
  result->client = CompileClientSettings(listener.client(), result->protocol, problems);
  result->policy_chain = listener.policy_chain();
  return result;
}

}  // namespace penstock::snapshot
