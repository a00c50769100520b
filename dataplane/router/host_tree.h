#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "dataplane/router/path_tree.h"

namespace penstock::router {

// The path trees of all hosts: exact, by suffix of a wildcard, and one for any host.
class HostTree : public Counted {
 public:
  explicit HostTree(uint64_t seed) : seed_(seed) {}

  void Insert(std::string_view host, const Match& match);
  bool Erase(std::string_view host, const Match& match);
  void Seal();
  size_t size() const { return size_; }

  const Match* Find(const Request& request, LookupStats* stats) const;
  void ForEach(absl::FunctionRef<void(std::string_view host, const Match& match)> visit) const;

  static HostTree* Clone(const HostTree& from) { return new HostTree(from); }
  static void Destroy(HostTree* tree) { delete tree; }

 private:
  // Calls EDIT(PathNode&) for the tree of HOST, made if MAKE, dropped if empty after.
  template <typename Edit>
  bool EditHost(std::string_view host, bool make, Edit edit);

  uint64_t seed_;
  size_t size_ = 0;
  PersistentSet<PathNode> exact_;
  PersistentSet<PathNode> wildcards_;  // "*.a.example" as "a.example"
  Ref<PathNode> any_;
  std::vector<std::pair<std::string, PathPattern>> unsealed_;
};

}  // namespace penstock::router
