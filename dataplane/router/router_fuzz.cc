#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/http/headers.h"
#include "dataplane/router/naive_matcher.h"
#include "dataplane/router/router.h"

// Hostile patterns and requests: the lookup tree and the naive matcher must agree, and edits must leave nothing behind.
//
// An input is lines: "<kind><host> <text>" adds a match (kind: e exact, p prefix, r expression, h header, q query), "?
// <host> <path>?<query>" asks, "-" takes the oldest match out.
namespace {

using namespace penstock::router;

struct Added {
  std::string host;
  RouteKey key;
  Match match;
};

std::unique_ptr<const Conditions> OneCondition(char kind, std::string_view text) {
  auto conditions = std::make_unique<Conditions>();
  std::string_view name = text.substr(0, text.find('='));
  std::string_view value = name.size() < text.size() ? text.substr(name.size() + 1) : std::string_view();
  bool regex = value.starts_with('~');
  absl::StatusOr<FieldMatch> match =
      regex ? FieldMatch::Expression(name, value.substr(1)) : FieldMatch::Exact(name, value);
  if (!match.ok()) return nullptr;
  (kind == 'h' ? conditions->headers : conditions->query).push_back(*std::move(match));
  return conditions;
}

std::unique_ptr<Added> Parse(char kind, std::string_view host, std::string_view text, size_t number) {
  auto added = std::make_unique<Added>();
  added->host = host;
  added->key.name = std::to_string(number);
  added->match.route = &added->key;
  absl::StatusOr<PathPattern> path = PathPattern();
  if (kind == 'e') path = PathPattern::Exact(text);
  if (kind == 'p') path = PathPattern::Prefix(text);
  if (kind == 'r') path = PathPattern::Expression(text);
  if (!path.ok()) return nullptr;
  added->match.path = *std::move(path);
  if (kind == 'h' || kind == 'q') {
    added->match.conditions = OneCondition(kind, text);
    if (added->match.conditions == nullptr) return nullptr;
  }
  return added;
}

std::string_view TakeUntil(std::string_view& text, char end) {
  std::string_view taken = text.substr(0, text.find(end));
  text.remove_prefix(taken.size() < text.size() ? taken.size() + 1 : taken.size());
  return taken;
}

void Ask(Router& router, const penstock::router::testing::NaiveMatcher& naive, std::string_view line) {
  std::string_view host = TakeUntil(line, ' ');
  std::string_view path = TakeUntil(line, '?');
  penstock::http::Headers headers;
  headers.Add("x", line);
  headers.Add("x", host);
  Request request{"GET", host, path, line, &headers};
  router.Seal();
  LookupStats stats;
  const Match* found = router.FindCounting(request, stats);
  if (found != naive.Find(request) || found != router.Find(request)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Router router(size);
  penstock::router::testing::NaiveMatcher naive;
  std::vector<std::unique_ptr<Added>> live;
  size_t number = 0;
  while (!input.empty()) {
    std::string_view line = TakeUntil(input, '\n');
    if (line.empty()) continue;
    char kind = line[0];
    line.remove_prefix(1);
    if (kind == '?') {
      Ask(router, naive, line);
    } else if (kind == '-' && !live.empty()) {
      if (!router.Erase(live.front()->host, live.front()->match)) std::abort();
      naive.Erase(live.front()->host, live.front()->match);
      live.erase(live.begin());
    } else if (std::string_view("eprhq").find(kind) != std::string_view::npos && live.size() < 64) {
      std::string_view host = TakeUntil(line, ' ');
      std::unique_ptr<Added> added = Parse(kind, host, line, number++);
      if (added == nullptr) continue;
      router.Insert(added->host, added->match);
      naive.Insert(added->host, added->match);
      live.push_back(std::move(added));
    }
  }
  for (const auto& added : live) {
    if (!router.Erase(added->host, added->match)) std::abort();
  }
  if (!router.empty()) std::abort();
  return 0;
}
