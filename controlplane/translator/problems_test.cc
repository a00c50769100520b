#include "controlplane/manifests/parse.h"
#include "controlplane/translator/translate.h"
#include "gtest/gtest.h"

namespace penstock::translator {
namespace {

constexpr char kManifests[] = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g}
spec:
  gatewayClassName: default
  addresses: [{value: 127.0.0.1}]
  listeners: [{name: other, protocol: HTTP, port: 81}, {name: http, protocol: HTTP, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [{name: g}]
  rules:
  - matches:
    - {path: {value: /a}, headers: [{name: x, value: y}], queryParams: [{name: q, value: z}]}
    filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x, value: y}]}}
    backendRefs: [{name: b}]
  - filters:
    - {type: RequestRedirect, requestRedirect: {statusCode: 301}}
    - {type: ResponseHeaderModifier, responseHeaderModifier: {remove: [x]}}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: b}
spec: {endpoints: [{address: 10.0.0.1, port: 80}]}
)";

struct Case {
  const char* type;
  const char* name;
  const char* field;
  const char* object;
  const char* path;
};

constexpr Case kCases[] = {
    {"Route", "default/r", "rules[0].matches[0].regex", "HTTPRoute default/r", "spec.rules[0].matches[0].path.value"},
    {"Route", "default/r@default/h", "rules[0].matches[0].headers[0].regex", "HTTPRoute default/r",
     "spec.rules[0].matches[0].headers[0].value"},
    {"Route", "default/r", "rules[0].matches[0].query[0].exact", "HTTPRoute default/r",
     "spec.rules[0].matches[0].queryParams[0].value"},
    {"Route", "default/r", "rules[0].matches[0].headers[0].name", "HTTPRoute default/r",
     "spec.rules[0].matches[0].headers[0].name"},
    {"Route", "default/r", "rules[0].forward.clusters[0].cluster", "HTTPRoute default/r",
     "spec.rules[0].backendRefs[0].name"},
    {"Route", "default/r", "rules[0].forward.request_timeout", "HTTPRoute default/r", "spec.rules[0].timeouts.request"},
    {"Route", "default/r", "rules[0].filters[0].request_headers.set[0].value", "HTTPRoute default/r",
     "spec.rules[0].filters[0].requestHeaderModifier.set[0].value"},
    {"Route", "default/r", "rules[1].redirect.status", "HTTPRoute default/r",
     "spec.rules[1].filters[0].requestRedirect.statusCode"},
    {"Route", "default/r", "rules[1].filters[0].response_headers.remove[0]", "HTTPRoute default/r",
     "spec.rules[1].filters[1].responseHeaderModifier.remove[0]"},
    {"Listener", "default/g/http", "port", "Gateway default/g", "spec.listeners[1].port"},
    {"Listener", "default/g/http", "addresses[0]", "Gateway default/g", "spec.addresses[0].value"},
    {"Endpoints", "backend/default/b", "endpoints[0].address", "Backend default/b", "spec.endpoints[0].address"},
    {"Route", "default/gone", "rules[0]", "Route default/gone", "rules[0]"},
};

TEST(FindingOf, NamesTheObjectAndTheFieldThatTheResourceWasMadeOf) {
  manifests::File file{.name = "a.yaml", .bytes = kManifests};
  manifests::ParseResult parsed = manifests::Parse({&file, 1});
  ASSERT_TRUE(parsed.findings.empty());
  StatePtr state = Translate(nullptr, manifests::ChangeSet{parsed.objects, {}}, {.generation = 1}).state;
  for (const Case& c : kCases) {
    xds::v1::ResourceProblem problem;
    problem.set_type_url(std::string("type.googleapis.com/penstock.xds.v1.") + c.type);
    problem.set_name(c.name);
    problem.set_field_path(c.field);
    problem.set_reason("bad");
    problem.set_code("E204");
    manifests::Finding finding = FindingOf(state, problem);
    EXPECT_EQ(finding.object(), c.object) << c.field;
    EXPECT_EQ(finding.path(), c.path) << c.field;
    EXPECT_EQ(finding.message(), "bad");
    EXPECT_EQ(finding.severity(), manifests::Finding::ERROR);
  }
}

}  // namespace
}  // namespace penstock::translator
