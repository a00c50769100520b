#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/telemetry/stats/registry.h"

namespace penstock::proxy {

// The cells of the routes that requests ended at last, so that a request compares pointers instead of hashing two
// names. Names are known by where they are: in records of generations, which no other name takes before a Publish,
// when the worker calls Clear. One worker thread.
class RouteCellsMemo {
 public:
  // LISTENER and ROUTE as the records hold them, or "".
  telemetry::RouteCells& Find(const telemetry::SeriesSet& series, int worker, std::string_view listener,
                              std::string_view route) {
    auto mixed = (reinterpret_cast<uintptr_t>(listener.data()) >> 4) * 31 + reinterpret_cast<uintptr_t>(route.data());
    Entry& entry = entries_[(mixed >> 4) % entries_.size()];
    bool same = entry.series == &series && entry.listener == listener.data() && entry.route == route.data();
    if (!same) entry = {&series, listener.data(), route.data(), &series.Route(worker, listener, route)};
    return *entry.cells;
  }

  void Clear() { entries_.fill({}); }

 private:
  struct Entry {
    const telemetry::SeriesSet* series = nullptr;
    const char* listener = nullptr;
    const char* route = nullptr;
    telemetry::RouteCells* cells = nullptr;
  };
  std::array<Entry, 256> entries_;
};

}  // namespace penstock::proxy
