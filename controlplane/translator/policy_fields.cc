#include "controlplane/translator/policy_fields.h"

#include <algorithm>
#include <iterator>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/values.h"

namespace penstock::translator {
namespace {

struct PolicyRow {
  std::string_view type;
  std::string_view field;
  std::string_view above;  // what the fields of its configuration are below
};
constexpr PolicyRow kPolicies[] = {
    {"address_filter", "spec.ipFilter", "spec.ipFilter"},
    {"jwt", "spec.jwt", "spec.jwt"},
    {"basic", "spec.basic", "spec.basic"},
    {"size_limit", "spec", "spec"},
    {"api_key", "spec.apiKey", "spec.apiKey"},
    {"client_certificate", "spec.clientCertificate", "spec.clientCertificate"},
    {"authentication", "spec", "spec"},
    {"authorization", "spec.authorization", "spec.authorization"},
    {"external_auth", "spec.external", "spec.external"},
    {"rate_limit", "spec.rules", "spec"},
};

const PolicyRow* FindPolicy(std::string_view type) {
  const auto* row = std::find_if(std::begin(kPolicies), std::end(kPolicies),
                                 [type](const PolicyRow& candidate) { return candidate.type == type; });
  return row == std::end(kPolicies) ? nullptr : row;
}

// What is called otherwise in manifests than the same in camel case.
struct FieldRow {
  std::string_view resource;
  std::string_view manifest;  // "": a part that the manifest does not have
};
constexpr FieldRow kFields[] = {
    {"all_of", "require.allOf"},
    {"allow_missing_exp", "allowMissingExpiry"},
    {"backend_headers", "headersToBackend"},
    {"burst", "limit.burst"},
    {"cache_ttl", "cacheDuration"},
    {"claim_headers", "claimToHeaders"},
    {"condition", "when"},
    {"from_minute", "from"},
    {"header_bytes", "maxHeaderBytes"},
    {"header_count", "maxHeaderCount"},
    {"inline_jwks", "jwks.inline"},
    {"leeway", "clockSkew"},
    {"max_delay", "limit.maxDelay"},
    {"most", ""},
    {"per", "limit.per"},
    {"realm", "basic.realm"},
    {"remote", "jwks"},
    {"request_body_bytes", "maxRequestBodyBytes"},
    {"request_headers", "headersToService"},
    {"requests", "limit.requests"},
    {"sources", "from"},
    {"to_minute", "to"},
    {"values", "in"},
};

std::string NameInManifest(std::string_view name) {
  const auto* row = std::find_if(std::begin(kFields), std::end(kFields),
                                 [name](const FieldRow& candidate) { return candidate.resource == name; });
  return row == std::end(kFields) ? CamelCase(name) : std::string(row->manifest);
}

}  // namespace

std::string_view FieldOfPolicy(std::string_view type) {
  const PolicyRow* row = FindPolicy(type);
  return row == nullptr ? "spec" : row->field;
}

std::string FieldInPolicy(std::string_view type, std::span<const std::string> parts) {
  const PolicyRow* row = FindPolicy(type);
  if (row == nullptr || parts.empty()) return std::string(FieldOfPolicy(type));
  std::string path(row->above);
  for (const std::string& part : parts) {
    std::string_view name = std::string_view(part).substr(0, part.find('['));
    std::string_view index = std::string_view(part).substr(name.size());
    std::string manifest = NameInManifest(name);
    if (!manifest.empty()) manifests::Append(path, ".", manifest, index);
    // A map, and a list of what is one object.
    if (name == "context_extensions" || name == "key") return path.substr(0, path.size() - index.size());
  }
  return std::string_view(parts.back()).starts_with("paths[") ? path + ".value" : path;
}

}  // namespace penstock::translator
