#pragma once

#include <string_view>

#include "dataplane/base/arena.h"
#include "dataplane/http/message.h"
#include "dataplane/router/match.h"
#include "dataplane/snapshot/route.h"

namespace penstock::proxy {

// The path after REWRITE (Gateway API HTTPPathModifier). PATH was matched by MATCH: its prefix is replaced whole
// segment by whole segment ("/foo" -> "/": "/foo/bar" becomes "/bar", "/foo" becomes "/"). A match that is no prefix
// replaces nothing but the whole path. New text goes into ARENA.
std::string_view RewritePath(std::string_view path, const snapshot::PathRewrite& rewrite, const router::Match& match,
                             Arena& arena);

// Host and path of REQUEST after URLRewrite. The result is canonical again; false if it cannot be (answer 500).
bool Rewrite(http::RequestHead& request, const snapshot::UrlRewrite& rewrite, const router::Match& match, Arena& arena);

// What a Location is made of.
struct RedirectFacts {
  std::string_view scheme;
  std::string_view host;
  std::string_view path;
  std::string_view query;
  bool has_query = false;
  uint16_t port = 0;  // that the client used; 0: the well-known one
};

// Gateway API HTTPRequestRedirectFilter: an unset port means the well-known one of a scheme that is set, else the
// client's; http's 80 and https's 443 are left out. The query stays.
std::string_view RedirectLocation(const RedirectFacts& facts, const snapshot::Redirect& redirect,
                                  const router::Match& match, Arena& arena);

}  // namespace penstock::proxy
