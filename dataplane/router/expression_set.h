#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataplane/router/cell.h"

namespace re2 {
class RE2;
}

namespace penstock::router {

// The expressions that are no templates at one node of the path tree, in the order of precedence, joined into sets that
// RE2 tests in one pass over the path.
class ExpressionSet : public Counted {
 public:
  static void Insert(Ref<ExpressionSet>& set, const Match& match, uint64_t seed);
  // Makes SET null when its last match goes. False if MATCH is not there.
  static bool Erase(Ref<ExpressionSet>& set, const Match& match, uint64_t seed);
  // Compiles the joined sets; must be called after the last edit and before Find.
  static void Seal(Ref<ExpressionSet>& set);

  const Match* Find(const Request& request, uint64_t seed, LookupStats* stats) const;

  template <typename Visit>
  void ForEach(Visit& visit) const {
    for (const Pattern& pattern : patterns_) pattern.cell->ForEach(visit);
  }

  static ExpressionSet* Clone(const ExpressionSet& from) { return new ExpressionSet(from); }
  static void Destroy(ExpressionSet* set) { delete set; }

 private:
  class Joined;  // up to kJoined patterns in one RE2::Set
  struct Pattern {
    PathPattern path;
    Ref<Cell> cell;
  };

  size_t PlaceOf(const PathPattern& path) const;
  bool IsAt(size_t place, const PathPattern& path) const;

  std::vector<Pattern> patterns_;
  std::vector<std::shared_ptr<const Joined>> joined_;  // in order; empty until Seal
};

}  // namespace penstock::router
