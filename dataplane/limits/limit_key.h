#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace penstock::limits {

// Stands for the bytes of a key within one process: a hash of 128 bits under a secret of the process, so that nobody
// can choose two keys that meet.
struct LimitKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool operator==(const LimitKey&) const = default;
};

// Makes keys, under a secret of its own. Immutable; any thread.
class KeyHash {
 public:
  KeyHash();

  // The key of these parts: other parts, or the same bytes parted otherwise, are another key.
  LimitKey Of(std::span<const std::string_view> parts) const;

 private:
  std::array<unsigned char, 192> secret_;
};

}  // namespace penstock::limits
