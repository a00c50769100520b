#include "dataplane/router/host_tree.h"

namespace penstock::router {
namespace {

constexpr std::string_view kWildcardPrefix = "*.";

bool IsExpression(const Match& match) { return match.path.kind() == PathPattern::Kind::kExpression; }

}  // namespace

void HostTree::Insert(std::string_view host, const Match& match) {
  EditHost(host, true, [&](PathNode& root) {
    root.Insert(match, seed_);
    return true;
  });
  ++size_;
  if (IsExpression(match)) unsealed_.emplace_back(host, match.path);
}

bool HostTree::Erase(std::string_view host, const Match& match) {
  bool erased = EditHost(host, false, [&](PathNode& root) { return root.Erase(match, seed_); });
  if (!erased) return false;
  --size_;
  if (IsExpression(match)) unsealed_.emplace_back(host, match.path);
  return true;
}

void HostTree::Seal() {
  for (const auto& [host, path] : unsealed_) {
    EditHost(host, false, [&](PathNode& root) {
      root.Seal(path, seed_);
      return true;
    });
  }
  unsealed_.clear();
}

template <typename Edit>
bool HostTree::EditHost(std::string_view host, bool make, Edit edit) {
  if (host.empty()) {
    if (!any_ && !make) return false;
    if (!any_) any_ = Ref<PathNode>(PathNode::Make(""));
    bool done = edit(any_.Edit());
    if (any_->empty()) any_ = Ref<PathNode>();
    return done;
  }
  bool wildcard = host.starts_with(kWildcardPrefix);
  std::string_view key = wildcard ? host.substr(kWildcardPrefix.size()) : host;
  PersistentSet<PathNode>& hosts = wildcard ? wildcards_ : exact_;
  if (hosts.Find(key, seed_) == nullptr) {
    if (!make) return false;
    hosts.Insert(Ref<PathNode>(PathNode::Make(key)), seed_);
  }
  bool done = false;
  bool now_empty = false;
  hosts.Edit(key, seed_, [&](Ref<PathNode>& root) {
    done = edit(root.Edit());
    now_empty = root->empty();
  });
  if (now_empty) hosts.Erase(key, seed_);
  return done;
}

const Match* HostTree::Find(const Request& request, LookupStats* stats) const {
  const PathNode* root = exact_.Find(request.host, seed_, stats);
  const Match* found = root == nullptr ? nullptr : root->Find(request, seed_, stats);
  // From the left: the first dot leaves the longest suffix. A wildcard stands for at least one label.
  size_t dot = request.host.find('.', 1);
  while (found == nullptr && !wildcards_.empty() && dot != std::string_view::npos) {
    root = wildcards_.Find(request.host.substr(dot + 1), seed_, stats);
    if (root != nullptr) found = root->Find(request, seed_, stats);
    dot = request.host.find('.', dot + 1);
  }
  if (found == nullptr && any_) found = any_->Find(request, seed_, stats);
  return found;
}

void HostTree::ForEach(absl::FunctionRef<void(std::string_view host, const Match& match)> visit) const {
  auto each = [&visit](std::string_view host, const PathNode& root) {
    auto match = [&visit, host](const Match& m) { visit(host, m); };
    root.ForEach(match);
  };
  if (any_) each("", *any_);
  auto exact = [&each](const PathNode& root) { each(root.key(), root); };
  exact_.ForEach(exact);
  auto wildcard = [&each](const PathNode& root) {
    std::string host(kWildcardPrefix);
    host += root.key();
    each(host, root);
  };
  wildcards_.ForEach(wildcard);
}

}  // namespace penstock::router
