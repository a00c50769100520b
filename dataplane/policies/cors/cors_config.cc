#include "dataplane/policies/cors/cors_config.h"

#include <algorithm>

#include "dataplane/base/status.h"
#include "dataplane/policies/headers/field_syntax.h"
#include "dataplane/policies/unpack.h"

namespace penstock::policies {
namespace {

constexpr uint32_t kDefaultMaxAgeSeconds = 5;  // Gateway API
constexpr std::string_view kAny = "*";

std::string Join(const google::protobuf::RepeatedPtrField<std::string>& items) {
  std::string joined;
  for (const std::string& item : items) {
    if (!joined.empty()) joined += ", ";
    joined += item;
  }
  return joined;
}

// "*" must stand alone. ANY says whether it does.
absl::Status CheckTokens(const google::protobuf::RepeatedPtrField<std::string>& items, const char* field, bool& any) {
  any = items.size() == 1 && items[0] == kAny;
  for (int i = 0; i < items.size(); ++i) {
    if (items[i] == kAny && !any) {
      return absl::InvalidArgumentError(StrCat(field, "[", i, "]: \"*\" stands alone or not at all"));
    }
    if (!IsToken(items[i])) {
      return absl::InvalidArgumentError(StrCat(field, "[", i, "]: \"", items[i], "\" is no token"));
    }
  }
  return absl::OkStatus();
}

bool IsHostAndPort(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    bool lower = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    return lower || c == '-' || c == '.' || c == ':' || c == '[' || c == ']' || c == '_';
  });
}

// TEXT if it is a list of tokens (RFC 9110 5.6.1, empty elements allowed), else nothing: only what can be the name of a
// method or field is ever given back to a client.
std::string_view TokensOrNone(std::string_view text) {
  bool tokens = true;
  http::ForEachListItem(text, [&](std::string_view element) { return tokens = IsToken(element); });
  return tokens ? text : "";
}

}  // namespace

absl::StatusOr<std::shared_ptr<const CorsConfig>> CorsConfig::Compile(const xds::v1::Cors& config) {
  std::shared_ptr<CorsConfig> result(new CorsConfig);
  for (int i = 0; i < config.allow_origins_size(); ++i) {
    RETURN_IF_ERROR(result->AddOrigin(config.allow_origins(i))) << "allow_origins[" << i << "]";
  }
  RETURN_IF_ERROR(CheckTokens(config.allow_methods(), "allow_methods", result->any_method_));
  RETURN_IF_ERROR(CheckTokens(config.allow_headers(), "allow_headers", result->any_header_));
  RETURN_IF_ERROR(CheckTokens(config.expose_headers(), "expose_headers", result->any_exposed_));
  result->credentials_ = config.allow_credentials();
  result->methods_ = Join(config.allow_methods());
  result->headers_ = Join(config.allow_headers());
  result->exposed_ = Join(config.expose_headers());
  result->max_age_ = std::to_string(config.max_age_seconds() == 0 ? kDefaultMaxAgeSeconds : config.max_age_seconds());
  return std::shared_ptr<const CorsConfig>(std::move(result));
}

absl::StatusOr<PolicyConfigPtr> CorsConfig::CompileAny(const google::protobuf::Any& config) {
  xds::v1::Cors message;
  RETURN_IF_ERROR(Unpack(config, message));
  ASSIGN_OR_RETURN(PolicyConfigPtr compiled, Compile(message));
  return compiled;
}

