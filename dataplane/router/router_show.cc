// Shows what the router promises: equal work at any number of routes, times, agreement with the naive matcher, and what
// one changed route costs. Prints a line per promise, PASS or FAIL with figure and bound; exits with 1 if any failed.
//   router_show [--requests=1000000]
#include <jemalloc/jemalloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/random.h"
#include "dataplane/router/naive_matcher.h"
#include "dataplane/router/router.h"
#include "dataplane/router/testing.h"

namespace penstock::router {
namespace {

using Clock = std::chrono::steady_clock;
using testing::Generator;
using testing::NaiveMatcher;
using testing::TestRequest;
using testing::TestRoute;

constexpr double kP99BoundMicroseconds = 2.0;
constexpr double kMemoryBoundBytes = 400;
constexpr double kChangeBoundMilliseconds = 1.0;

bool all_passed = true;

void Report(bool passed, const std::string& promise, const std::string& figure) {
  std::printf("%s  %-62s %s\n", passed ? "PASS" : "FAIL", promise.c_str(), figure.c_str());
  std::fflush(stdout);
  all_passed = all_passed && passed;
}

std::string Format(const char* format, auto... values) {
  char text[256];
  std::snprintf(text, sizeof(text), format, values...);
  return text;
}

size_t HeapBytes() {
  uint64_t epoch = 1;
  size_t size = sizeof(epoch);
  mallctl("epoch", &epoch, &size, &epoch, size);
  size_t bytes = 0;
  size = sizeof(bytes);
  mallctl("stats.allocated", &bytes, &size, nullptr, 0);
  return bytes;
}

// COUNT routes of one form: a host of a thousand, a service and an item, all names of one length.
class Table {
 public:
  explicit Table(size_t count) : count_(count), router_(0x5eed) {
    keys_.resize(count);
    matches_.resize(count);
    for (size_t i = 0; i < count; ++i) {
      keys_[i].name = Format("default/route-%07zu", i);
      matches_[i].path = *PathPattern::Prefix(Path(i));
      matches_[i].route = &keys_[i];
    }
    size_t before = HeapBytes();
    for (size_t i = 0; i < count; ++i) router_.Insert(Host(i), matches_[i]);
    router_.Seal();
    heap_ = HeapBytes() - before;
  }

  size_t count() const { return count_; }
  Router& router() { return router_; }
  Match& match(size_t i) { return matches_[i]; }
  // Of the router alone and with what it keeps of each route, without the names (which the text of paths and routes
  // is).
  double bytes_per_route() const {
    return static_cast<double>(heap_) / count_ + sizeof(Match) + sizeof(RouteKey) - 2 * sizeof(std::string);
  }

  // Spread over a thousand hosts, as far as there are routes for them.
  std::string Host(size_t i) const { return Format("h%03zu.shop.example", i % 1000); }
  std::string Path(size_t i) const { return Format("/v1/s%03zu/items%01zu", i / 1000, (i / 7) % 10); }

