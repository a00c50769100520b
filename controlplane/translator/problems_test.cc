#include "absl/strings/str_replace.h"
#include "controlplane/manifests/parse.h"
#include "controlplane/translator/test_pem.h"
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
  listeners:
  - {name: other, protocol: HTTP, port: 81}
  - {name: http, protocol: HTTP, port: 80}
  - {name: https, protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: s}]}}
  - {name: partners, protocol: HTTPS, port: 444, tls: {certificateRefs: [{name: s}]}}
  tls:
    backend: {clientCertificateRef: {name: s}}
    frontend:
      default: {validation: {caCertificateRefs: [{kind: ConfigMap, name: ca}]}}
      perPort: [{port: 444, tls: {validation: {caCertificateRefs: [{kind: ConfigMap, name: ca}]}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: l}
spec:
  parentRef: {name: g}
  listeners: [{name: https, protocol: HTTPS, port: 444, hostname: l.test, tls: {certificateRefs: [{name: s}]}}]
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData:
  tls.crt: CERTIFICATE
  tls.key: KEY
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ca}
data: {ca.crt: AUTHORITY}
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
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r}
spec:
  parentRefs: [{name: g, sectionName: https}]
  rules: [{matches: [{method: {service: a.B}}], backendRefs: [{name: b}]}]
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: b}
spec: {endpoints: [{address: 10.0.0.1, port: 80}, {unix: /run/b}]}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: t}
spec:
  tls: {validation: {caCertificateRefs: [{kind: ConfigMap, name: ca}], hostname: t.test}}
  endpoints: []
