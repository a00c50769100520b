#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/base/random.h"

namespace penstock {

// Names a request in logs, traces and headers: a random UUID (RFC 9562 version 4), from the worker's own generator.
struct RequestId {
  static constexpr std::size_t kTextSize = 36;
  using Text = std::array<char, kTextSize>;

  std::uint64_t high = 0;
  std::uint64_t low = 0;

  static RequestId Make(Random& random);

  // "0b9e8c1e-7b0a-4f57-9d3c-2f6f6a1f0c55"
  Text ToText() const;

  bool operator==(const RequestId&) const = default;
};

inline std::string_view View(const RequestId::Text& text) { return {text.data(), text.size()}; }

}  // namespace penstock
