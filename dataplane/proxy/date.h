#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/base/clock.h"

namespace penstock::proxy {

// The value of a Date field (RFC 9110 5.6.7), formatted once per second. One worker thread.
class DateCache {
 public:
  static constexpr size_t kSize = 29;  // "Sun, 06 Nov 1994 08:49:37 GMT"

  // Valid until the next call with another second: copy it into the exchange's arena.
  std::string_view At(WallTime now);

 private:
  int64_t second_ = INT64_MIN;
  std::array<char, kSize + 1> text_ = {};
};

}  // namespace penstock::proxy
