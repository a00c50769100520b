#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/arena.h"
#include "dataplane/base/ip_address.h"
#include "dataplane/base/status.h"
#include "dataplane/policies/cidr_set/block_list.h"

namespace penstock::policies {

// A block of a CidrSet.
struct AddressBlock {
  IpAddress first;
  int prefix_length = 0;

  std::string_view Text(Arena& arena) const;  // "203.0.113.0/24"
};

// A set of addresses, written as blocks: immutable, on any thread. A million IPv4 blocks take 6 MB, a million IPv6
// blocks 18 MB.
//
// A lookup allocates nothing, and looks at no more than 16 blocks of IPv4, whatever their number, and 21 of IPv6
// (kMaxBlocks has 20 bits): from 1024 blocks of a family on it begins at an index over the first 17 bits.
//
// The families are apart: ::/0 holds no IPv4 address. An IPv4-mapped IPv6 address is its IPv4 address (IpAddress), so
// that it is in the blocks of IPv4 alone.
class CidrSet {
 public:
  static constexpr size_t kMaxBlocks = size_t{1} << 20;

  CidrSet() = default;  // of nobody
  // REQUIRES: at most kMaxBlocks.
  explicit CidrSet(std::span<const Cidr> blocks);
  // TEXTS: a container of strings. InvalidArgument begins with FIELD: "allow[3]: ...".
  template <typename Texts>
  static StatusOr<CidrSet> Parse(const Texts& texts, std::string_view field);

  bool empty() const { return size() == 0; }
  // The blocks that are in no other.
  size_t size() const { return v4_.size() + v6_.size(); }
  // In ascending order, IPv4 before IPv6. REQUIRES: i < size().
  AddressBlock operator[](size_t i) const;
  std::string Text() const;  // for people: the first four and how many more, "10.0.0.0/8, 192.0.2.0/24"

  bool Contains(const IpAddress& address) const;
  // The block that holds ADDRESS: the widest of those that were written.
  std::optional<AddressBlock> Find(const IpAddress& address) const;

 private:
  using V6Key = unsigned __int128;
  // The blocks, not yet in order.
  struct Blocks {
    std::vector<KeyBlock<uint32_t>> v4;
    std::vector<KeyBlock<V6Key>> v6;

    void Add(const Cidr& block);
    Status AddText(std::string_view text, std::string_view field, size_t i);
  };

  explicit CidrSet(Blocks blocks) : v4_(std::move(blocks.v4)), v6_(std::move(blocks.v6)) {}
  static Status CheckCount(size_t count, std::string_view field);

  BlockList<uint32_t> v4_;
  BlockList<V6Key> v6_;
};

template <typename Texts>
StatusOr<CidrSet> CidrSet::Parse(const Texts& texts, std::string_view field) {
  RETURN_IF_ERROR(CheckCount(static_cast<size_t>(texts.size()), field));
  Blocks blocks;
  size_t i = 0;
  for (const auto& text : texts) RETURN_IF_ERROR(blocks.AddText(text, field, i++));
  return CidrSet(std::move(blocks));
}

}  // namespace penstock::policies
