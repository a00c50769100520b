#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "dataplane/router/lookup_stats.h"
#include "dataplane/router/match.h"
#include "dataplane/router/ref.h"

// Which match serves a request.
//
// PRECEDENCE. The one definition; the lookup tree, the naive matcher of the tests and the docs follow it. Of all
// matches that hold for a request, and whose host does, the first in this order serves it:
//   1. host: exact before wildcard before any; among wildcards more characters first
//   2. path: Exact, then RegularExpression, then PathPrefix
//        PathPrefix: more characters first
//        RegularExpression: templates first (see PathPattern); among templates, segment by segment from the left, a
//        literal before a wildcard; then the other expressions: longer literal prefix first, then longer pattern
//   3. a method condition before none
//   4. more header conditions first
//   5. more query conditions first
//   6. higher priority of the route
//   7. lower first_generation of the route
//   8. route name, in byte order
//   9. index of the rule, then index of the match
// It is an order over all matches: a more specific host or path whose conditions fail hides nothing of the less
// specific.
namespace penstock::router {

class HostTree;  // host_tree.h

// An immutable-when-shared table of matches by host: a value with O(1) copies that share everything, of which an edit
// copies only the path that it changes. Edits of a Router whose parts nobody shares happen in place.
//
// Threads: all copies of one Router, and their edits and destruction, belong to one thread (counts are not atomic); any
// number of threads may call Find on a Router that is not being edited. Find takes no lock and no count and allocates
// nothing, but for expressions that are no templates: RE2 may then lock and allocate inside.
//
// Cost of Find: O(length of host and path) whatever the number of matches, plus the expressions at the nodes of the
// path, plus one probe per different set of condition names at a path (values of exact conditions are indexed).
class Router {
 public:
  // SEED makes the places of names in the tables unpredictable; the same seed gives the same tables.
  explicit Router(uint64_t seed);
  ~Router();
  Router(const Router& other);
  Router& operator=(const Router& other);
  Router(Router&& other) noexcept;
  Router& operator=(Router&& other) noexcept;

  // Adds MATCH for HOST: "" any host, "a.example" exact, "*.example" any host with at least one more label. Lower case.
  // REQUIRES: MATCH is not in the table for HOST.
  void Insert(std::string_view host, const Match& match);
  // Takes out what Insert put in; false if it is not there.
  bool Erase(std::string_view host, const Match& match);
  // Must be called after the last edit and before Find: compiles the sets of expressions that the edits touched.
  void Seal();

  size_t size() const;  // matches, counted once per host
  bool empty() const { return size() == 0; }
  // Calls VISIT for every match and the host it was inserted for, in no particular order.
  void ForEach(absl::FunctionRef<void(std::string_view host, const Match& match)> visit) const;

  // The first match in the order of precedence, or nullptr. REQUIRES: Seal() was called after the last edit.
  const Match* Find(const Request& request) const;
  const Match* FindCounting(const Request& request, LookupStats& stats) const;

 private:
  Ref<HostTree> hosts_;
};

}  // namespace penstock::router
