#include "dataplane/router/entry_tree.h"

#include <cstdint>

#include "dataplane/base/random.h"

namespace penstock::router {

bool PrecedesByRoute(const Match& a, const Match& b) {
  if (a.route != b.route) {
    if (a.route->priority != b.route->priority) return a.route->priority > b.route->priority;
    if (a.route->first_generation != b.route->first_generation) {
      return a.route->first_generation < b.route->first_generation;
    }
    int order = a.route->name.compare(b.route->name);
    if (order != 0) return order < 0;
  }
  if (a.rule != b.rule) return a.rule < b.rule;
  return a.index < b.index;
}

const Match* EntryTree::Leftmost(const Ref<EntryTree>& root) {
  const EntryTree* tree = root.get();
  while (tree != nullptr && tree->left_) tree = tree->left_.get();
  return tree == nullptr ? nullptr : tree->match_;
}

// The random priority of a treap's node: any function of the node that the order of keys does not follow.
uint64_t EntryTree::rank() const { return Mix(reinterpret_cast<uintptr_t>(match_)); }

void EntryTree::Insert(Ref<EntryTree>& root, const Match& match) {
  Ref<EntryTree> entry(new EntryTree(match));
  Ref<EntryTree>* place = &root;
  while (*place && (*place)->rank() >= entry->rank()) {
    EntryTree& node = place->Edit();
    place = PrecedesByRoute(match, *node.match_) ? &node.left_ : &node.right_;
  }
  EntryTree& added = entry.Edit();
  Split(std::move(*place), match, added.left_, added.right_);
  *place = std::move(entry);
}

void EntryTree::Split(Ref<EntryTree> root, const Match& at, Ref<EntryTree>& before, Ref<EntryTree>& after) {
  if (!root) return;
  EntryTree& node = root.Edit();
  if (PrecedesByRoute(*node.match_, at)) {
    Ref<EntryTree> rest = std::move(node.right_);
    Ref<EntryTree> rest_before;
    Split(std::move(rest), at, rest_before, after);
    node.right_ = std::move(rest_before);
    before = std::move(root);
  } else {
    Ref<EntryTree> rest = std::move(node.left_);
    Ref<EntryTree> rest_after;
    Split(std::move(rest), at, before, rest_after);
    node.left_ = std::move(rest_after);
    after = std::move(root);
  }
}

bool EntryTree::Erase(Ref<EntryTree>& root, const Match& match) {
  Ref<EntryTree>* place = &root;
  while (*place) {
    EntryTree& node = place->Edit();
    if (PrecedesByRoute(match, *node.match_)) {
      place = &node.left_;
    } else if (PrecedesByRoute(*node.match_, match)) {
      place = &node.right_;
    } else {
      Ref<EntryTree> joined = Join(std::move(node.left_), std::move(node.right_));
      *place = std::move(joined);
      return true;
    }
  }
  return false;
}

Ref<EntryTree> EntryTree::Join(Ref<EntryTree> before, Ref<EntryTree> after) {
  if (!before) return after;
  if (!after) return before;
  if (before->rank() >= after->rank()) {
    EntryTree& node = before.Edit();
    Ref<EntryTree> rest = std::move(node.right_);
    node.right_ = Join(std::move(rest), std::move(after));
    return before;
  }
  EntryTree& node = after.Edit();
  Ref<EntryTree> rest = std::move(node.left_);
  node.left_ = Join(std::move(before), std::move(rest));
  return after;
}

namespace {

bool ExpressionsHold(const Match& match, const Request& request, LookupStats* stats) {
  if (match.conditions == nullptr) return true;
  for (const FieldMatch& header : match.conditions->headers) {
    if (header.is_exact()) continue;
    CountCondition(stats);
    if (!HeaderMatches(header, request.headers)) return false;
  }
  for (const FieldMatch& parameter : match.conditions->query) {
    if (parameter.is_exact()) continue;
    CountCondition(stats);
    if (!QueryMatches(parameter, request.query)) return false;
  }
  return true;
}

}  // namespace

const Match* EntryTree::First(const Ref<EntryTree>& root, const Request& request, LookupStats* stats) {
  if (!root) return nullptr;
  CountNode(stats);
  const Match* found = First(root->left_, request, stats);
  if (found != nullptr) return found;
  if (ExpressionsHold(*root->match_, request, stats)) return root->match_;
  return First(root->right_, request, stats);
}

}  // namespace penstock::router
