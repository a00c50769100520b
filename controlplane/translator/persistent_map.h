// A map whose copies are cheap: a copy shares everything, and a change copies only the path to the entry that it
// changes.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"

namespace penstock::translator {

// A hash trie. Keys have AbslHashValue and ==, values are copied (so they are small or pointers). Iteration order is
// unspecified and differs between processes: sort before anything becomes visible.
//
// Different copies may be used by different threads; one copy by one thread at a time, or by many for reading.
template <typename K, typename V>
class PersistentMap {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // nullptr if absent. Valid until this map changes or goes; a copy made before keeps it valid too.
  const V* Find(const K& key) const {
    uint64_t hash = HashOf(key);
    const Node* node = root_.get();
    for (int depth = 0; node != nullptr && !node->leaf; ++depth) node = node->children[Slot(hash, depth)].get();
    if (node == nullptr) return nullptr;
    for (const Entry& entry : node->entries) {
      if (entry.hash == hash && entry.key == key) return &entry.value;
    }
    return nullptr;
  }

  bool Contains(const K& key) const { return Find(key) != nullptr; }

  void Set(K key, V value) {
    uint64_t hash = HashOf(key);
    if (SetIn(root_, 0, Entry{hash, std::move(key), std::move(value)})) ++size_;
  }

  bool Erase(const K& key) {
    if (Find(key) == nullptr) return false;
    EraseIn(root_, 0, HashOf(key), key);
    --size_;
    return true;
  }

  template <typename F>
  void ForEach(F visit) const {
    Visit(root_.get(), visit);
  }

 private:
  static constexpr int kBits = 4;
  static constexpr int kMaxDepth = 64 / kBits;
  static constexpr size_t kLeafEntries = 8;  // a longer leaf splits, as long as there are hash bits left

  struct Entry {
    uint64_t hash;
    K key;
    V value;
  };
  struct Node {
    bool leaf = true;
    std::vector<Entry> entries;                              // of a leaf
    std::array<std::shared_ptr<Node>, 1 << kBits> children;  // of a branch
  };
  using NodePtr = std::shared_ptr<Node>;

  static uint64_t HashOf(const K& key) { return absl::Hash<K>{}(key); }
  static size_t Slot(uint64_t hash, int depth) { return (hash >> (depth * kBits)) & ((1 << kBits) - 1); }

  // A node that only this map can reach may be changed in place: whoever shares an ancestor of it holds it through that
  // one, and then the ancestor's copy has made its count two.
  static Node& Own(NodePtr& node) {
    if (node == nullptr) {
      node = std::make_shared<Node>();
    } else if (node.use_count() != 1) {
      node = std::make_shared<Node>(*node);
    } else {
      // Pairs with the release of another thread's copy, so that its last reads come before our writes.
      std::atomic_thread_fence(std::memory_order_acquire);
    }
    return *node;
  }

  // True if the entry is new.
  static bool SetIn(NodePtr& slot, int depth, Entry entry) {
    Node& node = Own(slot);
    if (!node.leaf) {
      NodePtr& child = node.children[Slot(entry.hash, depth)];
      return SetIn(child, depth + 1, std::move(entry));
    }
    for (Entry& old : node.entries) {
      if (old.hash != entry.hash || !(old.key == entry.key)) continue;
      old.value = std::move(entry.value);
      return false;
    }
    node.entries.push_back(std::move(entry));
    if (node.entries.size() > kLeafEntries && depth < kMaxDepth) Split(node, depth);
    return true;
  }

  static void Split(Node& node, int depth) {
    std::vector<Entry> entries = std::exchange(node.entries, {});
    node.leaf = false;
    for (Entry& entry : entries) {
      NodePtr& child = node.children[Slot(entry.hash, depth)];
      SetIn(child, depth + 1, std::move(entry));
    }
  }

  static void EraseIn(NodePtr& slot, int depth, uint64_t hash, const K& key) {
    Node& node = Own(slot);
    if (!node.leaf) {
      EraseIn(node.children[Slot(hash, depth)], depth + 1, hash, key);
      return;
    }
    std::erase_if(node.entries, [&](const Entry& entry) { return entry.hash == hash && entry.key == key; });
    if (node.entries.empty()) slot = nullptr;
  }

  template <typename F>
  static void Visit(const Node* node, F& visit) {
    if (node == nullptr) return;
    for (const Entry& entry : node->entries) visit(entry.key, entry.value);
    if (node->leaf) return;
    for (const NodePtr& child : node->children) Visit(child.get(), visit);
  }

  NodePtr root_;
  size_t size_ = 0;
};

struct Nothing {};

// A set of the same make.
template <typename K>
class PersistentSet {
 public:
  size_t size() const { return map_.size(); }
  bool empty() const { return map_.empty(); }
  bool Contains(const K& key) const { return map_.Contains(key); }
  void Insert(K key) { map_.Set(std::move(key), Nothing{}); }
  void Erase(const K& key) { map_.Erase(key); }
  template <typename F>
  void ForEach(F visit) const {
    map_.ForEach([&](const K& key, const Nothing&) { visit(key); });
  }

 private:
  PersistentMap<K, Nothing> map_;
};

}  // namespace penstock::translator
