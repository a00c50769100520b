#include "dataplane/proxy/rewrite.h"

#include <charconv>

#include "dataplane/http/uri.h"

namespace penstock::proxy {
namespace {

std::string_view ReplaceMatchedPrefix(std::string_view path, std::string_view with, const router::Match& match,
                                      Arena& arena) {
  if (match.path.kind() != router::PathPattern::Kind::kPrefix) return with;
  std::string_view rest = path.substr(match.path.text().size());  // "" or "/..."
  while (with.ends_with('/')) with.remove_suffix(1);
  if (rest.empty() && with.empty()) return "/";
  return arena.Concat({with, rest});
}

uint16_t WellKnownPort(std::string_view scheme) { return scheme == "https" ? 443 : scheme == "http" ? 80 : 0; }

uint16_t RedirectPort(const RedirectFacts& facts, const snapshot::Redirect& redirect) {
  if (redirect.port != 0) return redirect.port;
  return redirect.scheme.empty() ? facts.port : WellKnownPort(redirect.scheme);
}

}  // namespace

std::string_view RewritePath(std::string_view path, const snapshot::PathRewrite& rewrite, const router::Match& match,
                             Arena& arena) {
  if (const auto* full = std::get_if<snapshot::ReplaceFullPath>(&rewrite)) {
    return full->path.empty() ? std::string_view("/") : std::string_view(full->path);
  }
  if (const auto* prefix = std::get_if<snapshot::ReplacePrefix>(&rewrite)) {
    return ReplaceMatchedPrefix(path, prefix->prefix, match, arena);
  }
  return path;
}

bool Rewrite(http::RequestHead& request, const snapshot::UrlRewrite& rewrite, const router::Match& match,
             Arena& arena) {
  if (!rewrite.hostname.empty()) {
    request.host = request.authority = rewrite.hostname;
    request.port = 0;
  }
  if (std::holds_alternative<snapshot::KeepPath>(rewrite.path)) return true;
  std::string_view path = RewritePath(request.path, rewrite.path, match, arena);
  // Evaluated and sent must stay the same bytes: what the rewrite made is checked again. What KEEP let through stays.
  return http::CanonicalPath(path, http::EscapedSlashes::kKeep, arena, request.path) == http::TargetResult::kOk;
}

std::string_view RedirectLocation(const RedirectFacts& facts, const snapshot::Redirect& redirect,
                                  const router::Match& match, Arena& arena) {
  std::string_view scheme = redirect.scheme.empty() ? facts.scheme : std::string_view(redirect.scheme);
  std::string_view host = redirect.hostname.empty() ? facts.host : std::string_view(redirect.hostname);
  std::string_view path = RewritePath(facts.path, redirect.path, match, arena);
  uint16_t port = RedirectPort(facts, redirect);
  bool with_port = port != 0 && port != WellKnownPort(scheme);
  char digits[8];
  std::string_view port_text(digits, std::to_chars(digits, digits + sizeof digits, port).ptr - digits);
  return arena.Concat({scheme, "://", host, with_port ? ":" : "", with_port ? port_text : "", path,
                       facts.has_query ? "?" : "", facts.query});
}

}  // namespace penstock::proxy
