// Problems of resources, told about the manifests that they were made of.
#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/manifests/v1/backend.pb.h"
#include "api/manifests/v1/httproute.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/access.h"
#include "controlplane/translator/backend_tls.h"
#include "controlplane/translator/grpc.h"
#include "controlplane/translator/listener_sets.h"
#include "controlplane/translator/policy_fields.h"
#include "controlplane/translator/route_view.h"
#include "controlplane/translator/secret_contents.h"
#include "controlplane/translator/state.h"
#include "controlplane/translator/values.h"
#include "proto/penstock/xds/v1/policy.pb.h"

namespace penstock::translator {
namespace {

using manifests::Cat;
using Parts = std::vector<std::string>;

// Object and field.
struct Place {
  ObjectKey key;
  std::string path;
};

// "rules[0].matches[1].regex" -> {"rules[0]", "matches[1]", "regex"}
Parts SplitPath(std::string_view path) {
  Parts parts;
  while (!path.empty()) {
    size_t dot = std::min(path.find('.'), path.size());
    parts.emplace_back(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return parts;
}

std::string_view NameOf(std::string_view part) { return part.substr(0, part.find('[')); }
std::string_view IndexOf(std::string_view part) { return part.substr(std::min(part.find('['), part.size())); }

// A field of our resources and the fields of manifests that it is made of.
struct Renaming {
  std::string_view resource;
  std::string_view manifest;
};
constexpr Renaming kRenamings[] = {
    {"clusters", "backendRefs"},
    {"cluster", "name"},
    {"query", "queryParams"},
    {"request_headers", "requestHeaderModifier"},
    {"response_headers", "responseHeaderModifier"},
    {"mirror", "requestMirror"},
    {"full", "replaceFullPath"},
    {"prefix", "replacePrefixMatch"},
    {"request_timeout", "timeouts.request"},
    {"backend_timeout", "timeouts.backendRequest"},
    {"status", "statusCode"},
    {"max_age_seconds", "maxAge"},
};

std::string Rename(std::string_view part) {
  for (const Renaming& row : kRenamings) {
    if (row.resource == NameOf(part)) return Cat(row.manifest, IndexOf(part));
  }
  return Cat(CamelCase(NameOf(part)), IndexOf(part));
}

// Redirects and extensions are filters in the manifest only: the place of the n-th filter that is left, or of the
// redirect.
std::string FilterPart(const api::HTTPRouteRule* rule, std::string_view part) {
  bool redirect = NameOf(part) == "redirect";
  size_t wanted = 0;
  std::string_view index = IndexOf(part);
  if (index.size() > 2) manifests::ReadNumber(index.substr(1, index.size() - 2), wanted);
  for (int i = 0; rule != nullptr && i < rule->filters_size(); ++i) {
    bool is_redirect = rule->filters(i).type() == "RequestRedirect";
    if (redirect && is_redirect) return Cat("filters[", i, "].requestRedirect");
    if (redirect || is_redirect || rule->filters(i).type() == "ExtensionRef") continue;
    if (wanted-- == 0) return Cat("filters[", i, "]");
  }
  return "filters";
}

bool IsMatchKind(std::string_view part) {
  return part == "exact" || part == "prefix" || part == "regex" || part == "path";
}

// `spec` says what the filters are. Of a GRPCRoute it is what it was converted to; of layer 4, nothing.
std::string RoutePath(std::string_view kind, const api::HTTPRouteSpec& spec, const Parts& parts) {
  std::string path = "spec";
  const api::HTTPRouteRule* rule = nullptr;
  for (size_t i = 0; i < parts.size(); ++i) {
    std::string_view name = NameOf(parts[i]);
    std::string_view above = i == 0 ? std::string_view() : NameOf(parts[i - 1]);
    if (name == "attachments") return "spec.parentRefs";
    if (name == "rules") {
      std::string_view index = IndexOf(parts[i]);
      int number = 0;
      bool known = index.size() > 2 && manifests::ReadNumber(index.substr(1, index.size() - 2), number);
      if (known && number < spec.rules_size()) rule = &spec.rules(number);
      manifests::Append(path, ".", parts[i]);
    } else if (name == "filters" || (name == "redirect" && above == "rules")) {
      // Filters of a backendRef contain no redirect, so their places are the same.
      bool of_rule = above == "rules";
      manifests::Append(path, ".", of_rule ? FilterPart(rule, parts[i]) : parts[i]);
    } else if (IsMatchKind(name) && (above == "matches" || above == "headers" || above == "query")) {
      std::string_view of_match = kind == "GRPCRoute" ? ".method" : ".path.value";
      manifests::Append(path, above == "matches" ? of_match : ".value");
    } else if (name != "forward" && name != "tunnel") {
      manifests::Append(path, ".", Rename(parts[i]));
    }
  }
  return path;
}

// Which certificates clients must show is said in the Gateway, for the listeners of its ListenerSets, too.
Place FrontendPlace(const ObjectKey& gateway, const api::GatewaySpec& spec, int32_t port, const Parts& parts) {
  const auto& ports = spec.tls().frontend().per_port();
  auto found =
      std::find_if(ports.begin(), ports.end(), [&](const api::TLSPortConfig& config) { return config.port() == port; });
  std::string frontend = "spec.tls.frontend.default.validation";
  if (found != ports.end()) frontend = Cat("spec.tls.frontend.perPort[", found - ports.begin(), "].tls.validation");
  bool authorities = parts.size() > 2 && NameOf(parts[2]) == "ca";
  return {gateway, authorities ? Cat(frontend, ".caCertificateRefs", IndexOf(parts[2])) : frontend};
}

// The part of a listener's TLS that a field of ServerTls stems from.
std::string ListenerTlsPath(const std::string& path, const Parts& parts) {
  std::string_view field = parts.size() < 2 ? std::string_view() : NameOf(parts[1]);
  if (field == "certificates") return Cat(path, ".tls.certificateRefs", IndexOf(parts[1]));
  return path + (field == "min_version" ? ".tls.options" : ".tls");
}

Place ListenerPlace(const State& state, const NamedListener& name, const Parts& parts) {
  Place place{name.owner, ""};
  const Upsert* owner = state.objects.Find(name.owner);
  if (owner == nullptr) return place;
  ObjectKey gateway_key = name.owner.kind == "ListenerSet" ? ParentOf(*owner->object) : name.owner;
  const Upsert* gateway = IsGateway(gateway_key) ? state.objects.Find(gateway_key) : nullptr;
  std::string_view field = parts.empty() ? std::string_view() : NameOf(parts[0]);
  if (field == "addresses") return {gateway_key, Cat("spec.", parts[0], ".value")};
  const auto& listeners = ListenersOf(*owner->object);
  auto found = std::find_if(listeners.begin(), listeners.end(),
                            [&](const api::Listener& listener) { return listener.name() == name.name; });
  place.path = "spec.listeners";
  if (found == listeners.end()) return place;
  manifests::Append(place.path, "[", found - listeners.begin(), "]");
  if (field == "tls" && parts.size() > 1 && NameOf(parts[1]) == "client" && gateway != nullptr)
    return FrontendPlace(gateway_key, gateway->object->As<api::Gateway>()->spec(), found->port(), parts);
  if (field == "tls") place.path = ListenerTlsPath(place.path, parts);
  // The settings of clients come from policies.
  if (!field.empty() && field != "tls" && field != "client") manifests::Append(place.path, ".", Rename(parts[0]));
  return place;
}

// Which of the keys a field path of a Secret names, in whatever way; "" if none.
std::string_view SecretKeyIn(std::string_view field_path) {
  for (SecretId::Use use : {SecretId::Use::kCertificate, SecretId::Use::kAuthorities}) {
    for (std::string_view key : KeysOf(use)) {
      if (field_path.find(key) != std::string_view::npos) return key;
    }
  }
  return "";
}

api::HTTPRouteSpec HttpSpecOf(const manifests::Object& route) {
  if (const auto* grpc = route.As<api::GRPCRoute>()) return AsHttpRoute(grpc->spec());
  const auto* http = route.As<api::HTTPRoute>();
  return http == nullptr ? api::HTTPRouteSpec() : http->spec();
}

std::string BackendPath(const manifests::Object* object, const Parts& parts) {
  std::string path = "spec";
  for (const std::string& part : parts) manifests::Append(path, ".", CamelCase(part));
  const api::Backend* backend = object == nullptr ? nullptr : object->As<api::Backend>();
  int endpoint = 0;
  bool address = parts.size() == 2 && NameOf(parts[0]) == "endpoints" && parts[1] == "address";
  std::string_view index = address ? IndexOf(parts[0]) : std::string_view();
  bool known = backend != nullptr && index.size() > 2 &&
               manifests::ReadNumber(index.substr(1, index.size() - 2), endpoint) &&
               endpoint < backend->spec().endpoints_size();
  if (!known || backend->spec().endpoints(endpoint).unix().empty()) return path;
  return Cat("spec.", parts[0], ".unix");
}

// Of a field of UpstreamTls, below `validation` of what it was made of.
std::string TlsFieldPath(const std::string& source, const Parts& parts) {
  std::string_view field = parts.size() < 2 ? std::string_view() : NameOf(parts[1]);
  std::string validation = source + ".validation";
  if (field == "min_version") return source + ".options";
  if (field == "ca") return Cat(validation, ".caCertificateRefs", IndexOf(parts[1]));
  if (field == "subject_alt_names") return Cat(validation, ".subjectAltNames", IndexOf(parts[1]));
  return field == "hostname" ? validation + ".hostname" : validation;
}

Place ClusterPlace(const State& state, const ClusterId& id, const Parts& parts) {
  if (!parts.empty() && NameOf(parts[0]) == "tls") {
    size_t slash = std::min(id.gateway.find('/'), id.gateway.size());
    if (parts.size() > 1 && parts[1] == "client_certificate" && slash < id.gateway.size())
      return {GatewayKey(id.gateway.substr(0, slash), id.gateway.substr(slash + 1)),
              "spec.tls.backend.clientCertificateRef"};
    Reader reader(state, true);
    if (std::optional<BackendTlsSource> source = FindBackendTls(id, reader))
      return {source->object.key(), TlsFieldPath(source->path, parts)};
  }
  const Upsert* object = state.objects.Find(id.Object());
  return {id.Object(), BackendPath(object == nullptr ? nullptr : object->object.get(), parts)};
}

// The policy that one policy of a chain is from: the field is "policies[2].config", or one below.
Place ChainPlace(const State& state, const xds::v1::ResourceProblem& problem, const Parts& parts) {
  const ResourcePtr* resource = state.resources.Find({problem.type_url(), problem.name()});
  xds::v1::PolicyChain chain;
  size_t place = 0;
  std::string_view index = parts.empty() ? std::string_view() : IndexOf(parts[0]);
  bool known = resource != nullptr && chain.ParseFromString((*resource)->bytes) && index.size() > 2 &&
               manifests::ReadNumber(index.substr(1, index.size() - 2), place) &&
               place < static_cast<size_t>(chain.policies_size());
  if (!known) return {};
  const xds::v1::PolicyConfig& policy = chain.policies(static_cast<int>(place));
  std::span<const std::string> below = std::span(parts).subspan(std::min<size_t>(parts.size(), 2));
  return {OriginKey(policy.origin()), FieldInPolicy(policy.type(), below)};
}

Place PlaceOf(const State& state, const xds::v1::ResourceProblem& problem) {
  std::string_view name = problem.name();
  Parts parts = SplitPath(problem.field_path());
  Place place;
  if (problem.type_url().ends_with(".Route")) {
    place.key = RouteOf(name);
    const Upsert* route = state.objects.Find(place.key);
    if (route != nullptr) place.path = RoutePath(place.key.kind, HttpSpecOf(*route->object), parts);
  } else if (problem.type_url().ends_with(".Listener")) {
    place = ListenerPlace(state, ParseListenerName(name), parts);
  } else if (problem.type_url().ends_with(".PolicyChain")) {
    place = ChainPlace(state, problem, parts);
  } else if (problem.type_url().ends_with(".Revocation")) {
    place = {OriginKey(Cat("Revocation ", name)), "spec"};
  } else if (problem.type_url().ends_with(".AddressList")) {
    place = {OriginKey(Cat("AddressList ", name)), "spec"};
  } else if (problem.type_url().ends_with(".Credential")) {
    bool of_key = name.starts_with("apikey/");
    name = name.substr(std::min(name.find('/') + 1, name.size()));
    place = {OriginKey(Cat(of_key ? "ApiKey " : "Consumer ", name.substr(0, of_key ? name.npos : name.rfind('/')))),
             "spec"};
  } else if (problem.type_url().ends_with(".Secret") && name.find('/') != std::string_view::npos) {
    place.key = SecretId::Parse(name).Object();
    const Upsert* secret = state.objects.Find(place.key);
    std::string_view key = SecretKeyIn(problem.field_path());
    if (secret != nullptr) place.path = key.empty() ? "data" : FieldOf(*secret->object, key);
  } else if (name = name.substr(0, name.find('@')); std::count(name.begin(), name.end(), '/') == 2) {
    // A cluster's name; the problem may come from outside, so it may be anything else.
    place = ClusterPlace(state, ClusterId::Parse(problem.name()), parts);
  }
  return place;
}

}  // namespace

Finding FindingOf(const StatePtr& state, const xds::v1::ResourceProblem& problem) {
  const Upsert* upsert = nullptr;
  Place place;
  if (state != nullptr) {
    place = PlaceOf(*state, problem);
    upsert = state->objects.Find(place.key);
  }
  if (upsert != nullptr)
    return manifests::ErrorAt(*upsert->object, place.path, problem.code(), problem.reason(), problem.hint());
  Finding finding;
  finding.set_severity(Finding::ERROR);
  finding.set_code(problem.code());
  finding.set_object(Cat(problem.type_url().substr(problem.type_url().rfind('.') + 1), " ", problem.name()));
  finding.set_path(problem.field_path());
  finding.set_message(problem.reason());
  finding.set_suggestion(problem.hint());
  return finding;
}

}  // namespace penstock::translator
