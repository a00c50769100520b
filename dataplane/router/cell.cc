#include "dataplane/router/cell.h"

#include <algorithm>
#include <span>

#include "dataplane/http/headers.h"

namespace penstock::router {

uint64_t ConditionRank(const Conditions* conditions) {
  if (conditions == nullptr) return 0;
  uint64_t method = conditions->method.empty() ? 0 : 1;
  return method << 48 | static_cast<uint64_t>(conditions->headers.size()) << 24 | conditions->query.size();
}

bool Precedes(const Match& a, const Match& b) {
  uint64_t rank_a = ConditionRank(a.conditions.get());
  uint64_t rank_b = ConditionRank(b.conditions.get());
  return rank_a != rank_b ? rank_a > rank_b : PrecedesByRoute(a, b);
}

namespace {

using Field = ConditionGroup::Field;
using Source = ConditionGroup::Source;

std::vector<Field> ExactFields(const Conditions& conditions) {
  std::vector<Field> fields;
  if (!conditions.method.empty()) fields.push_back({Source::kMethod, ""});
  for (const FieldMatch& header : conditions.headers) {
    if (header.is_exact()) fields.push_back({Source::kHeader, header.name()});
  }
  for (const FieldMatch& parameter : conditions.query) {
    if (parameter.is_exact()) fields.push_back({Source::kQuery, parameter.name()});
  }
  return fields;
}

// The values in the order of ExactFields.
std::vector<std::string_view> ExactValues(const Conditions& conditions) {
  std::vector<std::string_view> values;
  if (!conditions.method.empty()) values.push_back(conditions.method);
  for (const FieldMatch& header : conditions.headers) {
    if (header.is_exact()) values.push_back(header.value());
  }
  for (const FieldMatch& parameter : conditions.query) {
    if (parameter.is_exact()) values.push_back(parameter.value());
  }
  return values;
}

void InsertUnder(ValueNode& node, std::span<const std::string_view> values, const Match& match, uint64_t seed) {
  if (values.empty()) {
    EntryTree::Insert(node.entries, match);
    return;
  }
  if (node.next.Find(values[0], seed) == nullptr) {
    node.next.Insert(Ref<ValueNode>(new ValueNode(values[0])), seed);
  }
  node.next.Edit(values[0], seed,
                 [&](Ref<ValueNode>& next) { InsertUnder(next.Edit(), values.subspan(1), match, seed); });
}

bool IsEmpty(const ValueNode& node) { return node.next.empty() && !node.entries; }

bool EraseUnder(ValueNode& node, std::span<const std::string_view> values, const Match& match, uint64_t seed) {
  if (values.empty()) return EntryTree::Erase(node.entries, match);
  bool erased = false;
  bool now_empty = false;
  node.next.Edit(values[0], seed, [&](Ref<ValueNode>& next) {
    erased = EraseUnder(next.Edit(), values.subspan(1), match, seed);
    now_empty = IsEmpty(*next);
  });
  if (now_empty) node.next.Erase(values[0], seed);
  return erased;
}

// One lookup in one group: the best of all paths through its tree that the request's values take.
struct GroupSearch {
  const Request& request;
  uint64_t seed;
  LookupStats* stats;
  const Match* best;

  void Enter(const ValueNode& node, std::span<const Field> fields) {
    CountNode(stats);
    if (fields.empty()) {
      const Match* found = EntryTree::First(node.entries, request, stats);
      if (found != nullptr && (best == nullptr || PrecedesByRoute(*found, *best))) best = found;
      return;
    }
    switch (fields[0].source) {
      case Source::kMethod:
        return EnterValue(node, fields, request.method);
      case Source::kHeader:
        if (request.headers == nullptr) return;
        for (const http::Field& field : *request.headers) {
          if (field.name() == fields[0].name) EnterValue(node, fields, field.value());
        }
        return;
      case Source::kQuery:
        WithQueryParameter(request.query, fields[0].name, [&](std::string_view value) {
          EnterValue(node, fields, value);
          return true;
        });
        return;
    }
  }

  void EnterValue(const ValueNode& node, std::span<const Field> fields, std::string_view value) {
    CountCondition(stats);
    const ValueNode* next = node.next.Find(value, seed, stats);
    if (next != nullptr) Enter(*next, fields.subspan(1));
  }
};

}  // namespace

void Cell::Insert(Ref<Cell>& cell, const Match& match, uint64_t seed) {
  if (!cell) cell = Ref<Cell>(new Cell);
  Cell& edited = cell.Edit();
  uint64_t rank = ConditionRank(match.conditions.get());
  if (rank == 0) {
    EntryTree::Insert(edited.plain_, match);
    edited.first_plain_ = EntryTree::Leftmost(edited.plain_);
    return;
  }
  if (!edited.groups_) edited.groups_ = Ref<Groups>(new Groups);
  std::vector<ConditionGroup>& list = edited.groups_.Edit().list;
  std::vector<Field> fields = ExactFields(*match.conditions);
  auto group = std::find_if(list.begin(), list.end(),
                            [&](const ConditionGroup& g) { return g.rank == rank && g.fields == fields; });
  if (group == list.end()) {
    auto behind = std::find_if(list.begin(), list.end(), [&](const ConditionGroup& g) { return g.rank < rank; });
    group = list.insert(behind, ConditionGroup{rank, std::move(fields), Ref<ValueNode>(new ValueNode(""))});
  }
  InsertUnder(group->root.Edit(), ExactValues(*match.conditions), match, seed);
}

bool Cell::Erase(Ref<Cell>& cell, const Match& match, uint64_t seed) {
  if (!cell) return false;
  Cell& edited = cell.Edit();
  bool erased = false;
  if (ConditionRank(match.conditions.get()) == 0) {
    erased = EntryTree::Erase(edited.plain_, match);
    edited.first_plain_ = EntryTree::Leftmost(edited.plain_);
  } else {
    erased = edited.EraseInGroups(match, seed);
  }
  if (!cell->plain_ && !cell->groups_) cell = Ref<Cell>();
  return erased;
}

bool Cell::EraseInGroups(const Match& match, uint64_t seed) {
  if (!groups_) return false;
  std::vector<ConditionGroup>& list = groups_.Edit().list;
  uint64_t rank = ConditionRank(match.conditions.get());
  std::vector<Field> fields = ExactFields(*match.conditions);
  auto group = std::find_if(list.begin(), list.end(),
                            [&](const ConditionGroup& g) { return g.rank == rank && g.fields == fields; });
  if (group == list.end()) return false;
  bool erased = EraseUnder(group->root.Edit(), ExactValues(*match.conditions), match, seed);
  if (IsEmpty(*group->root)) list.erase(group);
  if (list.empty()) groups_ = Ref<Groups>();
  return erased;
}

const Match* Cell::Find(const Request& request, uint64_t seed, LookupStats* stats) const {
  CountNode(stats);
  if (groups_) {
    GroupSearch search{request, seed, stats, nullptr};
    uint64_t rank = 0;
    for (const ConditionGroup& group : groups_->list) {
      if (search.best != nullptr && group.rank != rank) break;
      rank = group.rank;
      search.Enter(*group.root, group.fields);
    }
    if (search.best != nullptr) return search.best;
  }
  return first_plain_;
}

}  // namespace penstock::router
