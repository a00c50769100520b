#include "controlplane/translator/filters.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/values.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using manifests::Cat;

// What all filters of one list share.
struct Context {
  FilterPlace place;
  bool prefix_only;
  const ObjectKey& route;
  Reader& reader;
  FindingSink& findings;
  TranslatedFilters& out;
};

// Gateway API: a header name may be named once in a filter, whatever is done with it.
void CheckNamedOnce(const std::string& name, const std::string& path, std::set<std::string>& seen,
                    FindingSink& findings) {
  if (seen.insert(name).second) return;
  findings.Error(path, "E120", Cat("header \"", name, "\" is named twice in one filter"),
                 "keep one of set, add and remove");
}

wire::HeaderOps HeaderOpsOf(const api::HTTPHeaderFilter& filter, const std::string& path, FindingSink& findings) {
  wire::HeaderOps ops;
  std::set<std::string> seen;
  auto take = [&](const auto& from, const char* field, auto* to) {
    std::set<std::string> spellings;
    for (int i = 0; i < from.size(); ++i) {
      if (!spellings.insert(from[i].name()).second) continue;  // E020 was said of it
      wire::HeaderValue& header = *to->Add();
      header.set_name(Lower(from[i].name()));
      header.set_value(from[i].value());
      CheckNamedOnce(header.name(), Cat(path, ".", field, "[", i, "].name"), seen, findings);
    }
  };
  take(filter.set(), "set", ops.mutable_set());
  take(filter.add(), "add", ops.mutable_add());
  for (int i = 0; i < filter.remove_size(); ++i) {
    ops.add_remove(Lower(filter.remove(i)));
    CheckNamedOnce(ops.remove(i), Cat(path, ".remove[", i, "]"), seen, findings);
  }
  return ops;
}

bool PathModifierOf(const api::HTTPPathModifier& modifier, const std::string& path, Context& context,
                    wire::PathRewrite& out) {
  if (modifier.type() == "ReplaceFullPath") {
    out.set_full(modifier.replace_full_path());
    if (modifier.replace_full_path().starts_with("/")) return true;
    context.findings.Error(path + ".replaceFullPath", "E121", "a path begins with \"/\"", "put a \"/\" in front");
    return false;
  }
  out.set_prefix(modifier.replace_prefix_match());
  if (context.prefix_only) return true;
  context.findings.Error(path + ".type", "E120", "ReplacePrefixMatch needs every match of the rule to be a PathPrefix",
                         "use ReplaceFullPath, or matches of type PathPrefix");
  return false;
}

void AddMirror(const api::HTTPRequestMirrorFilter& mirror, const std::string& path, Context& context) {
  ResolvedBackend backend =
      ResolveBackend(mirror.backend_ref(), path + ".backendRef", context.route, context.reader, context.findings);
  if (backend.cluster.empty()) context.out.unresolved.push_back(backend);
  wire::Mirror& out = *context.out.filters.Add()->mutable_mirror();
  out.set_cluster(backend.cluster);
  if (mirror.has_percent() && mirror.has_fraction()) {
    context.findings.Error(path + ".fraction", "E120", "percent and fraction say the same thing twice",
                           "keep one of them");
  }
  if (mirror.has_percent()) {
    out.set_numerator(static_cast<uint32_t>(mirror.percent()));
    out.set_denominator(100);
  } else if (mirror.has_fraction()) {
    const api::Fraction& fraction = mirror.fraction();
    out.set_numerator(static_cast<uint32_t>(std::max(fraction.numerator(), 0)));
    out.set_denominator(fraction.has_denominator() ? static_cast<uint32_t>(fraction.denominator()) : 100);
    if (out.numerator() > out.denominator()) {
      context.findings.Error(path + ".fraction.numerator", "E121", "a fraction is at most 1",
                             "make numerator at most denominator");
    }
  }
}

void CheckStarAlone(const google::protobuf::RepeatedPtrField<std::string>& list, const std::string& path,
                    FindingSink& findings) {
  if (list.size() < 2 || std::find(list.begin(), list.end(), "*") == list.end()) return;
  findings.Error(path, "E121", "\"*\" means all, so nothing else belongs beside it", "keep \"*\", or the others");
}

void AddCors(const api::HTTPCORSFilter& cors, const std::string& path, Context& context) {
  CheckStarAlone(cors.allow_origins(), path + ".allowOrigins", context.findings);
  CheckStarAlone(cors.allow_methods(), path + ".allowMethods", context.findings);
  CheckStarAlone(cors.allow_headers(), path + ".allowHeaders", context.findings);
  wire::Cors& out = *context.out.filters.Add()->mutable_cors();
  *out.mutable_allow_origins() = cors.allow_origins();
  out.set_allow_credentials(cors.allow_credentials());
  *out.mutable_allow_methods() = cors.allow_methods();
  *out.mutable_allow_headers() = cors.allow_headers();
  *out.mutable_expose_headers() = cors.expose_headers();
  out.set_max_age_seconds(static_cast<uint32_t>(cors.max_age()));
}

