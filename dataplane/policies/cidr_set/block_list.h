#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace penstock::policies {

// A block of addresses of one family: FIRST is its first address, LENGTH that of its prefix.
template <typename Key>
struct KeyBlock {
  Key first;
  uint8_t length;
};

// The blocks of one family, none in another, in ascending order. Two blocks are nested or apart, so that those that are
// in no other are all that matters. KEY: an unsigned integer that holds an address, its first bit the highest.
// Immutable.
template <typename Key>
class BlockList {
 public:
  static constexpr int kBits = sizeof(Key) * 8;
  // From so many blocks on there is an index over the first bits of addresses, of half a megabyte: a search of fewer
  // takes at most 11 steps anyway. 17 bits, so that 2^15 IPv4 blocks at most begin at one place of it: 16 steps.
  static constexpr size_t kIndexedFrom = 1024;
  static constexpr int kIndexBits = 17;

  BlockList() = default;
  explicit BlockList(std::vector<KeyBlock<Key>> blocks);

  size_t size() const { return firsts_.size(); }
  KeyBlock<Key> operator[](size_t i) const { return {firsts_[i], lengths_[i]}; }
  // The place of the block that holds KEY.
  std::optional<size_t> Find(Key key) const;

 private:
  static Key LastOf(Key first, uint8_t length) {
    return length == 0 ? ~Key{0} : first | ((~Key{0} >> (length - 1)) >> 1);
  }
  static size_t IndexOf(Key key) { return static_cast<size_t>(key >> (kBits - kIndexBits)); }
  void MakeIndex();

  std::vector<Key> firsts_;
  std::vector<uint8_t> lengths_;
  // Of each value of the first bits: how many blocks begin before it; and how many there are. Empty: no index.
  std::vector<uint32_t> index_;
};

template <typename Key>
BlockList<Key>::BlockList(std::vector<KeyBlock<Key>> blocks) {
  // A block before those in it.
  std::sort(blocks.begin(), blocks.end(), [](const KeyBlock<Key>& a, const KeyBlock<Key>& b) {
    return a.first != b.first ? a.first < b.first : a.length < b.length;
  });
  size_t kept = 0;
  for (const KeyBlock<Key>& block : blocks) {
    bool inside = kept > 0 && block.first <= LastOf(blocks[kept - 1].first, blocks[kept - 1].length);
    if (!inside) blocks[kept++] = block;
  }
  firsts_.reserve(kept);
  lengths_.reserve(kept);
  for (size_t i = 0; i < kept; ++i) {
    firsts_.push_back(blocks[i].first);
    lengths_.push_back(blocks[i].length);
  }
  if (kept >= kIndexedFrom) MakeIndex();
}

template <typename Key>
void BlockList<Key>::MakeIndex() {
  index_.assign((size_t{1} << kIndexBits) + 1, 0);
  for (Key first : firsts_) ++index_[IndexOf(first) + 1];
  for (size_t i = 1; i < index_.size(); ++i) index_[i] += index_[i - 1];
}

template <typename Key>
std::optional<size_t> BlockList<Key>::Find(Key key) const {
  auto begin = firsts_.begin();
  auto end = firsts_.end();
  if (!index_.empty()) {
    size_t place = IndexOf(key);
    end = begin + index_[place + 1];
    begin += index_[place];
  }
  size_t before = static_cast<size_t>(std::upper_bound(begin, end, key) - firsts_.begin());
  if (before == 0 || key > LastOf(firsts_[before - 1], lengths_[before - 1])) return std::nullopt;
  return before - 1;
}

}  // namespace penstock::policies
