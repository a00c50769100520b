#pragma once

#include <cstdint>

namespace penstock {

// Spreads a value over 64 bits (splitmix64's finaliser): one step from a seed to independent looking picks.
constexpr std::uint64_t Mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Fast and not for secrets: xoshiro256++. Same seed, same numbers. One per worker.
class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = seed = Mix(seed);
  }

  std::uint64_t Next() {
    std::uint64_t result = Rotate(state_[0] + state_[3], 23) + state_[0];
    std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = Rotate(state_[3], 45);
    return result;
  }

  // Uniform in [0, bound). REQUIRES: bound > 0.
  std::uint64_t Below(std::uint64_t bound) { return Scale(Next(), bound); }

  // Maps a uniform 64-bit value to [0, bound) without division.
  static std::uint64_t Scale(std::uint64_t uniform, std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(uniform) * bound) >> 64);
  }

 private:
  static std::uint64_t Rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

  std::uint64_t state_[4];
};

// 64 bits from the kernel, to seed a worker.
std::uint64_t SeedFromKernel();

}  // namespace penstock
