// Objects for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controlplane/manifests/parse.h"

namespace penstock::rollout {

inline std::vector<manifests::ObjectPtr> Objects(const std::string& yaml) {
  const manifests::File file{.name = "test.yaml", .bytes = yaml};
  manifests::ParseResult parsed = manifests::Parse({&file, 1});
  for (const auto& finding : parsed.findings) ADD_FAILURE() << finding.DebugString();
  return parsed.objects;
}

inline std::string GatewayYaml(const std::string& name, const std::string& labels = "{}", int port = 8080) {
  return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: " + name +
         ", labels: " + labels +
         "}\nspec:\n  gatewayClassName: default\n  listeners:\n  - {name: http, protocol: HTTP, port: " +
         std::to_string(port) + "}\n";
}

inline std::string BackendYaml(const std::string& name, int port = 8081) {
  return "---\napiVersion: penstock.dev/v1\nkind: Backend\nmetadata: {name: " + name +
         ", labels: {set: shop}}\nspec: {endpoints: [{address: 127.0.0.1, port: " + std::to_string(port) + "}]}\n";
}

inline std::string RouteYaml(const std::string& name, const std::string& path, const std::string& gateway = "shop",
                             const std::string& backend = "users") {
  return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: " + name +
         "}\nspec:\n  parentRefs: [{name: " + gateway +
         "}]\n  rules:\n  - matches: [{path: {type: PathPrefix, value: " + path +
         "}}]\n    backendRefs: [{name: " + backend + "}]\n";
}

inline std::string ShopYaml() { return GatewayYaml("shop") + BackendYaml("users") + RouteYaml("users", "/users"); }

}  // namespace penstock::rollout