---
apiVersion: v1
kind: Service
metadata: {name: svc}
spec: {ports: [{name: https, port: 443}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: p}
spec:
  targetRefs: [{kind: Service, name: svc}]
  validation:
    caCertificateRefs: [{kind: ConfigMap, name: ca}]
    hostname: svc.test
    subjectAltNames: [{type: URI, uri: "spiffe://a"}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: tcproute}
spec: {parentRefs: [{name: g}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: listenerset}
spec: {gatewayClassName: default, listeners: [{name: http, protocol: HTTP, port: 80}]}
---
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: p}
spec:
  targetRefs: [{kind: Gateway, name: g, sectionName: http}]
  ipFilter: {deny: [10.0.0.0/8]}
  jwt: {providers: [{name: a, issuer: i, jwks: {uri: "https://a.test/"}, claimToHeaders: [{claim: sub, header: x-a}]}]}
  require: {allOf: [{anyOf: [jwt]}]}
  authorization: {rules: [{}, {when: {paths: [{value: /a}], times: [{from: "08:00"}], headers: [{name: x, in: [y]}]}}]}
---
apiVersion: penstock.dev/v1
kind: RateLimitPolicy
metadata: {name: p}
spec:
  targetRefs: [{kind: Gateway, name: g, sectionName: http}]
  rules: [{when: {claims: [{name: c, in: [a]}]}, key: {header: x}, limit: {requests: 1, per: Second}}]
  maxHeaderCount: 5
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
    {"Route", "grpcroute/default/r", "rules[0].matches[0].regex", "GRPCRoute default/r",
     "spec.rules[0].matches[0].method"},
    {"Route", "grpcroute/default/r@default/h", "rules[0].forward.clusters[0].cluster", "GRPCRoute default/r",
     "spec.rules[0].backendRefs[0].name"},
    {"Route", "tcproute/default/r", "rules[0].tunnel", "Route tcproute/default/r", "rules[0].tunnel"},
    {"Listener", "default/g/http", "port", "Gateway default/g", "spec.listeners[1].port"},
    {"Listener", "default/g/http", "addresses[0]", "Gateway default/g", "spec.addresses[0].value"},
    {"Listener", "default/g/https", "tls.certificates[0]", "Gateway default/g",
     "spec.listeners[2].tls.certificateRefs[0]"},
    {"Listener", "default/g/https", "tls.min_version", "Gateway default/g", "spec.listeners[2].tls.options"},
    {"Listener", "default/g/https", "tls.client.ca[0]", "Gateway default/g",
     "spec.tls.frontend.default.validation.caCertificateRefs[0]"},
    {"Listener", "default/g/partners", "tls.client.subject_alt_names[0].value", "Gateway default/g",
     "spec.tls.frontend.perPort[0].tls.validation"},
    {"Listener", "listenerset/default/l/https", "tls.certificates[0]", "ListenerSet default/l",
     "spec.listeners[0].tls.certificateRefs[0]"},
    {"Listener", "listenerset/default/l/https", "hostname", "ListenerSet default/l", "spec.listeners[0].hostname"},
    {"Listener", "listenerset/default/l/https", "tls.client.ca[0]", "Gateway default/g",
     "spec.tls.frontend.perPort[0].tls.validation.caCertificateRefs[0]"},
    {"Listener", "listenerset/default/gone/https", "port", "Listener listenerset/default/gone/https", "port"},
    {"Listener", "nonsense", "port", "Listener nonsense", "port"},
    {"Secret", "default/s", "data[tls.key]", "Secret default/s", "stringData[\"tls.key\"]"},
    {"Secret", "ca/configmap/default/ca", "data.ca.crt", "ConfigMap default/ca", "data[\"ca.crt\"]"},
    {"Secret", "nonsense", "data", "Secret nonsense", "data"},
    {"Endpoints", "backend/default/b", "endpoints[0].address", "Backend default/b", "spec.endpoints[0].address"},
    {"Endpoints", "backend/default/b", "endpoints[1].address", "Backend default/b", "spec.endpoints[1].unix"},
    {"Cluster", "backend/default/t", "tls.ca[0]", "Backend default/t", "spec.tls.validation.caCertificateRefs[0]"},
    {"Cluster", "backend/default/t@default/g", "tls.client_certificate", "Gateway default/g",
     "spec.tls.backend.clientCertificateRef"},
    {"Cluster", "service/default/svc:443+grpc", "tls.hostname", "BackendTLSPolicy default/p",
     "spec.validation.hostname"},
    {"Cluster", "service/default/svc:443@default/g", "tls.subject_alt_names[0].value", "BackendTLSPolicy default/p",
     "spec.validation.subjectAltNames[0]"},
    {"Cluster", "service/default/svc:443", "tls.min_version", "BackendTLSPolicy default/p", "spec.options"},
    {"Cluster", "backend/default/b+grpc", "proxy_protocol", "Backend default/b", "spec.proxyProtocol"},
    {"Route", "tlsroute/default/r+terminate@default/h", "rules[0]", "Route tlsroute/default/r+terminate@default/h",
     "rules[0]"},
    {"Route", "default/gone", "rules[0]", "Route default/gone", "rules[0]"},
    {"Route", "tcproute/r", "rules[0]", "HTTPRoute tcproute/r", "spec.rules[0]"},
    {"Listener", "listenerset/g/http", "port", "Gateway listenerset/g", "spec.listeners[0].port"},
    {"PolicyChain", "listener/default/g/http", "policies[0].config.deny[0]", "SecurityPolicy default/p",
     "spec.ipFilter.deny[0]"},
    {"PolicyChain", "listener/default/g/http", "policies[1].config.header_count.most", "RateLimitPolicy default/p",
     "spec.maxHeaderCount"},
    {"PolicyChain", "listener/default/g/http", "policies[2].config.providers[0].claim_headers[0].header",
     "SecurityPolicy default/p", "spec.jwt.providers[0].claimToHeaders[0].header"},
    {"PolicyChain", "listener/default/g/http", "policies[2].config.providers[0].remote.uri", "SecurityPolicy default/p",
     "spec.jwt.providers[0].jwks.uri"},
    {"PolicyChain", "listener/default/g/http", "policies[3].config.all_of[0].any_of[0]", "SecurityPolicy default/p",
     "spec.require.allOf[0].anyOf[0]"},
    {"PolicyChain", "listener/default/g/http", "policies[4].config.rules[1].condition.paths[0]",
     "SecurityPolicy default/p", "spec.authorization.rules[1].when.paths[0].value"},
    {"PolicyChain", "listener/default/g/http", "policies[4].config.rules[1].condition.times[0].to_minute",
     "SecurityPolicy default/p", "spec.authorization.rules[1].when.times[0].to"},
    {"PolicyChain", "listener/default/g/http", "policies[4].config.rules[1].condition.headers[0].values[0]",
     "SecurityPolicy default/p", "spec.authorization.rules[1].when.headers[0].in[0]"},
    {"PolicyChain", "listener/default/g/http", "policies[4].config", "SecurityPolicy default/p", "spec.authorization"},
    {"PolicyChain", "listener/default/g/http", "policies[5].config.rules[0].condition.claims[0].values[0]",
     "RateLimitPolicy default/p", "spec.rules[0].when.claims[0].in[0]"},
    {"PolicyChain", "listener/default/g/http", "policies[5].config.rules[0].key[0].header", "RateLimitPolicy default/p",
     "spec.rules[0].key"},
    {"PolicyChain", "listener/default/g/http", "policies[5].config.rules[0].per", "RateLimitPolicy default/p",
     "spec.rules[0].limit.per"},
    {"PolicyChain", "listener/default/g/http", "policies[5].config.rules", "RateLimitPolicy default/p", "spec.rules"},
    {"PolicyChain", "listener/default/g/http", "policies[9].config", "PolicyChain listener/default/g/http",
     "policies[9].config"},
};

TEST(FindingOf, NamesTheObjectAndTheFieldThatTheResourceWasMadeOf) {
  TestCa ca;
  TestCertificate certificate = ca.Issue({.names = {"DNS:a.test"}});
  manifests::File file{.name = "a.yaml",
                       .bytes = absl::StrReplaceAll(kManifests, {{"CERTIFICATE", Quoted(certificate.cert)},
                                                                 {"KEY", Quoted(certificate.key)},
                                                                 {"AUTHORITY", Quoted(ca.cert())}})};
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
