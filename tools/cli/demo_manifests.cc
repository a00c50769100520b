#include "tools/cli/demo_manifests.h"

#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

constexpr std::string_view kRoutes[] = {
    R"(# /users goes to one backend.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: users}
spec:
  parentRefs: [{name: demo}]
  rules:
  - name: all
    matches: [{path: {type: PathPrefix, value: /users}}]
    backendRefs:
    - {name: users}
)",
    R"(# /products is a canary: 10 % of the requests go to version 2. Change the weights and apply.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: products}
spec:
  parentRefs: [{name: demo}]
  rules:
  - name: catalog
    matches: [{path: {type: PathPrefix, value: /products}, method: GET}]
    timeouts: {request: 2s}
    backendRefs:
    - {name: products-v1, weight: 90}
    - {name: products-v2, weight: 10}
)"};

std::string GatewayText(uint16_t port) {
  return StrCat(R"(# Where clients connect. A Gateway without addresses is bound to the address of each replica.
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: demo}
spec:
  gatewayClassName: default
  listeners:
  - {name: http, protocol: HTTP, port: )",
                port, "}\n");
}

std::string BackendsText(const std::vector<DemoService>& services) {
  std::string text = "# Where requests go: the demo services that `penstock up --demo` runs.\n";
  for (const DemoService& service : services) {
    StrAppend(&text, &service == &services[0] ? "" : "---\n",
              "apiVersion: penstock.dev/v1\nkind: Backend\nmetadata: {name: ", service.name,
              "}\nspec: {endpoints: [{address: 127.0.0.1, port: ", service.port, "}]}\n");
  }
  return text;
}

}  // namespace

std::vector<DemoService> DemoServices(uint16_t first_port) {
  return {{"users", first_port},
          {"products-v1", static_cast<uint16_t>(first_port + 1)},
          {"products-v2", static_cast<uint16_t>(first_port + 2)}};
}

std::vector<ManifestFile> DemoManifests(uint16_t gateway_port, uint16_t first_upstream_port) {
  return {
      {"backends.yaml", BackendsText(DemoServices(first_upstream_port))},
      {"gateway.yaml", GatewayText(gateway_port)},
      {"products.yaml", std::string(kRoutes[1])},
      {"users.yaml", std::string(kRoutes[0])},
  };
}

}  // namespace penstock::cli
