// What a parsed document is inside.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/jose/json.h"

namespace penstock::jose {

struct JsonSlice {
  std::uint32_t at = 0;
  std::uint32_t size = 0;
};

struct JsonNode {
  JsonKind kind = JsonKind::kNull;
  JsonSlice name;
  JsonSlice text;
  std::uint32_t end = 0;  // the node after it and all that is in it
  union {
    std::int64_t integer = 0;  // kBool: 0 or 1; kArray and kObject: how many children
    double number;
  };
};

// Nodes in the order in which they were written, each before its children. Slices are of `bytes`: the source, and after
// it what its strings with escapes mean.
struct JsonDocument {
  std::string bytes;
  std::vector<JsonNode> nodes;

  std::string_view At(JsonSlice slice) const { return std::string_view(bytes).substr(slice.at, slice.size); }
};

// Fills in DOCUMENT, whose bytes are the source. Gives a static text that says what is wrong; empty: nothing is.
std::string_view ParseJson(JsonDocument& document, const JsonLimits& limits);

}  // namespace penstock::jose