absl::Status CorsConfig::AddOrigin(std::string_view origin) {
  if (origin == kAny) {
    any_origin_ = true;
    return absl::OkStatus();
  }
  std::string lower = LowerCase(origin);
  size_t scheme = lower.find("://");
  if (scheme == std::string::npos || scheme == 0) {
    return absl::InvalidArgumentError(StrCat("\"", origin, "\" is no origin: write scheme://host[:port], or \"*\""));
  }
  std::string_view authority = std::string_view(lower).substr(scheme + 3);
  bool wildcard = authority.starts_with("*.");
  if (!IsHostAndPort(wildcard ? authority.substr(2) : authority)) {
    return absl::InvalidArgumentError(
        StrCat("\"", origin, "\": only host and port may follow the scheme, and \"*\" only as the first label"));
  }
  if (wildcard) {
    wildcard_origins_.push_back({lower.substr(0, scheme + 3), std::string(authority.substr(1))});
  } else {
    origins_.push_back(lower);
  }
  return absl::OkStatus();
}

bool CorsConfig::AllowsOrigin(std::string_view origin) const {
  if (any_origin_) return true;
  std::string lower = LowerCase(origin);
  if (std::find(origins_.begin(), origins_.end(), lower) != origins_.end()) return true;
  return std::any_of(wildcard_origins_.begin(), wildcard_origins_.end(), [&lower](const WildcardOrigin& allowed) {
    if (lower.size() <= allowed.before.size() + allowed.after.size()) return false;
    if (!lower.starts_with(allowed.before) || !lower.ends_with(allowed.after)) return false;
    size_t label = lower.size() - allowed.before.size() - allowed.after.size();
    return IsHostAndPort(std::string_view(lower).substr(allowed.before.size(), label));
  });
}

CorsDecision CorsConfig::Decide(std::string_view method, const http::Headers& request) const {
  CorsDecision decision;
  // Where the answer names the origin, or does not, caches must know of every answer that it varies, also of those to
  // requests without an origin (Fetch standard, "CORS protocol and HTTP caches").
  bool name_it = credentials_ || !any_origin_;
  if (name_it) decision.Add("vary", "origin");
  const http::Field* origin = request.Find(http::HeaderId::kOrigin);
  if (origin == nullptr) return decision;
  // Fetch standard 3.2.2: a preflight is OPTIONS with Origin and Access-Control-Request-Method.
  bool preflight = method == "OPTIONS" && request.Has("access-control-request-method");
  decision.kind = preflight ? CorsDecision::Kind::kPreflight : CorsDecision::Kind::kActual;
  decision.origin_allowed = AllowsOrigin(origin->value());
  if (!decision.origin_allowed) return decision;
  // With credentials the answer must name the origin.
  decision.Add("access-control-allow-origin", name_it ? origin->value() : kAny);
  if (credentials_) decision.Add("access-control-allow-credentials", "true");
  if (preflight) {
    AddPreflightFields(request, decision);
  } else if (!exposed_.empty() && !(any_exposed_ && credentials_)) {
    decision.Add("access-control-expose-headers", exposed_);
  }
  return decision;
}

// Where credentials are allowed "*" means a method or field of that name (Fetch 3.2.5): what was asked for is named
// instead.
void CorsConfig::AddPreflightFields(const http::Headers& request, CorsDecision& decision) const {
  std::string_view method = TokensOrNone(request.Get("access-control-request-method"));
  std::string_view fields = TokensOrNone(request.Get("access-control-request-headers"));
  std::string_view methods = any_method_ && credentials_ ? method : std::string_view(methods_);
  std::string_view headers = any_header_ && credentials_ ? fields : std::string_view(headers_);
  if (!methods.empty()) decision.Add("access-control-allow-methods", methods);
  if (!headers.empty()) decision.Add("access-control-allow-headers", headers);
  decision.Add("access-control-max-age", max_age_);
}

std::string CorsConfig::Describe() const {
  std::string origins = any_origin_ ? std::string(kAny) : "";
  for (const std::string& origin : origins_) origins += (origins.empty() ? "" : ", ") + origin;
  for (const WildcardOrigin& origin : wildcard_origins_) {
    origins += StrCat(origins.empty() ? "" : ", ", origin.before, "*", origin.after);
  }
  return StrCat("cross-origin requests from ", origins.empty() ? "nowhere" : origins,
                credentials_ ? ", with credentials" : "");
}

}  // namespace penstock::policies
