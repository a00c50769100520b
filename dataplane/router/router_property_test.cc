#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "dataplane/router/naive_matcher.h"
#include "dataplane/router/router.h"
#include "dataplane/router/testing.h"

namespace penstock::router {
namespace {

using testing::Generator;
using testing::NaiveMatcher;
using testing::TestRequest;
using testing::TestRoute;

std::string Describe(const Match* match) {
  if (match == nullptr) return "no match";
  return match->route->name + " rule " + std::to_string(match->rule) + " match " + std::to_string(match->index) + " " +
         match->path.DebugString();
}

// Routes come and go; every version keeps answering as the text says, also after newer ones were made.
void CompareWithNaiveMatcher(uint64_t seed, int routes, int requests) {
  Generator generator(seed);
  Router router(seed);
  NaiveMatcher naive;
  std::vector<std::unique_ptr<TestRoute>> live;
  for (int i = 0; i < routes; ++i) {
    live.push_back(generator.Route(i));
    for (const auto& match : live.back()->matches) {
      router.Insert(live.back()->host, *match);
      naive.Insert(live.back()->host, *match);
    }
  }
  router.Seal();
  // A version without every third route shares its nodes.
  Router smaller = router;
  NaiveMatcher smaller_naive = naive;
  for (size_t i = 0; i < live.size(); i += 3) {
    for (const auto& match : live[i]->matches) {
      ASSERT_TRUE(smaller.Erase(live[i]->host, *match));
      smaller_naive.Erase(live[i]->host, *match);
    }
  }
  smaller.Seal();
  http::Headers headers;
  for (int i = 0; i < requests; ++i) {
    TestRequest text = generator.Request();
    Request request = text.View(headers);
    ASSERT_EQ(Describe(router.Find(request)), Describe(naive.Find(request)))
        << text.method << " " << text.host << " " << text.path << "?" << text.query << " seed " << seed;
    ASSERT_EQ(Describe(smaller.Find(request)), Describe(smaller_naive.Find(request)))
        << text.method << " " << text.host << " " << text.path << "?" << text.query << " seed " << seed;
  }
}

TEST(RouterProperty, AgreesWithTheNaiveMatcherOnRandomRequestsOverRandomRoutes) {
  for (uint64_t seed = 0; seed < 500; ++seed) CompareWithNaiveMatcher(seed, 1 + seed % 60, 100);
}

TEST(RouterProperty, TakingOutEveryMatchLeavesNothing) {
  Generator generator(7);
  Router router(7);
  std::vector<std::unique_ptr<TestRoute>> live;
  for (int i = 0; i < 200; ++i) {
    live.push_back(generator.Route(i));
    for (const auto& match : live.back()->matches) router.Insert(live.back()->host, *match);
  }
  for (const auto& route : live) {
    for (const auto& match : route->matches) {
      ASSERT_TRUE(router.Erase(route->host, *match));
      ASSERT_FALSE(router.Erase(route->host, *match));
    }
  }
  router.Seal();
  EXPECT_TRUE(router.empty());
  size_t left = 0;
  router.ForEach([&](std::string_view, const Match&) { ++left; });
  EXPECT_EQ(left, 0u);
}

}  // namespace
}  // namespace penstock::router