void AddRewrite(const api::HTTPURLRewriteFilter& rewrite, const std::string& path, Context& context) {
  wire::UrlRewrite& out = *context.out.filters.Add()->mutable_url_rewrite();
  out.set_hostname(Lower(rewrite.hostname()));
  if (rewrite.has_path()) PathModifierOf(rewrite.path(), path + ".path", context, *out.mutable_path());
}

void SetRedirect(const api::HTTPRequestRedirectFilter& redirect, const std::string& path, Context& context) {
  constexpr int32_t kStatuses[] = {301, 302, 303, 307, 308};
  constexpr int32_t kDefaultStatus = 302;
  if (context.place == FilterPlace::kBackendRef) {
    context.findings.Error(path, "E120", "a redirect belongs to the rule, not to one of its backends",
                           "move it to the rule's filters");
    return;
  }
  wire::Redirect out;
  out.set_scheme(redirect.scheme());
  out.set_hostname(Lower(redirect.hostname()));
  out.set_port(static_cast<uint32_t>(redirect.port()));
  int32_t status = redirect.has_status_code() ? redirect.status_code() : kDefaultStatus;
  if (std::find(std::begin(kStatuses), std::end(kStatuses), status) == std::end(kStatuses)) {
    context.findings.Error(path + ".statusCode", "E121", Cat(status, " is not a redirect"),
                           "one of 301, 302, 303, 307, 308");
  }
  out.set_status(static_cast<uint32_t>(status));
  if (redirect.has_path()) PathModifierOf(redirect.path(), path + ".path", context, *out.mutable_path());
  context.out.redirect = std::move(out);
}

void AddFilter(const api::HTTPRouteFilter& filter, const std::string& path, Context& context) {
  const std::string& type = filter.type();
  if (type == "RequestHeaderModifier") {
    *context.out.filters.Add()->mutable_request_headers() =
        HeaderOpsOf(filter.request_header_modifier(), path + ".requestHeaderModifier", context.findings);
  } else if (type == "ResponseHeaderModifier") {
    *context.out.filters.Add()->mutable_response_headers() =
        HeaderOpsOf(filter.response_header_modifier(), path + ".responseHeaderModifier", context.findings);
  } else if (type == "RequestMirror") {
    AddMirror(filter.request_mirror(), path + ".requestMirror", context);
  } else if (type == "RequestRedirect") {
    SetRedirect(filter.request_redirect(), path + ".requestRedirect", context);
  } else if (type == "URLRewrite") {
    AddRewrite(filter.url_rewrite(), path + ".urlRewrite", context);
  } else if (type == "CORS") {
    AddCors(filter.cors(), path + ".cors", context);
  } else if (type == "ExtensionRef") {
    context.findings.Error(path + ".extensionRef", "E104",
                           Cat("there is no extension of kind \"", filter.extension_ref().kind(), "\" in this release"),
                           "remove the filter");
  }
}

void CheckCombination(const google::protobuf::RepeatedPtrField<api::HTTPRouteFilter>& filters, const std::string& path,
                      FindingSink& findings) {
  std::set<std::string> seen;
  for (int i = 0; i < filters.size(); ++i) {
    const std::string& type = filters[i].type();
    bool repeated = !seen.insert(type).second;
    if (repeated && type != "RequestMirror" && type != "ExtensionRef") {
      findings.Error(Cat(path, "[", i, "].type"), "E120", Cat("filter ", type, " occurs twice"),
                     "merge the two into one");
    }
    bool both = (type == "URLRewrite" && seen.contains("RequestRedirect")) ||
                (type == "RequestRedirect" && seen.contains("URLRewrite"));
    if (both) {
      findings.Error(Cat(path, "[", i, "].type"), "E120", "RequestRedirect and URLRewrite cannot be combined",
                     "a redirect can change host and path itself");
    }
  }
}

}  // namespace

TranslatedFilters TranslateFilters(const google::protobuf::RepeatedPtrField<api::HTTPRouteFilter>& filters,
                                   const std::string& path, FilterPlace place, bool prefix_only, const ObjectKey& route,
                                   Reader& reader, FindingSink& findings) {
  TranslatedFilters out;
  Context context{place, prefix_only, route, reader, findings, out};
  CheckCombination(filters, path, findings);
  for (int i = 0; i < filters.size(); ++i) AddFilter(filters[i], Cat(path, "[", i, "]"), context);
  return out;
}

}  // namespace penstock::translator
