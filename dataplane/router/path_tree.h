#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/router/cell.h"
#include "dataplane/router/expression_set.h"
#include "dataplane/router/persistent_set.h"
#include "dataplane/router/ref.h"

namespace penstock::router {

inline constexpr size_t kMaxSegments = 513;  // of a path or prefix of kMaxPathLength, and of what a lookup walks

// A node of the path tree: one segment. The root of a host's tree has the host as its label. "/a/" is the node of the
// segments "a" and "".
class PathNode : public Counted {
 public:
  std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), label_size_}; }

  static PathNode* Make(std::string_view label);
  static PathNode* Clone(const PathNode& from);
  static void Destroy(PathNode* node);

  // Adds and takes out a match of this host. SEED is that of all tables.
  void Insert(const Match& match, uint64_t seed);
  bool Erase(const Match& match, uint64_t seed);
  // Compiles the expressions at the node of PATH, if they are there and not compiled.
  void Seal(const PathPattern& path, uint64_t seed);
  bool empty() const { return children_.empty() && !exact_ && !template_ && !prefix_ && !special_; }

  // The first match of this host that holds, in the order of precedence.
  const Match* Find(const Request& request, uint64_t seed, LookupStats* stats) const;

  template <typename Visit>
  void ForEach(Visit& visit) const;

 private:
  // What few nodes have.
  struct Special : Counted {
    Ref<PathNode> wildcard;          // the child for any segment of a template
    Ref<ExpressionSet> expressions;  // whose literal segments end here
    static Special* Clone(const Special& from) { return new Special(from); }
    static void Destroy(Special* special) { delete special; }
  };
  struct Walk;

  explicit PathNode(uint32_t label_size) : label_size_(label_size) {}
  PathNode(const PathNode&) = default;

  void InsertHere(const Match& match, uint64_t seed);
  bool EraseHere(const Match& match, uint64_t seed);
  // Calls EDIT(PathNode&) for the node under the segments FIRST to LAST, made on the way if MAKE, pruned if empty
  // after.
  template <typename Edit>
  bool EditUnder(const std::string_view* first, const std::string_view* last, bool make, uint64_t seed, Edit edit);
  const Match* FindTemplate(std::string_view rest, const Request& request, uint64_t seed, LookupStats* stats) const;

  uint32_t label_size_;
  PersistentSet<PathNode> children_;
  Ref<Cell> exact_;
  Ref<Cell> template_;
  Ref<Cell> prefix_;
  Ref<Special> special_;
};

template <typename Visit>
void PathNode::ForEach(Visit& visit) const {
  if (exact_) exact_->ForEach(visit);
  if (template_) template_->ForEach(visit);
  if (prefix_) prefix_->ForEach(visit);
  if (special_ && special_->expressions) special_->expressions->ForEach(visit);
  if (special_ && special_->wildcard) special_->wildcard->ForEach(visit);
  auto child = [&visit](const PathNode& node) { node.ForEach(visit); };
  children_.ForEach(child);
}

}  // namespace penstock::router
