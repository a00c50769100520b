#include "dataplane/router/testing.h"

#include <algorithm>

namespace penstock::router::testing {

Request TestRequest::View(http::Headers& headers) const {
  headers.Clear();
  for (const auto& [name, value] : fields) headers.Add(name, value);
  return {method, host, path, query, &headers};
}

std::string Generator::Pick(std::initializer_list<const char*> names) {
  return names.begin()[random_.Below(names.size())];
}

std::string Generator::Host() {
  return Pick({"", "", "a.test", "b.test", "x.a.test", "y.x.a.test", "*.test", "*.a.test", "*.x.a.test", "*.b.test"});
}

std::string Generator::Path() {
  std::string path;
  uint64_t segments = random_.Below(4);
  for (uint64_t i = 0; i < segments; ++i) path += "/" + Pick({"a", "b", "ab", "users", "1", "a.b"});
  if (path.empty() || Chance(20)) path += "/";
  return path;
}

PathPattern Generator::Pattern() {
  uint64_t kind = random_.Below(10);
  std::string path = Path();
  if (kind < 3) return *PathPattern::Exact(path);
  if (kind < 6) return *PathPattern::Prefix(path);
  std::string pattern;
  bool whole_segments = kind < 8;
  for (char c : path) pattern += c == '.' ? std::string(Chance(50) ? "\\." : ".") : std::string(1, c);
  for (int i = 0; whole_segments && i < 2; ++i) {
    size_t from = pattern.find("/", random_.Below(pattern.size()));
    if (from == std::string::npos || from + 1 == pattern.size()) continue;
    size_t to = std::min(pattern.find("/", from + 1), pattern.size());
    pattern.replace(from + 1, to - from - 1, "[^/]+");
  }
  if (!whole_segments) pattern += Pick({".*", "(/.*)?", "[a-z]+", "/[0-9]+", "|/b/.*", "a?", "(a|b)", "/.{1,3}"});
  if (Chance(10)) pattern = "^" + pattern;
  return *PathPattern::Expression(pattern);
}

std::unique_ptr<const Conditions> Generator::SomeConditions() {
  if (Chance(40)) return nullptr;
  auto conditions = std::make_unique<Conditions>();
  if (Chance(40)) conditions->method = Pick({"GET", "POST"});
  for (const char* name : {"x-a", "x-b"}) {
    if (Chance(70)) continue;
    conditions->headers.push_back(Chance(75) ? *FieldMatch::Exact(name, Pick({"1", "2", ""}))
                                             : *FieldMatch::Expression(name, Pick({"[12]", ".*", "1?"})));
  }
  for (const char* name : {"p", "q"}) {
    if (Chance(75)) continue;
    conditions->query.push_back(Chance(75) ? *FieldMatch::Exact(name, Pick({"1", "2", "a b"}))
                                           : *FieldMatch::Expression(name, Pick({"[12]", "a.*"})));
  }
  if (conditions->empty()) return nullptr;
  return conditions;
}

std::unique_ptr<TestRoute> Generator::Route(int number) {
  auto route = std::make_unique<TestRoute>();
  route->key.name = "default/r" + std::to_string(number);
  route->key.priority = Chance(20) ? static_cast<int32_t>(random_.Below(3)) - 1 : 0;
  route->key.first_generation = random_.Below(3);
  route->host = Host();
  uint64_t matches = 1 + random_.Below(3);
  for (uint64_t i = 0; i < matches; ++i) {
    auto match = std::make_unique<Match>();
    match->path = Pattern();
    match->conditions = SomeConditions();
    match->route = &route->key;
    match->rule = static_cast<uint16_t>(i / 2);
    match->index = static_cast<uint16_t>(i % 2);
    route->matches.push_back(std::move(match));
  }
  return route;
}

TestRequest Generator::Request() {
  TestRequest request;
  request.method = Pick({"GET", "POST", "PUT"});
  request.host = Pick({"a.test", "b.test", "x.a.test", "y.x.a.test", "z.y.x.a.test", "c.test", "test", "other", ""});
  request.path = Path();
  if (Chance(3)) request.path = Pick({"*", "", "//", "/a//b", "/a/b/ab/users/1/a"});
  for (const char* name : {"x-a", "x-b", "x-a", "x-c"}) {
    if (Chance(50)) request.fields.emplace_back(name, Pick({"1", "2", "3", "", "12"}));
  }
  uint64_t parameters = random_.Below(4);
  for (uint64_t i = 0; i < parameters; ++i) {
    if (i > 0) request.query += "&";
    request.query += Pick({"p=1", "p=2", "q=1", "q=2", "q=a+b", "%70=a%20b", "q", "p=%31", "", "p=a%2"});
  }
  return request;
}

}  // namespace penstock::router::testing
