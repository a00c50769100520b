#pragma once

#include <cstdint>
#include <vector>

#include "tools/cli/demo_upstream.h"
#include "tools/cli/files.h"

namespace penstock::cli {

// The services of the demonstration: users, products-v1 and products-v2 on three ports from `first_port`.
std::vector<DemoService> DemoServices(uint16_t first_port);

// What `up --demo` writes to ./penstock-demo: a Gateway on `gateway_port`, a route for users, one for products with a
// canary at 10 %, and their backends.
std::vector<ManifestFile> DemoManifests(uint16_t gateway_port, uint16_t first_upstream_port);

}  // namespace penstock::cli
