#pragma once

#include <cstdint>

namespace penstock::limits {

// Whole numbers, so that nothing drifts. A unit is the `per`-th part of a request, per in microseconds.
using Units = unsigned __int128;

// REQUIRES of both: the result fits.
inline std::uint64_t DivideDown(Units amount, std::uint64_t by) {
  if (amount >> 64 == 0) [[likely]] {
    return static_cast<std::uint64_t>(amount) / by;
  }
  return static_cast<std::uint64_t>(amount / by);
}
inline std::uint64_t DivideUp(Units amount, std::uint64_t by) { return DivideDown(amount + (by - 1), by); }

// A rule in microseconds.
struct Terms {
  std::uint64_t period;
  std::uint64_t requests;
  std::uint64_t burst;
  std::uint64_t max_delay;
};

}  // namespace penstock::limits