 private:
  size_t count_;
  Router router_;
  std::vector<RouteKey> keys_;
  std::vector<Match> matches_;
  size_t heap_ = 0;
};

struct Key {
  std::string host;
  std::string path;
  size_t route;
};

std::vector<Key> RandomKeys(const Table& table, size_t count) {
  Random random(42);
  std::vector<Key> keys;
  for (size_t i = 0; i < count; ++i) {
    size_t route = random.Below(table.count());
    keys.push_back({table.Host(route), table.Path(route) + "/42", route});
  }
  return keys;
}

Request Get(const Key& key) { return {"GET", key.host, key.path, "", nullptr}; }

std::string Text(const LookupStats& stats) {
  return Format("nodes %llu pages %llu bytes %llu conditions %llu", static_cast<unsigned long long>(stats.nodes),
                static_cast<unsigned long long>(stats.pages), static_cast<unsigned long long>(stats.bytes),
                static_cast<unsigned long long>(stats.conditions));
}

// The work of every lookup of a sample; all must be alike.
bool WorkOf(Table& table, LookupStats& work) {
  std::vector<Key> keys = RandomKeys(table, 10'000);
  for (size_t i = 0; i < keys.size(); ++i) {
    LookupStats stats;
    const Match* found = table.router().FindCounting(Get(keys[i]), stats);
    if (found != &table.match(keys[i].route)) return false;
    if (i > 0 && !(stats == work)) return false;
    work = stats;
  }
  return true;
}

// Nanoseconds of single lookups at PERCENTILE, the clock's own time taken off.
std::vector<double> Time(Table& table, const std::vector<Key>& keys) {
  std::vector<double> times;
  times.reserve(keys.size());
  const Match* sink = nullptr;
  for (const Key& key : keys) {
    Request request = Get(key);
    Clock::time_point start = Clock::now();
    sink = table.router().Find(request);
    Clock::time_point end = Clock::now();
    times.push_back(std::chrono::duration<double, std::nano>(end - start).count());
    if (sink == nullptr) std::abort();
  }
  std::sort(times.begin(), times.end());
  return times;
}

double ClockOverhead() {
  std::vector<double> times;
  for (int i = 0; i < 10'000; ++i) {
    Clock::time_point start = Clock::now();
    Clock::time_point end = Clock::now();
    times.push_back(std::chrono::duration<double, std::nano>(end - start).count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

std::string Percentiles(const std::vector<double>& times) {
  return Format("p50 %.0f ns  p90 %.0f ns  p99 %.0f ns  p99.9 %.0f ns", times[times.size() / 2],
                times[times.size() * 9 / 10], times[times.size() * 99 / 100], times[times.size() * 999 / 1000]);
}

void ShowWorkAndTimes() {
  LookupStats first;
  double overhead = ClockOverhead();
  std::printf("      (the clock itself takes %.0f ns of each time below)\n", overhead);
  for (size_t count : {10u, 1'000u, 100'000u, 1'000'000u}) {
    Table table(count);
    LookupStats work;
    bool uniform = WorkOf(table, work);
    if (count == 10) first = work;
    Report(uniform && work == first, Format("%zu routes: every lookup does the same work as at 10", count), Text(work));
    std::vector<Key> keys = RandomKeys(table, 500'000);
    std::vector<Key> hot(100'000, keys[0]);
    std::printf("      %zu routes, one hot key:        %s\n", count, Percentiles(Time(table, hot)).c_str());
    std::vector<double> times = Time(table, keys);
    std::printf("      %zu routes, uniformly random:   %s\n", count, Percentiles(times).c_str());
    if (count != 1'000'000) continue;
    double p99 = times[times.size() * 99 / 100] / 1000;
    Report(p99 <= kP99BoundMicroseconds, "p99 of a lookup of a uniformly random key at 1,000,000",
           Format("%.2f us <= %.1f us", p99, kP99BoundMicroseconds));
    Report(table.bytes_per_route() <= kMemoryBoundBytes, "memory per route beside its names at 1,000,000",
           Format("%.0f B <= %.0f B", table.bytes_per_route(), kMemoryBoundBytes));
  }
}

// A new version with one route changed, as Compile makes it: out with the old match, in with the new one.
void ShowChange() {
  Table table(100'000);
  Random random(7);
  std::vector<std::unique_ptr<Match>> changed;
  std::vector<Router> versions = {table.router()};
  std::vector<double> times;
  for (int i = 0; i < 1000; ++i) {
    size_t route = random.Below(table.count());
    auto match = std::make_unique<Match>();
    match->path = *PathPattern::Prefix(Format("/v2/changed%04d", i));
    match->route = table.match(route).route;
    Clock::time_point start = Clock::now();
    Router next = versions[0];
    next.Erase(table.Host(route), table.match(route));
    next.Insert(table.Host(route), *match);
    next.Seal();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    std::string path = match->path.text();
    std::string host = table.Host(route);
    if (next.Find({"GET", host, path, "", nullptr}) != match.get()) std::abort();
    if (versions[0].Find({"GET", host, path, "", nullptr}) != nullptr) std::abort();
    changed.push_back(std::move(match));
  }
  std::sort(times.begin(), times.end());
  double p99 = times[times.size() * 99 / 100];
  Report(p99 <= kChangeBoundMilliseconds, "one changed route of 100,000 re-compiles",
         Format("p50 %.3f ms, p99 %.3f ms <= %.1f ms", times[times.size() / 2], p99, kChangeBoundMilliseconds));
}

void ShowAgreement(size_t requests) {
  constexpr size_t kRequestsPerSet = 2000;
  size_t compared = 0;
  size_t matched = 0;
  size_t disagreements = 0;
  http::Headers headers;
  for (uint64_t seed = 0; compared < requests; ++seed) {
    Generator generator(seed);
    Router router(seed);
    NaiveMatcher naive;
    std::vector<std::unique_ptr<TestRoute>> routes;
    for (uint64_t i = 0; i < 1 + seed % 80; ++i) {
      routes.push_back(generator.Route(static_cast<int>(i)));
      for (const auto& match : routes.back()->matches) {
        router.Insert(routes.back()->host, *match);
        naive.Insert(routes.back()->host, *match);
      }
    }
    router.Seal();
    for (size_t i = 0; i < kRequestsPerSet && compared < requests; ++i, ++compared) {
      TestRequest text = generator.Request();
      Request request = text.View(headers);
      const Match* found = router.Find(request);
      matched += found != nullptr ? 1 : 0;
      disagreements += found != naive.Find(request) ? 1 : 0;
    }
  }
  Report(disagreements == 0, Format("%zu random requests agree with the naive matcher", compared),
         Format("%zu disagree, %zu matched a route", disagreements, matched));
}

}  // namespace
}  // namespace penstock::router

int main(int argc, char** argv) {
  size_t requests = 1'000'000;
  constexpr char kFlag[] = "--requests=";
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], kFlag, sizeof(kFlag) - 1) != 0) {
      std::fprintf(stderr, "usage: router_show [--requests=N]\n");
      return 2;
    }
    requests = std::strtoull(argv[i] + sizeof(kFlag) - 1, nullptr, 10);
  }
  penstock::router::ShowWorkAndTimes();
  penstock::router::ShowChange();
  penstock::router::ShowAgreement(requests);
  return penstock::router::all_passed ? 0 : 1;
}
