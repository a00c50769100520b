#include "dataplane/policies/cidr_set/cidr_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace penstock::policies {
namespace {

IpAddress Address(std::string_view text) { return *IpAddress::Parse(text); }

CidrSet SetOf(const std::vector<std::string>& texts) {
  StatusOr<CidrSet> set = CidrSet::Parse(texts, "allow");
  EXPECT_TRUE(set.ok()) << set.status();
  return *std::move(set);
}

std::string FoundBy(const CidrSet& set, std::string_view address) {
  Arena arena;
  std::optional<AddressBlock> block = set.Find(Address(address));
  EXPECT_EQ(block.has_value(), set.Contains(Address(address)));
  return block.has_value() ? std::string(block->Text(arena)) : "";
}

TEST(CidrSet, HoldsTheAddressesOfItsBlocksAndNamesTheBlock) {
  struct Row {
    std::vector<std::string> blocks;
    const char* address;
    const char* found;
  };
  const Row kRows[] = {
      {{}, "0.0.0.0", ""},
      {{}, "::", ""},
      {{"0.0.0.0/0"}, "0.0.0.0", "0.0.0.0/0"},
      {{"0.0.0.0/0"}, "255.255.255.255", "0.0.0.0/0"},
      {{"0.0.0.0/0"}, "::1", ""},
      {{"::/0"}, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"},
      {{"::/0"}, "192.0.2.1", ""},
      {{"::/0"}, "::ffff:192.0.2.1", ""},
      {{"192.0.2.0/24"}, "::ffff:192.0.2.1", "192.0.2.0/24"},
      {{"::ffff:192.0.2.1"}, "192.0.2.1", "192.0.2.1/32"},
      {{"192.0.2.7"}, "192.0.2.7", "192.0.2.7/32"},
      {{"192.0.2.7"}, "192.0.2.6", ""},
      {{"192.0.2.7"}, "192.0.2.8", ""},
      {{"255.255.255.255"}, "255.255.255.255", "255.255.255.255/32"},
      {{"2001:db8::1"}, "2001:db8::1", "2001:db8::1/128"},
      {{"2001:db8::1"}, "2001:db8::2", ""},
      {{"2001:db8::/32"}, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32"},
      {{"2001:db8::/32"}, "2001:db9::", ""},
      {{"10.0.0.0/9", "10.128.0.0/9"}, "10.127.255.255", "10.0.0.0/9"},
      {{"10.0.0.0/9", "10.128.0.0/9"}, "10.128.0.0", "10.128.0.0/9"},
      {{"10.1.2.0/24", "10.0.0.0/8", "10.1.0.0/16"}, "10.1.2.3", "10.0.0.0/8"},
      {{"10.1.2.0/24", "10.1.2.0/24"}, "10.1.2.3", "10.1.2.0/24"},
  };
  for (const Row& row : kRows) EXPECT_EQ(FoundBy(SetOf(row.blocks), row.address), row.found) << row.address;
}

TEST(CidrSet, CountsTheBlocksThatAreInNoOther) {
  CidrSet set = SetOf({"2001:db8::/32", "10.1.2.0/24", "10.0.0.0/8", "9.0.0.0/8", "2001:db8::1"});
  Arena arena;
  ASSERT_EQ(set.size(), 3u);
  EXPECT_EQ(set[0].Text(arena), "9.0.0.0/8");
  EXPECT_EQ(set[1].Text(arena), "10.0.0.0/8");
  EXPECT_EQ(set[2].Text(arena), "2001:db8::/32");
  EXPECT_TRUE(CidrSet().empty());
  EXPECT_EQ(set.Text(), "9.0.0.0/8, 10.0.0.0/8, 2001:db8::/32");
  EXPECT_EQ(SetOf({"::1", "::2", "::3", "::4", "::5", "::6"}).Text(), "::1/128, ::2/128, ::3/128, ::4/128 and 2 more");
}

TEST(CidrSet, SaysWhichTextIsNoBlock) {
  StatusOr<CidrSet> set = CidrSet::Parse(std::vector<std::string>{"10.0.0.0/8", "fe80::1%eth0"}, "allow");
  EXPECT_EQ(set.status().message(), "allow[1]: 'fe80::1%eth0' is not an IP address: write 192.0.2.1 or 2001:db8::1");
  for (const char* text : {"", "10.0.0.1/8", "10.0.0.0/33", "2001:db8::/129", "10.0.0.0/-1", "10.0.0.0/8 ", "any"}) {
    EXPECT_FALSE(CidrSet::Parse(std::vector<std::string>{text}, "deny").ok()) << text;
  }
}

TEST(CidrSet, RefusesMoreBlocksThanItsBoundIsMadeFor) {
  std::vector<std::string_view> texts(CidrSet::kMaxBlocks + 1, "10.0.0.0/8");
  EXPECT_EQ(CidrSet::Parse(texts, "deny").status().message(), "deny: 1048577 blocks; at most 1048576 are allowed");
}

// Random blocks and addresses against the list itself.
class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}

  uint32_t Below(uint32_t n) { return std::uniform_int_distribution<uint32_t>(0, n - 1)(engine_); }

  // Few different values in the first bytes, so that blocks are nested and adjacent.
  IpAddress Any(bool v4) {
    uint8_t bytes[16] = {};
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(Below(3) == 0 ? Below(256) : Below(2) * 255);
    if (!v4) return IpAddress::V6(bytes);
    return IpAddress::V4({static_cast<uint8_t>(10 + Below(3)), bytes[1], bytes[2], bytes[3]});
  }

  Cidr Block(bool v4) {
    IpAddress address = Any(v4);
    int bits = address.is_v4() ? 32 : 128;
    uint32_t kind = Below(20);
    int length = kind == 0 ? bits : static_cast<int>(8 + Below(static_cast<uint32_t>(bits - 7)));
    if (kind == 1) length = static_cast<int>(Below(8));
    return Masked(address, length);
  }

  static Cidr Masked(const IpAddress& address, int length) {
    std::string bytes(address.bytes());
    for (int bit = length; bit < static_cast<int>(bytes.size()) * 8; ++bit) {
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] & ~(0x80 >> bit % 8));
    }
    return *Cidr::Parse(StrCat(OfBytes(bytes).ToString(), "/", length));
  }

  static IpAddress OfBytes(const std::string& bytes) {
    uint8_t raw[16] = {};
    std::copy(bytes.begin(), bytes.end(), raw);
    return bytes.size() == 4 ? IpAddress::V4({raw[0], raw[1], raw[2], raw[3]}) : IpAddress::V6(raw);
  }

 private:
  std::mt19937 engine_;
};

