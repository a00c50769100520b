#pragma once

#include "dataplane/router/lookup_stats.h"
#include "dataplane/router/match.h"
#include "dataplane/router/ref.h"

namespace penstock::router {

// Steps 6 to 9 of the precedence (router.h): does A go before B where host, path and numbers of conditions are equal?
bool PrecedesByRoute(const Match& a, const Match& b);

// Matches in the order of PrecedesByRoute: a persistent treap, so that even a million rules of one path cost O(log n) a
// change.
class EntryTree : public Counted {
 public:
  explicit EntryTree(const Match& match) : match_(&match) {}

  static void Insert(Ref<EntryTree>& root, const Match& match);
  // False if MATCH, by its precedence, is not there.
  static bool Erase(Ref<EntryTree>& root, const Match& match);

  // The first whose expressions hold for REQUEST; the exact conditions are the caller's.
  static const Match* First(const Ref<EntryTree>& root, const Request& request, LookupStats* stats);

  // The first whatever the request; nullptr if the tree is empty.
  static const Match* Leftmost(const Ref<EntryTree>& root);

  template <typename Visit>
  static void ForEach(const Ref<EntryTree>& root, Visit& visit) {
    if (!root) return;
    ForEach(root->left_, visit);
    visit(*root->match_);
    ForEach(root->right_, visit);
  }

  static EntryTree* Clone(const EntryTree& from) { return new EntryTree(from); }
  static void Destroy(EntryTree* tree) { delete tree; }

 private:
  static void Split(Ref<EntryTree> root, const Match& at, Ref<EntryTree>& before, Ref<EntryTree>& after);
  static Ref<EntryTree> Join(Ref<EntryTree> before, Ref<EntryTree> after);
  uint64_t rank() const;

  const Match* match_;
  Ref<EntryTree> left_;
  Ref<EntryTree> right_;
};

}  // namespace penstock::router
