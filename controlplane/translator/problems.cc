// Problems of resources, told about the manifests that they were made of.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/manifests/v1/httproute.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {
namespace {

using manifests::Cat;
using Parts = std::vector<std::string>;

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

std::string CamelCase(std::string_view snake) {
  std::string camel;
  bool up = false;
  for (char c : snake) {
    if (c == '_') {
      up = true;
      continue;
    }
    camel += up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    up = false;
  }
  return camel;
}

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

std::string RoutePath(const api::HTTPRoute& route, const Parts& parts) {
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
      if (known && number < route.spec().rules_size()) rule = &route.spec().rules(number);
      manifests::Append(path, ".", parts[i]);
    } else if (name == "filters" || (name == "redirect" && above == "rules")) {
      // Filters of a backendRef contain no redirect, so their places are the same.
      bool of_rule = above == "rules";
      manifests::Append(path, ".", of_rule ? FilterPart(rule, parts[i]) : parts[i]);
    } else if (IsMatchKind(name) && (above == "matches" || above == "headers" || above == "query")) {
      manifests::Append(path, above == "matches" ? ".path.value" : ".value");
    } else if (name != "forward") {
      manifests::Append(path, ".", Rename(parts[i]));
    }
  }
  return path;
}

std::string ListenerPath(const api::Gateway& gateway, std::string_view listener, const Parts& parts) {
  if (!parts.empty() && NameOf(parts[0]) == "addresses") return Cat("spec.", parts[0], ".value");
  const auto& listeners = gateway.spec().listeners();
  auto found =
      std::find_if(listeners.begin(), listeners.end(), [&](const api::Listener& l) { return l.name() == listener; });
  if (found == listeners.end()) return "spec.listeners";
  std::string path = Cat("spec.listeners[", found - listeners.begin(), "]");
  // The settings of clients come from policies.
  if (!parts.empty() && NameOf(parts[0]) != "client") manifests::Append(path, ".", Rename(parts[0]));
  return path;
}

// Object and field.
struct Place {
  ObjectKey key;
  std::string path;
};

Place PlaceOf(const State& state, const xds::v1::ResourceProblem& problem) {
  std::string_view name = problem.name();
  Parts parts = SplitPath(problem.field_path());
  Place place;
  auto part = [&](int n) {
    std::string_view rest = name;
    for (; n > 0; --n) rest.remove_prefix(std::min(rest.find('/') + 1, rest.size()));
    return rest.substr(0, rest.find('/'));
  };
  if (problem.type_url().ends_with(".Route")) {
    name = name.substr(0, name.find('@'));
    place.key = RouteKey(part(0), part(1));
    const Upsert* route = state.objects.Find(place.key);
    if (route != nullptr) place.path = RoutePath(*route->object->As<api::HTTPRoute>(), parts);
  } else if (problem.type_url().ends_with(".Listener")) {
    place.key = GatewayKey(part(0), part(1));
    const Upsert* gateway = state.objects.Find(place.key);
    if (gateway != nullptr) place.path = ListenerPath(*gateway->object->As<api::Gateway>(), part(2), parts);
  } else if (std::count(name.begin(), name.end(), '/') == 2) {
    // A cluster's name; the problem may come from outside, so it may be anything else.
    place.key = ClusterId::Parse(name).Object();
    place.path = "spec";
    for (const std::string& p : parts) manifests::Append(place.path, ".", CamelCase(p));
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
