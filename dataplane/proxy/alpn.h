#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::proxy {

// The application protocols that ALPN offers to upstreams: those that Cluster::Connect (upstream/) can go on with.
inline constexpr std::string_view kUpstreamProtocols[] = {"http/1.1"};

// Those of PROTOCOLS that are SERVED, in their order.
template <size_t N>
std::vector<std::string> OnlyServed(const std::vector<std::string>& protocols, const std::string_view (&served)[N]) {
  std::vector<std::string> result;
  std::copy_if(protocols.begin(), protocols.end(), std::back_inserter(result), [&served](const std::string& protocol) {
    return std::find(std::begin(served), std::end(served), protocol) != std::end(served);
  });
  return result;
}

}  // namespace penstock::proxy
