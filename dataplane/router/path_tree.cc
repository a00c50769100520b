#include "dataplane/router/path_tree.h"

#include <cstring>
#include <new>
#include <vector>

namespace penstock::router {
namespace {

// Removes the first segment and the slash before it from REST, which begins with that slash.
std::string_view TakeSegment(std::string_view& rest) {
  rest.remove_prefix(1);
  const void* slash = std::memchr(rest.data(), '/', rest.size());
  size_t size = slash == nullptr ? rest.size() : static_cast<const char*>(slash) - rest.data();
  std::string_view segment = rest.substr(0, size);
  rest.remove_prefix(size);
  return segment;
}

std::vector<std::string_view> SegmentsOf(const PathPattern& path) {
  std::vector<std::string_view> segments;
  path.ForEachSegment([&segments](std::string_view segment) { segments.push_back(segment); });
  return segments;
}

}  // namespace

PathNode* PathNode::Make(std::string_view label) {
  void* memory = ::operator new(sizeof(PathNode) + label.size());
  PathNode* node = new (memory) PathNode(static_cast<uint32_t>(label.size()));
  std::memcpy(static_cast<void*>(node + 1), label.data(), label.size());
  return node;
}

PathNode* PathNode::Clone(const PathNode& from) {
  void* memory = ::operator new(sizeof(PathNode) + from.label_size_);
  PathNode* node = new (memory) PathNode(from);
  std::memcpy(static_cast<void*>(node + 1), from.key().data(), from.label_size_);
  return node;
}

void PathNode::Destroy(PathNode* node) {
  node->~PathNode();
  ::operator delete(node);
}

void PathNode::Insert(const Match& match, uint64_t seed) {
  std::vector<std::string_view> segments = SegmentsOf(match.path);
  EditUnder(segments.data(), segments.data() + segments.size(), true, seed, [&](PathNode& node) {
    node.InsertHere(match, seed);
    return true;
  });
}

bool PathNode::Erase(const Match& match, uint64_t seed) {
  std::vector<std::string_view> segments = SegmentsOf(match.path);
  return EditUnder(segments.data(), segments.data() + segments.size(), false, seed,
                   [&](PathNode& node) { return node.EraseHere(match, seed); });
}

void PathNode::Seal(const PathPattern& path, uint64_t seed) {
  std::vector<std::string_view> segments = SegmentsOf(path);
  EditUnder(segments.data(), segments.data() + segments.size(), false, seed, [](PathNode& node) {
    if (node.special_ && node.special_->expressions) ExpressionSet::Seal(node.special_.Edit().expressions);
    return true;
  });
}

template <typename Edit>
bool PathNode::EditUnder(const std::string_view* first, const std::string_view* last, bool make, uint64_t seed,
                         Edit edit) {
  if (first == last) return edit(*this);
  bool done = false;
  bool now_empty = false;
  auto edit_child = [&](Ref<PathNode>& child) {
    done = child.Edit().EditUnder(first + 1, last, make, seed, edit);
    now_empty = child->empty();
  };
  if (*first == PathPattern::kWildcard) {
    if (!special_ && !make) return false;
    if (!special_) special_ = Ref<Special>(new Special);
    Special& special = special_.Edit();
    if (!special.wildcard && !make) return false;
    if (!special.wildcard) special.wildcard = Ref<PathNode>(Make(*first));
    edit_child(special.wildcard);
    if (now_empty) special.wildcard = Ref<PathNode>();
    if (!special.wildcard && !special.expressions) special_ = Ref<Special>();
    return done;
  }
  if (children_.Find(*first, seed) == nullptr) {
    if (!make) return false;
    children_.Insert(Ref<PathNode>(Make(*first)), seed);
  }
  children_.Edit(*first, seed, edit_child);
  if (now_empty) children_.Erase(*first, seed);
  return done;
}

void PathNode::InsertHere(const Match& match, uint64_t seed) {
  switch (match.path.kind()) {
    case PathPattern::Kind::kExact:
      return Cell::Insert(exact_, match, seed);
    case PathPattern::Kind::kTemplate:
      return Cell::Insert(template_, match, seed);
    case PathPattern::Kind::kPrefix:
      return Cell::Insert(prefix_, match, seed);
    case PathPattern::Kind::kExpression:
      if (!special_) special_ = Ref<Special>(new Special);
      return ExpressionSet::Insert(special_.Edit().expressions, match, seed);
  }
}

bool PathNode::EraseHere(const Match& match, uint64_t seed) {
  switch (match.path.kind()) {
    case PathPattern::Kind::kExact:
      return Cell::Erase(exact_, match, seed);
    case PathPattern::Kind::kTemplate:
      return Cell::Erase(template_, match, seed);
    case PathPattern::Kind::kPrefix:
      return Cell::Erase(prefix_, match, seed);
    case PathPattern::Kind::kExpression:
      break;
  }
  if (!special_) return false;
  Special& special = special_.Edit();
  bool erased = ExpressionSet::Erase(special.expressions, match, seed);
  if (!special.wildcard && !special.expressions) special_ = Ref<Special>();
  return erased;
}

// The nodes of the literal segments of a path, as far as the tree knows them. Trivial: the unused steps cost nothing.
struct PathNode::Walk {
  struct Step {
    const PathNode* node;
    size_t offset;  // in the path, behind the node's segment
  };
  Step steps[kMaxSegments + 1];
  size_t size;

