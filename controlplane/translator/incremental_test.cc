// Incremental equals full: after any sequence of edits the state is that of translating the surviving objects at once,
// and the deltas lead from one to the next, for everybody and for each group of data planes.
#include <algorithm>
#include <map>
#include <random>

#include "controlplane/manifests/parse.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/test_pem.h"
#include "controlplane/translator/translate.h"
#include "gtest/gtest.h"

namespace penstock::translator {
namespace {

using manifests::Cat;
using manifests::ObjectKey;
using manifests::ObjectPtr;

ObjectPtr ParseOne(const std::string& yaml) {
  manifests::File file{.name = "t.yaml", .bytes = yaml};
  manifests::ParseResult parsed = manifests::Parse({&file, 1});
  EXPECT_EQ(parsed.objects.size(), 1u) << yaml;
  for (const manifests::Finding& finding : parsed.findings) ADD_FAILURE() << yaml << finding.ShortDebugString();
  return parsed.objects.at(0);
}

// Draws small objects from a small world, so that they refer to each other, collide and disappear.
class World {
 public:
  explicit World(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) { return random_() % n; }
  std::string Pick(std::vector<std::string> from) { return from[Below(from.size())]; }

  ObjectPtr AnyObject() {
    switch (Below(24)) {
      case 0:
        return Gateway();
      case 1:
        return Policy("ClientPolicy", Pick({"timeouts: {keepAlive: 1s}", "tls: {minVersion: '1.3'}",
                                            "proxyProtocol: Required", "trustedProxies: {cidrs: [10.0.0.0/8]}",
                                            "timeouts: {keepAlive: 2s}", "http2: {priorKnowledge: true}",
                                            "clientCertificate: {subjectAltNames: [{type: URI, value: a}]}"}));
      case 2:
        return Policy("TrafficPolicy",
                      Pick({"timeouts: {request: 3s}", "retries: {attempts: 2}", "timeouts: {connect: 1s}"}));
      case 3:
        return Grant();
      case 4:
        return Service();
      case 5:
        return Slice();
      case 6:
        return ParseOne(Header("v1", "Namespace", "", Ns(), Cat(", labels: {team: ", Pick({"x", "y"}), "}")));
      case 7:
        return ParseOne(Header("gateway.networking.k8s.io/v1", "GatewayClass", "", Pick({"default", "edge"}), "") +
                        "spec: {controllerName: " + Pick({"penstock.dev/gateway-controller", "example.com/other"}) +
                        "}\n");
      case 20:
      case 21:
        return ListenerSet();
      case 22:
      case 23:
        return Policy("RateLimitPolicy", Pick({"maxHeaderCount: 200", "rules: [{concurrency: 3}]",
                                               "rules: [{limit: {requests: 3, per: Minute}}]\n  maxHeaderCount: 90"}));
      case 8:
      case 9:
        return Backend();
      case 10:
        return Secret();
      case 11:
        return Authorities();
      case 12:
      case 13:
        return Layer4Route();
      case 14:
        return GrpcRoute();
      case 15:
      case 16:
        return TlsPolicy();
      default:
        return Route();
    }
  }

 private:
  std::string Ns() { return Pick({"default", "other"}); }

  static std::string Header(std::string version, std::string kind, std::string ns, std::string name, std::string more) {
    return Cat("apiVersion: ", version, "\nkind: ", kind, "\nmetadata: {name: ", name,
               ns.empty() ? "" : ", namespace: ", ns, more, "}\n");
  }

  ObjectPtr Gateway() {
    std::string text = Header("gateway.networking.k8s.io/v1", "Gateway", Ns(), Pick({"g1", "g2"}),
                              Cat(", labels: {zone: ", Pick({"a", "b"}), "}"));
    manifests::Append(text, "spec:\n  gatewayClassName: ", Pick({"default", "default", "edge"}), "\n  listeners:\n");
    size_t listeners = 1 + Below(2);
    for (size_t i = 0; i < listeners; ++i) {
      manifests::Append(
          text, "  - {name: l", i, ", ", ProtocolAndTls(), ", port: ", 80 + Below(2), ", allowedRoutes: {namespaces: ",
          Pick({"{from: All}", "{from: Same}", "{from: Selector, selector: {matchLabels: {team: x}}}"}), "}}\n");
    }
    text +=
        Pick({"", "  allowedListeners: {namespaces: {from: Same}}\n", "  allowedListeners: {namespaces: {from: All}}\n",
              "  allowedListeners: {namespaces: {from: Selector, selector: {matchLabels: {team: x}}}}\n"});
    text += Pick({"", "  tls: {backend: {clientCertificateRef: {name: s1}}}\n",
                  "  tls: {frontend: {default: {validation: {caCertificateRefs: [{kind: ConfigMap, name: ca}]}}}}\n",
                  "  tls: {frontend: {default: {}, perPort: [{port: 80, tls: {validation: {caCertificateRefs: [{kind: "
                  "Secret, name: s1, namespace: other}], mode: AllowInsecureFallback}}}]}}\n"});
    return ParseOne(text);
  }