// The first and last address of BLOCK, and those beside them.
std::vector<IpAddress> EdgesOf(const Cidr& block) {
  std::string first(block.base().bytes());
  std::string last = first;
  for (size_t bit = static_cast<size_t>(block.prefix_length()); bit < last.size() * 8; ++bit) {
    last[bit / 8] = static_cast<char>(last[bit / 8] | 0x80 >> bit % 8);
  }
  std::string before = first;
  for (size_t i = before.size(); i-- > 0 && before[i]-- == 0;) {
  }
  std::string after = last;
  for (size_t i = after.size(); i-- > 0 && ++after[i] == 0;) {
  }
  std::vector<IpAddress> edges;
  for (const std::string& bytes : {first, last, before, after}) edges.push_back(Random::OfBytes(bytes));
  return edges;
}

void ExpectTheListSays(const std::vector<Cidr>& list, const CidrSet& set, const IpAddress& address) {
  const Cidr* widest = nullptr;
  for (const Cidr& block : list) {
    bool wider = widest == nullptr || block.prefix_length() < widest->prefix_length();
    if (wider && block.Contains(address)) widest = &block;
  }
  std::optional<AddressBlock> found = set.Find(address);
  ASSERT_EQ(set.Contains(address), widest != nullptr) << address.ToString();
  ASSERT_EQ(found.has_value(), widest != nullptr) << address.ToString();
  if (widest == nullptr) return;
  EXPECT_EQ(found->first, widest->base()) << address.ToString();
  EXPECT_EQ(found->prefix_length, widest->prefix_length()) << address.ToString();
}

TEST(CidrSet, SaysWhatTheListSays) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<Cidr> list;
    for (uint32_t i = random.Below(30); i-- > 0;) list.push_back(random.Block(random.Below(2) == 0));
    CidrSet set{std::span<const Cidr>(list)};
    for (const Cidr& block : list) {
      for (const IpAddress& edge : EdgesOf(block)) ExpectTheListSays(list, set, edge);
    }
    for (int i = 0; i < 50; ++i) ExpectTheListSays(list, set, random.Any(i % 2 == 0));
  }
}

TEST(CidrSet, SaysWhatTheListSaysWhereItHasAnIndex) {
  Random random(2);
  for (bool v4 : {true, false}) {
    std::vector<Cidr> list;
    for (int i = 0; i < 6000; ++i) list.push_back(Random::Masked(random.Any(v4), v4 ? 30 : 120));
    for (int i = 0; i < 20; ++i) list.push_back(Random::Masked(random.Any(v4), 15));
    CidrSet set{std::span<const Cidr>(list)};
    ASSERT_GE(set.size(), 1024u) << "else there is no index";
    for (size_t i = 0; i < list.size(); i += 17) {
      for (const IpAddress& edge : EdgesOf(list[i])) ExpectTheListSays(list, set, edge);
    }
    for (int i = 0; i < 500; ++i) ExpectTheListSays(list, set, random.Any(v4));
  }
}

TEST(CidrSet, FindsEachOfManyAddressesOfOneNetwork) {
  std::vector<Cidr> list;
  for (int i = 0; i < 1 << 16; i += 2) {
    list.push_back(*Cidr::Parse(StrCat("10.1.", i / 256, ".", i % 256)));
    list.push_back(*Cidr::Parse(absl::StrCat("2001:db8::", absl::Hex(i))));
  }
  CidrSet set{std::span<const Cidr>(list)};
  EXPECT_EQ(set.size(), list.size());
  for (int i = 0; i < 1 << 16; ++i) {
    auto high = static_cast<uint8_t>(i / 256);
    auto low = static_cast<uint8_t>(i % 256);
    EXPECT_EQ(set.Contains(IpAddress::V4({10, 1, high, low})), i % 2 == 0) << i;
    EXPECT_EQ(set.Contains(IpAddress::V6({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, high, low})), i % 2 == 0);
  }
}

}  // namespace
}  // namespace penstock::policies
