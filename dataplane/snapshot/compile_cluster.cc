#include <set>

#include "dataplane/base/strings.h"
#include "dataplane/policies/config_registry.h"
#include "dataplane/snapshot/compile_resources.h"
#include "dataplane/snapshot/values.h"

namespace penstock::snapshot {
namespace {

constexpr std::string_view kLbAlgorithms[] = {"round_robin"};
constexpr uint32_t kMaxUpstreamCount = 10'000'000;
constexpr uint32_t kMaxUpstreamHeadBytes = 1 << 20;
constexpr uint32_t kMaxUpstreamHeadFields = 10'000;

std::string CompileLbAlgorithm(const std::string& name, ProblemSink& problems) {
  if (name.empty()) return std::string(kLbAlgorithms[0]);
  for (std::string_view known : kLbAlgorithms) {
    if (name == known) return name;
  }
  problems.Add("E208", Field("lb_algorithm"), StrCat("\"", name, "\" is no algorithm that this build knows"),
               "round_robin");
  return name;
}

uint32_t ReadWeight(uint32_t weight, const Field& field, ProblemSink& problems) {
  if (weight > kMaxWeight) problems.Add("E205", field, StrCat("a weight is at most ", kMaxWeight));
  return weight;
}

DnsDiscovery CompileDns(const xds::v1::Dns& dns, ProblemSink& problems) {
  DnsDiscovery result;
  Field parent("dns");
  if (dns.names_size() == 0) problems.Add("E206", Field(parent, "names"), "no name to resolve");
  for (int i = 0; i < dns.names_size(); ++i) {
    Field name(parent, "names", i);
    CheckHostname(dns.names(i).name(), Wildcard::kRefused, Field(name, "name"), problems);
    uint16_t port = ReadPort(dns.names(i).port(), Field(name, "port"), problems);
    uint32_t weight = ReadWeight(dns.names(i).weight(), Field(name, "weight"), problems);
    result.names.push_back({dns.names(i).name(), port, weight});
  }
  if (dns.has_refresh()) {
    result.refresh = ReadDuration(dns.refresh(), Zero::kRefused, result.refresh, Field(parent, "refresh"), problems);
  }
  return result;
}

UpstreamSettings CompileUpstream(const xds::v1::UpstreamSettings& upstream, ProblemSink& problems) {
  UpstreamSettings result;
  Field parent("upstream");
  auto duration = [&](bool set, const google::protobuf::Duration& value, const char* name, nanoseconds& out) {
    if (set) out = ReadDuration(value, Zero::kRefused, out, Field(parent, name), problems);
  };
  auto limit = [&](uint32_t value, uint32_t maximum, const char* name, uint32_t& out) {
    out = ReadLimit(value, out, maximum, Field(parent, name), problems);
  };
  duration(upstream.has_connect_timeout(), upstream.connect_timeout(), "connect_timeout", result.connect_timeout);
  duration(upstream.has_idle_timeout(), upstream.idle_timeout(), "idle_timeout", result.idle_timeout);
  duration(upstream.has_max_connection_age(), upstream.max_connection_age(), "max_connection_age",
           result.max_connection_age);
  duration(upstream.has_stream_idle_timeout(), upstream.stream_idle_timeout(), "stream_idle_timeout",
           result.stream_idle_timeout);
  limit(upstream.max_connections(), kMaxUpstreamCount, "max_connections", result.max_connections);
  limit(upstream.max_pending(), kMaxUpstreamCount, "max_pending", result.max_pending);
  limit(upstream.max_requests(), kMaxUpstreamCount, "max_requests", result.max_requests);
  limit(upstream.max_retries(), kMaxUpstreamCount, "max_retries", result.max_retries);
  limit(upstream.max_response_header_bytes(), kMaxUpstreamHeadBytes, "max_response_header_bytes",
        result.max_response_header_bytes);
  limit(upstream.max_response_header_count(), kMaxUpstreamHeadFields, "max_response_header_count",
        result.max_response_header_count);
  return result;
}

CompiledCluster::Protocol CompileProtocol(const xds::v1::Cluster& cluster, ProblemSink& problems) {
  using Protocol = CompiledCluster::Protocol;
  switch (cluster.protocol()) {
    case xds::v1::Cluster::PROTOCOL_UNSPECIFIED:
    case xds::v1::Cluster::HTTP1:
      return Protocol::kHttp1;
    case xds::v1::Cluster::HTTP2:
      return Protocol::kHttp2;
    case xds::v1::Cluster::AUTO:
      if (cluster.has_tls()) return Protocol::kAuto;
      problems.Add("E205", Field("protocol"), "without TLS nothing is agreed on", "HTTP1 or HTTP2");
      return Protocol::kHttp1;
    default:
      break;
  }
  problems.Add("E205", Field("protocol"), "an unknown protocol", "HTTP1, HTTP2 or AUTO");
  return Protocol::kHttp1;
}

CompiledCluster::ProxyProtocol CompileProxyProtocol(const xds::v1::Cluster& cluster, ProblemSink& problems) {
  using ProxyProtocol = CompiledCluster::ProxyProtocol;
  switch (cluster.proxy_protocol()) {
    case xds::v1::Cluster::PROXY_PROTOCOL_UNSPECIFIED:
    case xds::v1::Cluster::NONE:
      return ProxyProtocol::kNone;
    case xds::v1::Cluster::V1:
      return ProxyProtocol::kV1;
    case xds::v1::Cluster::V2:
      return ProxyProtocol::kV2;
    default:
      break;
  }
  problems.Add("E205", Field("proxy_protocol"), "an unknown version", "NONE, V1 or V2");
  return ProxyProtocol::kNone;
}

constexpr std::string_view kUnixPrefix = "unix:";

std::string CompileUnixAddress(const xds::v1::Endpoint& endpoint, const Field& field, ProblemSink& problems) {
  std::string_view path = std::string_view(endpoint.address()).substr(kUnixPrefix.size());
  if (!IsUnixPath(path, UnixPath::kAny)) {
    problems.Add("E206", Field(field, "address"), "no path that a socket can have",
                 StrCat("unix:/path, at most ", kMaxUnixPath, " bytes of path"));
  }
  if (endpoint.port() != 0) problems.Add("E206", Field(field, "port"), "a Unix socket has no port", "leave it out");
  return endpoint.address();
}

}  // namespace

Shared<CompiledCluster> CompileCluster(const xds::v1::Cluster& cluster, ProblemSink& problems) {
  auto result = std::make_shared<CompiledCluster>();
  result->name = cluster.name();
  switch (cluster.discovery_case()) {
    case xds::v1::Cluster::kEds:
      result->discovery = EdsDiscovery{};
      break;
    case xds::v1::Cluster::kDns:
      result->discovery = CompileDns(cluster.dns(), problems);
      break;
    case xds::v1::Cluster::DISCOVERY_NOT_SET:
      problems.Add("E208", Field("discovery"), "how to find the endpoints is not said, or not known to this build",
                   "set eds or dns");
      break;
  }
  result->lb_algorithm = CompileLbAlgorithm(cluster.lb_algorithm(), problems);
  result->upstream = CompileUpstream(cluster.upstream(), problems);
  result->protocol = CompileProtocol(cluster, problems);
  if (cluster.has_tls()) result->tls = CompileUpstreamTls(cluster.tls(), problems);
  result->proxy_protocol = CompileProxyProtocol(cluster, problems);
  return result;
}

Shared<EndpointSet> CompileEndpoints(const xds::v1::Endpoints& endpoints, ProblemSink& problems) {
  auto result = std::make_shared<EndpointSet>();
  result->cluster = endpoints.cluster();
  result->epoch = endpoints.epoch();
  result->endpoints.reserve(endpoints.endpoints_size());
  std::set<std::pair<std::string, uint16_t>> seen;
  for (int i = 0; i < endpoints.endpoints_size(); ++i) {
    const xds::v1::Endpoint& from = endpoints.endpoints(i);
    Field field("endpoints", i);
    CompiledEndpoint endpoint;
    if (std::string_view(from.address()).starts_with(kUnixPrefix)) {
      endpoint.address = CompileUnixAddress(from, field, problems);
    } else {
      endpoint.address = ReadAddress(from.address(), Field(field, "address"), problems);
      endpoint.port = ReadPort(from.port(), Field(field, "port"), problems);
    }
    endpoint.weight = ReadWeight(from.weight(), Field(field, "weight"), problems);
    endpoint.zone = from.zone();
    endpoint.hostname = from.hostname();
    if (!seen.insert({endpoint.address, endpoint.port}).second) {
      problems.Add("E206", field, StrCat(endpoint.address, ":", endpoint.port, " is named twice"));
    }
    result->endpoints.push_back(std::move(endpoint));
  }
  return result;
}

Shared<CompiledPolicyChain> CompilePolicyChain(const xds::v1::PolicyChain& chain, ProblemSink& problems) {
  auto result = std::make_shared<CompiledPolicyChain>();
  result->name = chain.name();
  std::vector<std::string> types;
  for (int i = 0; i < chain.policies_size(); ++i) {
    const xds::v1::PolicyConfig& config = chain.policies(i);
    Field field("policies", i);
    const policies::ConfigRow* row = policies::FindConfigRow(config.type());
    if (row == nullptr) {
      // An unknown policy is refused, never skipped: it may be the one that keeps somebody out.
      problems.Add("E208", Field(field, "type"), StrCat("this build has no policy \"", config.type(), "\""));
      continue;
    }
    absl::StatusOr<policies::PolicyConfigPtr> compiled = row->compile(config.config());
    if (!compiled.ok()) {
      problems.AddRefused(Field(field, "config"), compiled.status());
      types.push_back(config.type());  // those behind it do not miss it
      continue;
    }
    absl::Status in_place = (*compiled)->CheckBehind(types);
    if (!in_place.ok()) problems.AddRefused(Field(field, "config"), in_place);
    types.push_back(config.type());
    result->policies.push_back({config.type(), config.origin(), *std::move(compiled)});
  }
  return result;
}

Shared<CompiledSecret> CompileSecret(const xds::v1::Secret& secret, ProblemSink& problems) {
  auto result = std::make_shared<CompiledSecret>();
  result->name = secret.name();
  result->type = secret.type();
  for (const auto& [key, value] : secret.data()) result->data.emplace(key, value);
  return result;
}

}  // namespace penstock::snapshot
