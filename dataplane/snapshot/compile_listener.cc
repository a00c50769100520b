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

ClientSettings CompileClientSettings(const xds::v1::ClientSettings& client, ProblemSink& problems) {
  ClientSettings result;
  Field parent("client");
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
  return result;
}

std::vector<std::string> CompileAddresses(const xds::v1::Listener& listener, ProblemSink& problems) {
  std::vector<std::string> addresses;
  std::set<std::string> seen;
  for (int i = 0; i < listener.addresses_size(); ++i) {
    Field field("addresses", i);
    std::string address = ReadAddress(listener.addresses(i), field, problems);
    if (address.empty()) continue;
    if (!seen.insert(address).second) problems.Add("E206", field, StrCat(address, " is named twice"));
    addresses.push_back(std::move(address));
  }
  if (listener.addresses_size() == 0) addresses.emplace_back();
  return addresses;
}

}  // namespace

Shared<CompiledListener> CompileListener(const xds::v1::Listener& listener, ProblemSink& problems) {
  auto result = std::make_shared<CompiledListener>();
  result->name = listener.name();
  result->addresses = CompileAddresses(listener, problems);
  result->port = ReadPort(listener.port(), Field("port"), problems);
  if (listener.protocol() != xds::v1::Listener::HTTP) {
    problems.Add("E205", Field("protocol"), "only HTTP is served", "set the protocol to HTTP");
  }
  result->hostname = listener.hostname();
  if (!result->hostname.empty()) {
    CheckHostname(result->hostname, Wildcard::kAllowed, Field("hostname"), problems);
  }
  result->client = CompileClientSettings(listener.client(), problems);
  result->policy_chain = listener.policy_chain();
  return result;
}

}  // namespace penstock::snapshot
