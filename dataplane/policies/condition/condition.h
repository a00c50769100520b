#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/status.h"
#include "dataplane/policies/condition/term.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// Which requests a rule is about: xds::v1::Condition, valid by existing. Every field that is set must hold. Immutable,
// on any thread.
//
// It looks at the request as policies see it: the canonical path, before any rewrite, which is what is forwarded if no
// rewrite stands in the route; header fields without those that end at this hop. All comparisons are of bytes, and of
// whole texts.
//
//   paths    Those of routes (router::PathPattern). A literal path that no request has after it was made canonical is
//            refused when it is compiled. %2F, %5C and ";", which only a listener with escapedSlashes Keep lets
//            through, are no separators.
//            To keep somebody out, a path and its rule are each of their spellings with and without escaped delimiters
//            (http::WithoutEscapedDelimiters).
//   headers  Each value of a field is taken apart at its commas. To let somebody in, all that stands between them, if
//            it is nothing too, must be among the values; to keep somebody out one is enough. A list of more than
//            kMaxMembers lets nobody in, and keeps everybody out.
//   roles    A string with blanks between the roles, or a list of strings.
//   scopes   The same, of the claims `scope` and `scp` together.
//   claims   Strings, integers and booleans as text, of a list each item; objects, null and numbers with a fraction or
//            exponent are no values. Without `values` anything but null will do.
//   times    UTC, of the request's first byte.
//
// What cannot be known of a request does not hold, for either use: without a token that holds there is nothing to let
// somebody in for, and nothing to keep him out for. So a rule that denies by claims is for those who are known: a token
// that does not hold leaves no claims, as none does, and whoever must not escape the rule like that is asked for a
// token (policy "authentication").
class Condition {
 public:
  Condition() = default;  // every request
  // PATH: the field that holds CONFIG ("rules[0].condition"); errors, InvalidArgument, begin with it.
  static StatusOr<Condition> Compile(const xds::v1::Condition& config, std::string_view path);

  // Allocates nothing, but for what RE2 keeps of an expression while it is new.
  bool Holds(const Exchange& x, Use use) const;
  // Does everything hold that is not about who asks? Then it may hold as soon as that is known.
  bool MightHold(const Exchange& x, Use use) const;
  // "role admin, method DELETE, path /admin"; paths: "=" one, "~" an expression. On one line.
  std::string Describe() const;
  // REQUIRES: it holds for X, to keep somebody out. What of it does only because X is too much to look at: "header
  // x-role has more than 128 values". "": nothing.
  std::string NotLookedAt(const Exchange& x) const;
  // For explain: what does not hold for X, "role admin: no token". "" if it holds.
  std::string Why(const Exchange& x, Use use) const;

 private:
  std::vector<TermPtr> terms_;
};

}  // namespace penstock::policies