  ObjectPtr ListenerSet() {
    std::string text =
        Header("gateway.networking.k8s.io/v1", "ListenerSet", Ns(), Pick({"l1", "l2"}), "") +
        Cat("spec:\n  parentRef: {name: ", Pick({"g1", "g2"}), ", namespace: ", Ns(), "}\n  listeners:\n");
    size_t listeners = 1 + Below(2);
    for (size_t i = 0; i < listeners; ++i) {
      manifests::Append(text, "  - {name: l", i, ", ", ProtocolAndTls(), ", port: ", Pick({"80", "443", "81"}),
                        Pick({"", ", allowedRoutes: {namespaces: {from: All}}"}), "}\n");
    }
    return ParseOne(text);
  }

  std::string ProtocolAndTls() {
    std::string host = Pick({"", ", hostname: a.test", ", hostname: '*.test'"});
    std::string protocol = Pick({"HTTP", "HTTP", "HTTPS", "TLS", "TCP", "UDP"});
    if (protocol == "TCP" || protocol == "UDP") return "protocol: " + protocol;
    if (protocol == "HTTP") return "protocol: HTTP" + host;
    std::string tls = Pick({"{certificateRefs: [{name: s1}]}", "{certificateRefs: [{name: s2}, {name: s1}]}",
                            "{certificateRefs: [{name: s1, namespace: other}]}"});
    if (protocol == "TLS" && Below(2) == 0) tls = "{mode: Passthrough}";
    return Cat("protocol: ", protocol, host, ", tls: ", tls);
  }

  // Certificates that come, go, change and break.
  ObjectPtr Secret() {
    std::string certificate = Pick({Quoted(one_.cert), Quoted(two_.cert), "broken"});
    std::string key = Pick({Quoted(one_.key), Quoted(two_.key)});
    return ParseOne(Header("v1", "Secret", Ns(), Pick({"s1", "s2"}), "") +
                    Cat("stringData: {tls.crt: ", certificate, ", tls.key: ", key, ", ca.crt: ", certificate, "}\n"));
  }

  ObjectPtr Authorities() {
    return ParseOne(Header("v1", "ConfigMap", Ns(), "ca", "") +
                    Pick({Cat("data: {ca.crt: ", Quoted(ca_.cert()), "}\n"), "data: {ca.crt: nothing}\n"}));
  }

  ObjectPtr Route() {
    std::string priority = Pick({"", "", ", annotations: {penstock.dev/priority: '5'}"});
    std::string text =
        Header("gateway.networking.k8s.io/v1", "HTTPRoute", Ns(), Pick({"r1", "r2", "r3", "r4"}), priority);
    manifests::Append(text, "spec:\n  parentRefs: [{name: ", Pick({"g1", "g2"}), ", namespace: ", Ns(), "}",
                      Pick({"", ", {name: g2}", ", {kind: ListenerSet, name: l1}"}), "]\n",
                      Pick({"", "  hostnames: [a.test]\n", "  hostnames: ['*.test', b.test]\n"}), "  rules:\n");
    size_t rules = 1 + Below(2);
    for (size_t i = 0; i < rules; ++i) {
      manifests::Append(text, "  - name: n", i, "\n    matches: [{path: {value: ", Pick({"/", "/a", "/a/"}),
                        "}}]\n    backendRefs:\n", "    - {name: ", Pick({"b1", "b2", "b3"}),
                        Pick({"", ", port: 80", ", port: 81"}), Pick({"", ", namespace: other"}),
                        Pick({"", ", weight: 0"}), "}\n");
    }
    return ParseOne(text);
  }

