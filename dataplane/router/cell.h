#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/router/entry_tree.h"
#include "dataplane/router/persistent_set.h"

namespace penstock::router {

// Steps 3 to 5 of the precedence as one number: higher goes first.
uint64_t ConditionRank(const Conditions* conditions);

// Steps 3 to 9: does A go before B where host and path are equal?
bool Precedes(const Match& a, const Match& b);

// The values of one exact condition that matches of a group ask for: a tree with a level per condition of the group.
class ValueNode : public Counted {
 public:
  explicit ValueNode(std::string_view value) : value_(value) {}
  std::string_view key() const { return value_; }

  PersistentSet<ValueNode> next;  // by value of the next condition
  Ref<EntryTree> entries;         // at the last level

  static ValueNode* Clone(const ValueNode& from) { return new ValueNode(from); }
  static void Destroy(ValueNode* node) { delete node; }

 private:
  std::string value_;
};

// The matches of a cell whose exact conditions have the same names, and that rank alike.
struct ConditionGroup {
  enum class Source : uint8_t { kMethod, kHeader, kQuery };
  struct Field {
    Source source;
    std::string name;  // "" for the method
    bool operator==(const Field&) const = default;
  };

  uint64_t rank = 0;
  std::vector<Field> fields;
  Ref<ValueNode> root;
};

// All matches of one host and one path: those without conditions, and groups, in the order of precedence. A lookup
// probes each group by the request's values, whatever number of values the configuration has.
class Cell : public Counted {
 public:
  static void Insert(Ref<Cell>& cell, const Match& match, uint64_t seed);
  // Makes CELL null when its last match goes. False if MATCH is not there.
  static bool Erase(Ref<Cell>& cell, const Match& match, uint64_t seed);

  // The first that holds for REQUEST, or nullptr. SEED as in Insert.
  const Match* Find(const Request& request, uint64_t seed, LookupStats* stats) const;

  template <typename Visit>
  void ForEach(Visit& visit) const;

  static Cell* Clone(const Cell& from) { return new Cell(from); }
  static void Destroy(Cell* cell) { delete cell; }

 private:
  struct Groups : Counted {
    std::vector<ConditionGroup> list;  // by falling rank
    static Groups* Clone(const Groups& from) { return new Groups(from); }
    static void Destroy(Groups* groups) { delete groups; }
  };

  bool EraseInGroups(const Match& match, uint64_t seed);

  Ref<EntryTree> plain_;
  const Match* first_plain_ = nullptr;  // the answer if no group has one: spares the lookup the way to it
  Ref<Groups> groups_;                  // null: none
};

template <typename Visit>
void ForEachMatch(const ValueNode& node, Visit& visit) {
  EntryTree::ForEach(node.entries, visit);
  auto deeper = [&visit](const ValueNode& next) { ForEachMatch(next, visit); };
  node.next.ForEach(deeper);
}

template <typename Visit>
void Cell::ForEach(Visit& visit) const {
  EntryTree::ForEach(plain_, visit);
  if (!groups_) return;
  for (const ConditionGroup& group : groups_->list) ForEachMatch(*group.root, visit);
}

}  // namespace penstock::router
