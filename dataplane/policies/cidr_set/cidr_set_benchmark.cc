// What a lookup costs, in few and in many blocks, and what it costs to make a set.
#include <random>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "dataplane/policies/cidr_set/cidr_set.h"

namespace penstock::policies {
namespace {

enum Family { kV4, kV6 };

IpAddress AnyAddress(std::mt19937& random, Family family) {
  uint8_t bytes[16];
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  if (family == kV4) return IpAddress::V4({bytes[0], bytes[1], bytes[2], bytes[3]});
  // As addresses of the internet are: some hundred values in the first two bytes.
  bytes[0] = static_cast<uint8_t>(0x20 + bytes[0] % 16);
  bytes[1] %= 32;
  return IpAddress::V6(bytes);
}

// Blocks of one address (IPv4) or one customer (IPv6).
std::vector<std::string> AnyBlocks(Family family, int64_t count) {
  std::mt19937 random(1);
  std::vector<std::string> blocks;
  for (int64_t i = 0; i < count; ++i) {
    IpAddress address = AnyAddress(random, family);
    if (family == kV4) {
      blocks.push_back(address.ToString());
      continue;
    }
    uint8_t bytes[16] = {};
    address.bytes().copy(reinterpret_cast<char*>(bytes), 7);
    blocks.push_back(IpAddress::V6(bytes).ToString() + "/56");
  }
  return blocks;
}

void BM_Contains(benchmark::State& state) {
  auto family = static_cast<Family>(state.range(0));
  CidrSet set = *CidrSet::Parse(AnyBlocks(family, state.range(1)), "deny");
  std::mt19937 random(2);
  std::vector<IpAddress> addresses;
  for (int i = 0; i < 1 << 16; ++i) addresses.push_back(AnyAddress(random, family));
  size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(set.Contains(addresses[next++ % addresses.size()]));
}
BENCHMARK(BM_Contains)->ArgNames({"v6", "blocks"})->ArgsProduct({{kV4, kV6}, {10, 1000, 1'000'000}});

void BM_Parse(benchmark::State& state) {
  std::vector<std::string> blocks = AnyBlocks(static_cast<Family>(state.range(0)), state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(CidrSet::Parse(blocks, "deny")->size());
}
BENCHMARK(BM_Parse)->ArgNames({"v6", "blocks"})->ArgsProduct({{kV4, kV6}, {1'000'000}})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace penstock::policies
