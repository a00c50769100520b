#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace penstock::cli {

struct ProxyWish {
  std::string address;  // IPv4
  uint16_t port = 0;
  std::vector<std::string> to;  // HOST:PORT, checked
};

// `from`: "[ADDRESS]:PORT" or "PORT"; without an address 127.0.0.1. `to`: HOST:PORT, also as http://HOST:PORT.
// InvalidArgument otherwise.
absl::StatusOr<ProxyWish> ParseProxyWish(std::string_view from, const std::vector<std::string>& to);

// The manifests of a proxy that sends everything there. Names are resolved by the data plane, except "localhost".
std::string ProxyManifest(const ProxyWish& wish);

}  // namespace penstock::cli
