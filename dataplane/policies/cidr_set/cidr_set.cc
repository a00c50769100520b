#include "dataplane/policies/cidr_set/cidr_set.h"

#include <arpa/inet.h>

#include <charconv>

#include "dataplane/base/check.h"

namespace penstock::policies {
namespace {

// The bytes of ADDRESS, in network order, as a number.
template <typename Key>
Key KeyOf(const IpAddress& address) {
  Key key = 0;
  for (char byte : address.bytes()) key = static_cast<Key>(key << 8) | static_cast<uint8_t>(byte);
  return key;
}

template <typename Key>
AddressBlock BlockOf(KeyBlock<Key> block) {
  uint8_t bytes[sizeof(Key)];
  for (size_t i = sizeof(Key); i-- > 0; block.first >>= 8) bytes[i] = static_cast<uint8_t>(block.first);
  if constexpr (sizeof(Key) == 4) return {IpAddress::V4(bytes), block.length};
  if constexpr (sizeof(Key) == 16) return {IpAddress::V6(bytes), block.length};
}

template <typename Key>
std::optional<AddressBlock> FindIn(const BlockList<Key>& blocks, const IpAddress& address) {
  std::optional<size_t> found = blocks.Find(KeyOf<Key>(address));
  if (!found.has_value()) return std::nullopt;
  return BlockOf(blocks[*found]);
}

}  // namespace

std::string_view AddressBlock::Text(Arena& arena) const {
  char text[INET6_ADDRSTRLEN + 4];
  inet_ntop(first.is_v4() ? AF_INET : AF_INET6, first.bytes().data(), text, INET6_ADDRSTRLEN);
  std::string_view address(text);
  text[address.size()] = '/';
  char* end = std::to_chars(text + address.size() + 1, text + sizeof(text), prefix_length).ptr;
  return arena.Copy({text, static_cast<size_t>(end - text)});
}

CidrSet::CidrSet(std::span<const Cidr> blocks) {
  PENSTOCK_CHECK(blocks.size() <= kMaxBlocks, "too many blocks");
  Blocks keys;
  for (const Cidr& block : blocks) keys.Add(block);
  *this = CidrSet(std::move(keys));
}

Status CidrSet::CheckCount(size_t count, std::string_view field) {
  if (count <= kMaxBlocks) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat(field, ": ", count, " blocks; at most ", kMaxBlocks, " are allowed"));
}

void CidrSet::Blocks::Add(const Cidr& block) {
  auto length = static_cast<uint8_t>(block.prefix_length());
  if (block.base().is_v4()) {
    v4.push_back({KeyOf<uint32_t>(block.base()), length});
  } else {
    v6.push_back({KeyOf<V6Key>(block.base()), length});
  }
}

Status CidrSet::Blocks::AddText(std::string_view text, std::string_view field, size_t i) {
  StatusOr<Cidr> block = Cidr::Parse(text);
  if (!block.ok()) return StatusBuilder(block.status()) << field << "[" << i << "]";
  Add(*block);
  return absl::OkStatus();
}

AddressBlock CidrSet::operator[](size_t i) const {
  return i < v4_.size() ? BlockOf(v4_[i]) : BlockOf(v6_[i - v4_.size()]);
}

std::string CidrSet::Text() const {
  constexpr size_t kNamed = 4;
  Arena arena;
  std::string text;
  for (size_t i = 0; i < size() && i < kNamed; ++i) text += StrCat(i == 0 ? "" : ", ", (*this)[i].Text(arena));
  if (size() > kNamed) text += StrCat(" and ", size() - kNamed, " more");
  return text;
}

bool CidrSet::Contains(const IpAddress& address) const {
  return address.is_v4() ? v4_.Find(KeyOf<uint32_t>(address)).has_value() : v6_.Find(KeyOf<V6Key>(address)).has_value();
}

std::optional<AddressBlock> CidrSet::Find(const IpAddress& address) const {
  return address.is_v4() ? FindIn(v4_, address) : FindIn(v6_, address);
}

}  // namespace penstock::policies