  void Take(const PathNode& root, std::string_view path, uint64_t seed, LookupStats* stats) {
    steps[0] = {&root, 0};
    size = 1;
    std::string_view rest = path;
    while (!rest.empty() && size <= kMaxSegments) {
      std::string_view segment = TakeSegment(rest);
      const PathNode* next = steps[size - 1].node->children_.Find(segment, seed, stats);
      if (next == nullptr) return;
      CountNode(stats);
      steps[size++] = {next, path.size() - rest.size()};
    }
  }
};

const Match* PathNode::Find(const Request& request, uint64_t seed, LookupStats* stats) const {
  if (!request.path.starts_with('/')) return nullptr;
  CountNode(stats);
  [[clang::uninitialized]] Walk walk;
  walk.Take(*this, request.path, seed, stats);
  const Walk::Step& last = walk.steps[walk.size - 1];
  const Match* found = nullptr;
  if (last.offset == request.path.size()) {
    if (last.node->exact_) found = last.node->exact_->Find(request, seed, stats);
    if (found == nullptr && last.node->template_) found = last.node->template_->Find(request, seed, stats);
  }
  // A template leaves the literal walk at one of its nodes; where it does so later it is the more literal one.
  for (size_t i = walk.size; found == nullptr && i-- > 0;) {
    const Special* special = walk.steps[i].node->special_.get();
    std::string_view rest = request.path.substr(walk.steps[i].offset);
    if (special == nullptr || !special->wildcard || rest.empty() || TakeSegment(rest).empty()) continue;
    found = special->wildcard->FindTemplate(rest, request, seed, stats);
  }
  for (size_t i = walk.size; found == nullptr && i-- > 0;) {
    const Special* special = walk.steps[i].node->special_.get();
    if (special != nullptr && special->expressions) found = special->expressions->Find(request, seed, stats);
  }
  for (size_t i = walk.size; found == nullptr && i-- > 0;) {
    const Cell* prefix = walk.steps[i].node->prefix_.get();
    if (prefix != nullptr) found = prefix->Find(request, seed, stats);
  }
  return found;
}

const Match* PathNode::FindTemplate(std::string_view rest, const Request& request, uint64_t seed,
                                    LookupStats* stats) const {
  CountNode(stats);
  if (rest.empty()) return template_ ? template_->Find(request, seed, stats) : nullptr;
  std::string_view segment = TakeSegment(rest);
  const PathNode* literal = children_.Find(segment, seed, stats);
  const Match* found = literal == nullptr ? nullptr : literal->FindTemplate(rest, request, seed, stats);
  if (found != nullptr || segment.empty() || !special_ || !special_->wildcard) return found;
  return special_->wildcard->FindTemplate(rest, request, seed, stats);
}

}  // namespace penstock::router
