#pragma once

#include <cstddef>
#include <cstdint>

namespace penstock::router {

// What a lookup did: the same figures at 10 and at 1,000,000 routes. Counted only by FindCounting.
struct LookupStats {
  uint64_t nodes = 0;       // tree nodes and cells of matches entered
  uint64_t pages = 0;       // hash pages read: one per child that was looked for
  uint64_t bytes = 0;       // bytes of names compared
  uint64_t conditions = 0;  // method, header and query conditions and expressions tested

  bool operator==(const LookupStats&) const = default;
};

// The counters of a lookup, or nullptr in live traffic.
inline void CountNode(LookupStats* stats) {
  if (stats != nullptr) ++stats->nodes;
}
inline void CountPage(LookupStats* stats) {
  if (stats != nullptr) ++stats->pages;
}
inline void CountBytes(LookupStats* stats, size_t bytes) {
  if (stats != nullptr) stats->bytes += bytes;
}
inline void CountCondition(LookupStats* stats) {
  if (stats != nullptr) ++stats->conditions;
}

}  // namespace penstock::router
