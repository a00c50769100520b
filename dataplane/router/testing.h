#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/base/random.h"
#include "dataplane/http/headers.h"
#include "dataplane/router/match.h"

// Random route sets and requests that hit them, for the router's tests, fuzz target and show.
namespace penstock::router::testing {

// A route as written: a match of it is valid while it lives and does not move.
struct TestRoute {
  RouteKey key;
  std::string host;
  std::vector<std::unique_ptr<Match>> matches;
};

// A request that owns its text.
struct TestRequest {
  std::string method, host, path, query;
  std::vector<std::pair<std::string, std::string>> fields;

  // Views into this and HEADERS, which it fills.
  Request View(http::Headers& headers) const;
};

// Draws from small sets of names, so that routes collide, shadow each other and share parts of paths.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::unique_ptr<TestRoute> Route(int number);
  TestRequest Request();

 private:
  std::string Pick(std::initializer_list<const char*> names);
  bool Chance(uint64_t percent) { return random_.Below(100) < percent; }
  std::string Host();
  std::string Path();
  PathPattern Pattern();
  std::unique_ptr<const Conditions> SomeConditions();

  Random random_;
};

}  // namespace penstock::router::testing