  ObjectPtr Layer4Route() {
    std::string kind = Pick({"TLSRoute", "TCPRoute", "TCPRoute", "UDPRoute"});
    std::string version = kind == "TLSRoute" ? "v1" : "v1alpha2";
    std::string hostnames = Pick({"  hostnames: [a.test]\n", "  hostnames: ['*.test', b.test]\n"});
    return ParseOne(Header("gateway.networking.k8s.io/" + version, kind, Ns(), Pick({"r1", "r2"}),
                           Pick({"", "", ", annotations: {penstock.dev/priority: '5'}"})) +
                    Cat("spec:\n  parentRefs: [{name: ", Pick({"g1", "g2"}), ", namespace: ", Ns(), "}",
                        Pick({"", ", {name: g2, sectionName: l1}"}), "]\n", kind == "TLSRoute" ? hostnames : "",
                        "  rules: [{backendRefs: [{name: ", Pick({"b1", "b3"}), Pick({"", ", port: 80"}),
                        Pick({"", ", weight: 0"}), "}]}]\n"));
  }

  ObjectPtr GrpcRoute() {
    return ParseOne(Header("gateway.networking.k8s.io/v1", "GRPCRoute", Ns(), Pick({"r1", "r2"}), "") +
                    Cat("spec:\n  parentRefs: [{name: ", Pick({"g1", "g2"}), "}]\n",
                        Pick({"", "  hostnames: [a.test]\n"}), "  rules: [{name: n0, matches: [{method: {",
                        Pick({"service: a.B", "service: a.B, method: C"}),
                        "}}], backendRefs: [{name: ", Pick({"b1", "b3"}), ", port: 80}]}]\n"));
  }

  ObjectPtr Backend() {
    std::string spec = Pick({"endpoints: []", "endpoints: [{address: 10.0.0.1, port: 80}]",
                             "endpoints: [{address: 10.0.0.1, port: 80}, {address: 10.0.0.2, port: 81, weight: 0}]",
                             "dns: {name: b.test, port: 80}", "dns: {name: b.test}"});
    std::string spoken =
        Pick({"", "", ", protocol: GRPC", ", protocol: HTTP", ", proxyProtocol: V2",
              ", tls: {validation: {wellKnownCACertificates: System, hostname: b.test}}",
              ", tls: {validation: {caCertificateRefs: [{kind: ConfigMap, name: ca}], hostname: b.test}}"});
    return ParseOne(Header("penstock.dev/v1", "Backend", Ns(), Pick({"b1", "b2"}), "") + "spec: {" + spec + spoken +
                    "}\n");
  }

  ObjectPtr TlsPolicy() {
    std::string target = Pick({"{kind: Service, name: b3}", "{kind: Service, name: b1, sectionName: http}",
                               "{group: penstock.dev, kind: Backend, name: b1}", "{kind: Backend, name: b2}"});
    return ParseOne(Header("gateway.networking.k8s.io/v1", "BackendTLSPolicy", Ns(), Pick({"p1", "p2"}), "") +
                    "spec:\n  targetRefs: [" + target + "]\n  validation: {hostname: b.test, " +
                    Pick({"wellKnownCACertificates: System", "caCertificateRefs: [{kind: ConfigMap, name: ca}]",
                          "caCertificateRefs: [{kind: Secret, name: s1}, {kind: ConfigMap, name: ca}]"}) +
                    "}\n");
  }

  ObjectPtr Service() {
    return ParseOne(Header("v1", "Service", Ns(), Pick({"b1", "b3"}), "") + "spec: {ports: [{name: http, port: " +
                    Pick({"80", "81"}) + Pick({"", "", ", appProtocol: https", ", appProtocol: kubernetes.io/ws"}) +
                    "}" + Pick({"", ", {name: dns, port: 80, protocol: UDP}"}) + "]}\n");
  }

  ObjectPtr Slice() {
    std::string labels = Cat(", labels: {kubernetes.io/service-name: ", Pick({"b1", "b3"}), "}");
    return ParseOne(Header("discovery.k8s.io/v1", "EndpointSlice", Ns(), Pick({"s1", "s2"}), labels) +
                    "addressType: IPv4\nports: [{name: " + Pick({"http", "x"}) + ", port: 3000" +
                    Pick({"", ", protocol: UDP"}) + "}]\nendpoints: [{addresses: [10.1.0." + Pick({"1", "2"}) +
                    "], conditions: {ready: " + Pick({"true", "false"}) + "}}]\n");
  }

