#include "controlplane/translator/grpc.h"

#include <algorithm>

#include "controlplane/manifests/text.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

constexpr std::string_view kAnyName = "[^/]+";

// An identifier of protobuf, or several with dots between them.
bool IsName(std::string_view text, bool dots) {
  bool starts = true;
  for (char c : text) {
    bool letter = manifests::IsAlpha(c) || c == '_';
    if (c == '.' && dots && !starts) {
      starts = true;
    } else if (letter || (manifests::IsDigit(c) && !starts)) {
      starts = false;
    } else {
      return false;
    }
  }
  return !text.empty() && !starts;
}

std::string Group(const std::string& expression) {
  return expression.empty() ? std::string(kAnyName) : Cat("(?:", expression, ")");
}

// Could a call have the service and method of the match?
bool HasNames(const api::GRPCMethodMatch& match) {
  if (match.type() == "RegularExpression") return true;
  return (match.service().empty() || IsName(match.service(), true)) &&
         (match.method().empty() || IsName(match.method(), false));
}

void SetPath(const api::GRPCMethodMatch& match, api::HTTPPathMatch& path) {
  bool expression = match.type() == "RegularExpression";
  if (!expression && !match.method().empty() && !match.service().empty()) {
    path.set_type("Exact");
    path.set_value(Cat("/", match.service(), "/", match.method()));
  } else if (!expression && match.method().empty()) {
    path.set_type("PathPrefix");
    path.set_value(Cat("/", match.service()));
  } else if (!expression) {
    path.set_type("RegularExpression");
    path.set_value(Cat("/", kAnyName, "/", match.method()));
  } else {
    path.set_type("RegularExpression");
    path.set_value(Cat("/", Group(match.service()), "/", Group(match.method())));
  }
}

void CopyFilters(const google::protobuf::RepeatedPtrField<api::GRPCRouteFilter>& from,
                 google::protobuf::RepeatedPtrField<api::HTTPRouteFilter>& to) {
  for (const api::GRPCRouteFilter& filter : from) {
    api::HTTPRouteFilter& out = *to.Add();
    out.set_type(filter.type());
    if (filter.has_request_header_modifier()) *out.mutable_request_header_modifier() = filter.request_header_modifier();
    if (filter.has_response_header_modifier())
      *out.mutable_response_header_modifier() = filter.response_header_modifier();
    if (filter.has_request_mirror()) *out.mutable_request_mirror() = filter.request_mirror();
    if (filter.has_extension_ref()) *out.mutable_extension_ref() = filter.extension_ref();
  }
}

void CopyBackend(const api::GRPCBackendRef& from, api::HTTPBackendRef& to) {
  to.set_group(from.group());
  to.set_kind(from.kind());
  to.set_name(from.name());
  to.set_namespace_(from.namespace_());
  if (from.has_port()) to.set_port(from.port());
  if (from.has_weight()) to.set_weight(from.weight());
  CopyFilters(from.filters(), *to.mutable_filters());
}

void CopyRule(const api::GRPCRouteRule& from, api::HTTPRouteRule& to) {
  to.set_name(from.name());
  for (const api::GRPCRouteMatch& match : from.matches()) {
    api::HTTPRouteMatch& out = *to.add_matches();
    if (match.has_method() && HasNames(match.method())) SetPath(match.method(), *out.mutable_path());
    *out.mutable_headers() = match.headers();
  }
  CopyFilters(from.filters(), *to.mutable_filters());
  for (const api::GRPCBackendRef& ref : from.backend_refs()) CopyBackend(ref, *to.add_backend_refs());
}

void CheckMethod(const api::GRPCMethodMatch& match, const std::string& path, FindingSink& findings) {
  if (match.service().empty() && match.method().empty()) {
    findings.Error(path, "E121", "neither service nor method is given", "name one of them, or remove method");
  }
  if (match.type() == "RegularExpression") return;
  if (!match.service().empty() && !IsName(match.service(), true)) {
    findings.Error(path + ".service", "E121", Cat("\"", match.service(), "\" is not the name of a service"),
                   "write it as in the .proto file: package.Service");
  }
  if (!match.method().empty() && !IsName(match.method(), false)) {
    findings.Error(path + ".method", "E121", Cat("\"", match.method(), "\" is not the name of a method"),
                   "write it as in the .proto file");
  }
}

}  // namespace

api::HTTPRouteSpec AsHttpRoute(const api::GRPCRouteSpec& spec) {
  api::HTTPRouteSpec out;
  *out.mutable_parent_refs() = spec.parent_refs();
  *out.mutable_hostnames() = spec.hostnames();
  for (const api::GRPCRouteRule& rule : spec.rules()) CopyRule(rule, *out.add_rules());
  return out;
}

void CheckMethods(const api::GRPCRouteSpec& spec, FindingSink& findings) {
  for (int r = 0; r < spec.rules_size(); ++r) {
    const auto& matches = spec.rules(r).matches();
    for (int m = 0; m < matches.size(); ++m) {
      if (!matches[m].has_method()) continue;
      CheckMethod(matches[m].method(), Cat("spec.rules[", r, "].matches[", m, "].method"), findings);
    }
  }
}

}  // namespace penstock::translator
