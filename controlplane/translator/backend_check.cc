#include "controlplane/translator/backend_check.h"

#include <set>
#include <string>
#include <utility>

#include "api/manifests/v1/backend.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/backend_tls.h"

namespace penstock::translator {

using manifests::Cat;

void CheckBackend(const manifests::Object& backend, Reader& reader, FindingSink& findings) {
  const api::BackendSpec& spec = backend.As<api::Backend>()->spec();
  std::set<std::pair<std::string, int32_t>> seen;
  for (int i = 0; i < spec.endpoints_size(); ++i) {
    const api::BackendEndpoint& endpoint = spec.endpoints(i);
    std::string path = Cat("spec.endpoints[", i, "]");
    bool is_unix = !endpoint.unix().empty();
    if (is_unix && endpoint.has_port())
      findings.Error(path + ".port", "E121", "a Unix socket has no port", "remove it");
    if (!is_unix && !endpoint.has_port()) {
      findings.Error(path + ".port", "E121", "an address needs a port", "for example `port: 8081`");
    }
    if (seen.emplace(is_unix ? endpoint.unix() : endpoint.address(), endpoint.port()).second) continue;
    findings.Error(path, "E121",
                   is_unix ? Cat(endpoint.unix(), " is listed twice")
                           : Cat(endpoint.address(), ":", endpoint.port(), " is listed twice"),
                   "to send it more requests, give it a weight");
  }
  if (spec.has_tls()) ResolveBackendTls(SourceOf(backend), reader, findings);
}

void CheckService(const api::ServiceSpec& spec, FindingSink& findings) {
  std::set<std::string> names;
  std::set<std::pair<int32_t, std::string>> ports;
  for (int i = 0; i < spec.ports_size(); ++i) {
    std::string protocol = spec.ports(i).protocol().empty() ? "TCP" : spec.ports(i).protocol();
    if (!ports.emplace(spec.ports(i).port(), protocol).second) {
      findings.Error(Cat("spec.ports[", i, "].port"), "E020",
                     Cat("two ports are ", protocol, " port ", spec.ports(i).port()), "give each its own");
    }
    if (names.insert(spec.ports(i).name()).second) continue;
    findings.Error(Cat("spec.ports[", i, "].name"), "E121",
                   "two ports have one name, so their endpoints cannot be told apart", "give each port its own name");
  }
}

}  // namespace penstock::translator