  ObjectPtr Grant() {
    return ParseOne(Header("gateway.networking.k8s.io/v1", "ReferenceGrant", "other", Pick({"t1", "t2"}), "") +
                    "spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}, {group: "
                    "gateway.networking.k8s.io, kind: Gateway, namespace: default}], to: [" +
                    Pick({"{group: penstock.dev, kind: Backend}", "{kind: Service, name: b3}", "{kind: Secret}"}) +
                    "]}\n");
  }

  ObjectPtr Policy(std::string kind, std::string fields) {
    std::string target = Pick({"{kind: ListenerSet, name: l1}", "{kind: Gateway, name: g1}",
                               "{kind: Gateway, name: g1, sectionName: l0}", "{kind: HTTPRoute, name: r1}",
                               "{kind: HTTPRoute, name: r1, sectionName: n0}", "{kind: GRPCRoute, name: r1}",
                               "{kind: Backend, group: penstock.dev, name: b1}"});
    return ParseOne(Header("penstock.dev/v1", kind, Ns(), Pick({"p1", "p2"}), "") + "spec:\n  targetRefs: [" + target +
                    "]\n  " + fields + "\n" + Pick({"", "  override: true\n"}));
  }

  std::mt19937 random_;
  TestCa ca_;
  TestCertificate one_ = ca_.Issue({.names = {"DNS:*.test"}});
  TestCertificate two_ = ca_.Issue({.names = {"DNS:b.test"}});
};

using ResourceMap = std::map<ResourceId, ResourcePtr>;

std::string Text(const Resource& resource) {
  std::string text = Cat(resource.type_url, " ", resource.name, " ", resource.version);
  for (const std::string& gateway : resource.gateways) manifests::Append(text, " ", gateway);
  return text;
}

std::vector<std::string> Texts(const std::vector<ResourcePtr>& resources) {
  std::vector<std::string> texts;
  for (const ResourcePtr& resource : resources) texts.push_back(Text(*resource));
  return texts;
}

std::vector<std::string> Texts(const std::vector<manifests::Finding>& findings) {
  std::vector<std::string> texts;
  for (manifests::Finding finding : findings) texts.push_back(finding.SerializeAsString());
  std::sort(texts.begin(), texts.end());
  return texts;
}

void Follow(ResourceMap& held, const std::vector<ResourcePtr>& upserts, const std::vector<ResourceId>& removals) {
  for (const ResourcePtr& resource : upserts) held[{resource->type_url, resource->name}] = resource;
  for (const ResourceId& id : removals) EXPECT_EQ(held.erase(id), 1u) << "removed what was not there: " << id.name;
}

std::vector<std::string> Versions(const std::vector<ResourcePtr>& resources) {
  std::vector<std::string> texts;
  for (const ResourcePtr& resource : resources) texts.push_back(resource->name + " " + resource->version);
  return texts;
}

std::vector<ResourcePtr> Values(const ResourceMap& held) {
  std::vector<ResourcePtr> values;
  for (const auto& [id, resource] : held) values.push_back(resource);
  return values;
}

void ExpectSameAsFull(const StatePtr& state) {
  Changes everything;
  everything.upserts = AllObjects(state);
  StatePtr full = Translate(nullptr, everything, {.generation = 1, .allow_unresolved = true}).state;
  ASSERT_EQ(Texts(AllResources(state)), Texts(AllResources(full)));
  ASSERT_EQ(Texts(AllFindings(state)), Texts(AllFindings(full)));
  ASSERT_EQ(*AllGateways(state), *AllGateways(full));
  for (const Upsert& upsert : everything.upserts) {
    auto a = StatusOf(state, upsert.object->key());
    auto b = StatusOf(full, upsert.object->key());
    ASSERT_EQ(a == nullptr, b == nullptr) << upsert.object->key().ToString();
    if (a != nullptr) ASSERT_EQ(a->DebugString(), b->DebugString()) << upsert.object->key().ToString();
  }
}

class Incremental : public testing::TestWithParam<uint32_t> {};

TEST_P(Incremental, EqualsTranslatingEverythingAnew) {
  World world(GetParam());
  StatePtr state;
  ResourceMap held;
  const std::vector<GroupSelector> groups = {{"default", {}}, {"default", {{"zone", "a"}}}, {"edge", {}}};
  std::vector<ResourceMap> held_by_group(groups.size());
  for (uint64_t generation = 1; generation <= 100; ++generation) {
    std::map<ObjectKey, ObjectPtr> drawn;
    size_t edits = 1 + world.Below(3);
    for (size_t i = 0; i < edits; ++i) {
      ObjectPtr object = world.AnyObject();
      drawn[object->key()] = object;
    }
    Changes changes;
    for (const auto& [key, object] : drawn) {
      bool remove = FindObject(state, key).object != nullptr && world.Below(3) == 0;
      if (remove) {
        changes.removals.push_back(key);
      } else {
        changes.upserts.push_back({.object = object});
      }
    }
    Result result = Translate(state, changes, {.generation = generation, .allow_unresolved = true});
    Follow(held, result.upserts, result.removals);
    ASSERT_EQ(Texts(Values(held)), Texts(AllResources(result.state)));
    for (size_t i = 0; i < groups.size(); ++i) {
      GroupDelta delta = DeltaOf(state, result, groups[i]);
      Follow(held_by_group[i], delta.upserts, delta.removals);
      ASSERT_EQ(Versions(Values(held_by_group[i])), Versions(ResourcesOf(result.state, groups[i])));
    }
    state = result.state;
    ASSERT_NO_FATAL_FAILURE(ExpectSameAsFull(state)) << "generation " << generation;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Incremental, testing::Range(1u, 5u));

TEST(Translate, LeavesThePreviousStateAsItWas) {
  World world(99);
  Changes changes;
  std::map<ObjectKey, ObjectPtr> drawn;
  for (int i = 0; i < 60; ++i) {
    ObjectPtr object = world.AnyObject();
    drawn[object->key()] = object;
  }
  for (const auto& [key, object] : drawn) changes.upserts.push_back({.object = object});
  StatePtr state = Translate(nullptr, changes, {.generation = 1, .allow_unresolved = true}).state;
  std::vector<std::string> before = Texts(AllResources(state));
  Changes removals;
  for (const auto& [key, object] : drawn) removals.removals.push_back(key);
  Result emptied = Translate(state, removals, {.generation = 2, .allow_unresolved = true});
  EXPECT_TRUE(AllResources(emptied.state).empty());
  EXPECT_EQ(Texts(AllResources(state)), before);
}

TEST(Translate, ChangesOneRouteOfManyWithoutLookingAtTheOthers) {
  manifests::ChangeSet first;
  first.upserts.push_back(
      ParseOne("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec:\n  "
               "gatewayClassName: default\n  listeners: [{name: "
               "l, protocol: HTTP, port: 80}]\n"));
  first.upserts.push_back(
      ParseOne("apiVersion: penstock.dev/v1\nkind: Backend\nmetadata: {name: b}\nspec: {endpoints: [{address: "
               "10.0.0.1, port: 80}]}\n"));
  auto route = [](int i, const std::string& path) {
    return ParseOne(Cat("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r", i,
                        "}\nspec:\n  parentRefs: [{name: g}]\n  rules: "
                        "[{matches: [{path: {value: ",
                        path, "}}], backendRefs: [{name: b}]}]\n"));
  };
  for (int i = 0; i < 200; ++i) first.upserts.push_back(route(i, Cat("/", i)));
  StatePtr state = Translate(nullptr, first, {.generation = 1}).state;
  manifests::ChangeSet second;
  second.upserts.push_back(route(7, "/other"));
  Result result = Translate(state, second, {.generation = 2});
  ASSERT_EQ(result.upserts.size(), 1u);
  EXPECT_EQ(result.upserts[0]->name, "default/r7");
  EXPECT_TRUE(result.removals.empty());
  EXPECT_TRUE(result.findings.empty());
  EXPECT_EQ(FindObject(result.state, second.upserts[0]->key()).first_generation, 1u);
  EXPECT_EQ(FindObject(result.state, second.upserts[0]->key()).last_generation, 2u);
}

TEST(Translate, RefusesToRemoveABackendThatARouteNeeds) {
  manifests::ChangeSet first;
  first.upserts.push_back(
      ParseOne("apiVersion: penstock.dev/v1\nkind: Backend\nmetadata: {name: b}\nspec: {endpoints: [{address: "
               "10.0.0.1, port: 80}]}\n"));
  first.upserts.push_back(
      ParseOne("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec:\n  parentRefs: "
               "[{name: g}]\n  rules: "
               "[{backendRefs: [{name: b}]}]\n"));
  StatePtr state = Translate(nullptr, first, {.generation = 1}).state;
  manifests::ChangeSet second;
  second.removals.push_back(first.upserts[0]->key());
  Result result = Translate(state, second, {.generation = 2});
  auto missing =
      std::find_if(result.findings.begin(), result.findings.end(), [](const auto& f) { return f.code() == "E101"; });
  ASSERT_NE(missing, result.findings.end());
  EXPECT_EQ(missing->object(), "HTTPRoute default/r");
  EXPECT_EQ(missing->path(), "spec.rules[0].backendRefs[0].name");
}

// A route that was accepted without its backend, and a Gateway that it is attached to.
manifests::ChangeSet GatewayAndRouteWithoutBackend(const std::string& listener) {
  manifests::ChangeSet changes;
  changes.upserts.push_back(
      ParseOne("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec:\n  "
               "gatewayClassName: default\n  listeners: [" +
               listener + "]\n"));
  changes.upserts.push_back(
      ParseOne("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec:\n  parentRefs: "
               "[{name: g}]\n  rules: [{backendRefs: [{name: missing}]}]\n"));
  return changes;
}

TEST(Translate, OnlyWarnsOfWhatWasAcceptedUnresolvedWhenAnotherObjectChanges) {
  manifests::ChangeSet first = GatewayAndRouteWithoutBackend("{name: a, protocol: HTTP, port: 80}");
  StatePtr state = Translate(nullptr, first, {.generation = 1, .allow_unresolved = true}).state;
  manifests::ChangeSet second = GatewayAndRouteWithoutBackend("{name: a, protocol: HTTP, port: 81}");
  second.upserts.pop_back();
  for (uint64_t generation = 2; generation < 4; ++generation) {
    Result result = Translate(state, second, {.generation = generation});
    EXPECT_FALSE(manifests::HasErrors(result.findings));
    state = result.state;
    second = GatewayAndRouteWithoutBackend("{name: a, protocol: HTTP, port: 82}");
    second.upserts.pop_back();
    auto known =
        std::find_if(result.findings.begin(), result.findings.end(), [](const auto& f) { return f.code() == "E101"; });
    ASSERT_NE(known, result.findings.end());
    EXPECT_EQ(known->object(), "HTTPRoute default/r");
  }
}

TEST(Translate, OnlyWarnsOfWhatWasAcceptedUnresolvedWhenItIsAppliedAgainAsItIs) {
  manifests::ChangeSet first = GatewayAndRouteWithoutBackend("{name: a, protocol: HTTP, port: 80}");
  StatePtr state = Translate(nullptr, first, {.generation = 1, .allow_unresolved = true}).state;
  Result result = Translate(state, first, {.generation = 2});
  EXPECT_FALSE(manifests::HasErrors(result.findings));
}

TEST(Translate, RefusesOnlyWhatARemovalBreaksBesideWhatWasAcceptedUnresolved) {
  manifests::ChangeSet first;
  first.upserts.push_back(
      ParseOne("apiVersion: penstock.dev/v1\nkind: Backend\nmetadata: {name: b}\nspec: {endpoints: [{address: "
               "10.0.0.1, port: 80}]}\n"));
  first.upserts.push_back(
      ParseOne("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec:\n  parentRefs: "
               "[{name: g}]\n  rules: [{backendRefs: [{name: b}, {name: missing}]}]\n"));
  StatePtr state = Translate(nullptr, first, {.generation = 1, .allow_unresolved = true}).state;
  manifests::ChangeSet second;
  second.removals.push_back(first.upserts[0]->key());
  std::map<std::string, manifests::Finding::Severity> severities;
  for (const auto& finding : Translate(state, second, {.generation = 2}).findings) {
    if (finding.code() == "E101") severities[finding.path()] = finding.severity();
  }
  EXPECT_EQ(severities["spec.rules[0].backendRefs[0].name"], manifests::Finding::ERROR);
  EXPECT_EQ(severities["spec.rules[0].backendRefs[1].name"], manifests::Finding::WARNING);
}

TEST(Translate, RefusesWhatIsUnresolvedInARouteThatChanges) {
  manifests::ChangeSet first = GatewayAndRouteWithoutBackend("{name: a, protocol: HTTP, port: 80}");
  StatePtr state = Translate(nullptr, first, {.generation = 1, .allow_unresolved = true}).state;
  manifests::ChangeSet second;
  second.upserts.push_back(
      ParseOne("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec:\n  parentRefs: "
               "[{name: g}]\n  hostnames: [a.test]\n  rules: [{backendRefs: [{name: missing}]}]\n"));
  Result result = Translate(state, second, {.generation = 2});
  EXPECT_TRUE(manifests::HasErrors(result.findings));
}

}  // namespace
}  // namespace penstock::translator
