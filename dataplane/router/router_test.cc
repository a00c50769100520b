#include "dataplane/router/router.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "dataplane/http/headers.h"

namespace penstock::router {
namespace {

// Routes that live as long as the table, named by their path.
class Table {
 public:
  Match& Add(const std::string& host, absl::StatusOr<PathPattern> path,
             std::unique_ptr<Conditions> conditions = nullptr) {
    keys_.push_back(std::make_unique<RouteKey>());
    keys_.back()->name = std::to_string(1'000'000 + keys_.size());
    matches_.push_back(std::make_unique<Match>());
    Match& match = *matches_.back();
    match.path = *path;
    match.conditions = std::move(conditions);
    match.route = keys_.back().get();
    router_.Insert(host, match);
    return match;
  }
  RouteKey& key(const Match& match) { return const_cast<RouteKey&>(*match.route); }

  std::string Find(std::string_view host, std::string_view path) {
    router_.Seal();
    const Match* match = router_.Find({"GET", host, path, "", nullptr});
    return match == nullptr ? "none" : match->path.DebugString();
  }
  LookupStats Work(const Request& request) {
    router_.Seal();
    LookupStats stats;
    EXPECT_NE(router_.FindCounting(request, stats), nullptr);
    return stats;
  }
  Router& router() { return router_; }

 private:
  Router router_{1};
  std::vector<std::unique_ptr<RouteKey>> keys_;
  std::vector<std::unique_ptr<Match>> matches_;
};

TEST(Router, GoesExactThenTemplateThenExpressionThenPrefix) {
  Table table;
  table.Add("", PathPattern::Prefix("/a/b"));
  EXPECT_EQ(table.Find("h", "/a/b"), "PathPrefix /a/b (4 chars)");
  table.Add("", PathPattern::Expression("/a/b.*"));
  EXPECT_EQ(table.Find("h", "/a/b"), "RegularExpression /a/b.*");
  table.Add("", PathPattern::Expression("/[^/]+/b"));
  EXPECT_EQ(table.Find("h", "/a/b"), "RegularExpression /[^/]+/b");
  table.Add("", PathPattern::Expression("/a/[^/]+"));
  EXPECT_EQ(table.Find("h", "/a/b"), "RegularExpression /a/[^/]+");
  table.Add("", PathPattern::Exact("/a/b"));
  EXPECT_EQ(table.Find("h", "/a/b"), "Exact /a/b");
}

TEST(Router, TellsPrefixesBySegmentsAndExactPathsByBytes) {
  Table table;
  table.Add("", PathPattern::Prefix("/a/"));
  table.Add("", PathPattern::Exact("/b/"));
  EXPECT_EQ(table.Find("h", "/a"), "PathPrefix /a (2 chars)");
  EXPECT_EQ(table.Find("h", "/a/"), "PathPrefix /a (2 chars)");
  EXPECT_EQ(table.Find("h", "/a/x"), "PathPrefix /a (2 chars)");
  EXPECT_EQ(table.Find("h", "/ab"), "none");
  EXPECT_EQ(table.Find("h", "/b/"), "Exact /b/");
  EXPECT_EQ(table.Find("h", "/b"), "none");
  EXPECT_EQ(table.Find("h", "*"), "none");
}

TEST(Router, FallsThroughToALessSpecificHost) {
  Table table;
  table.Add("a.b.test", PathPattern::Prefix("/exact"));
  table.Add("*.b.test", PathPattern::Prefix("/long"));
  table.Add("*.test", PathPattern::Prefix("/short"));
  table.Add("", PathPattern::Prefix("/"));
  EXPECT_EQ(table.Find("a.b.test", "/exact"), "PathPrefix /exact (6 chars)");
  EXPECT_EQ(table.Find("a.b.test", "/long"), "PathPrefix /long (5 chars)");
  EXPECT_EQ(table.Find("a.b.test", "/short"), "PathPrefix /short (6 chars)");
  EXPECT_EQ(table.Find("b.test", "/long"), "PathPrefix / (1 chars)");
  EXPECT_EQ(table.Find("test", "/short"), "PathPrefix / (1 chars)");
}

TEST(Router, TakesASegmentThatIsANulByteForNoWildcard) {
  Table table;
  const std::string path("/\0/", 3);
  table.Add("", PathPattern::Expression(path));
  EXPECT_EQ(table.Find("h", path), "RegularExpression " + path);
  EXPECT_EQ(table.Find("h", "/a/"), "none");
}

TEST(Router, TestsEachValueOfAHeaderByItself) {
  Table table;
  auto conditions = std::make_unique<Conditions>();
  conditions->headers.push_back(*FieldMatch::Exact("x-a", "2"));
  table.Add("", PathPattern::Prefix("/"), std::move(conditions));
  table.router().Seal();
  http::Headers headers;
  headers.Add("x-a", "1");
  Request request{"GET", "h", "/", "", &headers};
  EXPECT_EQ(table.router().Find(request), nullptr);
  headers.Add("x-a", "2");
  EXPECT_NE(table.router().Find(request), nullptr);
  headers.Clear();
  headers.Add("x-a", "1, 2");
  EXPECT_EQ(table.router().Find(request), nullptr);
}

TEST(Router, ComparesTheFirstDecodedQueryParameter) {
  Table table;
  auto conditions = std::make_unique<Conditions>();
  conditions->query.push_back(*FieldMatch::Exact("p", "a b"));
  table.Add("", PathPattern::Prefix("/"), std::move(conditions));
  table.router().Seal();
  auto found = [&](std::string_view query) {
    return table.router().Find({"GET", "h", "/", query, nullptr}) != nullptr;
  };
  EXPECT_TRUE(found("p=a+b"));
  EXPECT_TRUE(found("x&p=a%20b&p=2"));
  EXPECT_TRUE(found("%70=a%20b"));
  EXPECT_FALSE(found("p=2&p=a+b"));
  EXPECT_FALSE(found("P=a+b"));
  EXPECT_FALSE(found(""));
}

TEST(Router, DoesTheSameWorkAtAnyNumberOfRoutes) {
  LookupStats first;
  for (int count : {10, 1000, 100'000}) {
    Table table;
    for (int i = 0; i < count; ++i) {
      std::string number = std::to_string(1'000'000 + i);
      table.Add("h" + number.substr(4) + ".test", PathPattern::Prefix("/v1/" + number));
    }
    LookupStats work = table.Work({"GET", "h005.test", "/v1/1000005/x", "", nullptr});
    if (count == 10) first = work;
    EXPECT_EQ(work, first) << count << ": nodes " << work.nodes << " pages " << work.pages << " bytes " << work.bytes;
  }
}

TEST(Router, FindsOneOfManyHeaderValuesWithoutTryingThemAll) {
  Table table;
  for (int i = 0; i < 1000; ++i) {
    auto conditions = std::make_unique<Conditions>();
    conditions->headers.push_back(*FieldMatch::Exact("x-tenant", std::to_string(i)));
    table.Add("", PathPattern::Prefix("/"), std::move(conditions));
  }
  http::Headers headers;
  headers.Add("x-tenant", "777");
  EXPECT_EQ(table.Work({"GET", "h", "/", "", &headers}).conditions, 1u);
}

TEST(Router, StaysFastWhenAllRoutesAreAlike) {
  Table table;
  for (int i = 0; i < 20'000; ++i) table.Add("", PathPattern::Prefix("/"));
  EXPECT_LT(table.Work({"GET", "h", "/", "", nullptr}).nodes, 100u);
}

TEST(PathPattern, RefusesWhatNoCanonicalPathHolds) {
  for (const char* path : {"", "a", "/a//b", "/a/../b", "/a/.", "/a%2fb", "/a b", "/a#b", "/a?b"}) {
    EXPECT_FALSE(PathPattern::Exact(path).ok()) << path;
    EXPECT_FALSE(PathPattern::Prefix(path).ok()) << path;
  }
  EXPECT_FALSE(PathPattern::Prefix("/" + std::string(kMaxPathLength, 'a')).ok());
}

TEST(PathPattern, RefusesExpressionsThatAreTooLargeOrWrong) {
  EXPECT_FALSE(PathPattern::Expression("/(").ok());
  EXPECT_FALSE(PathPattern::Expression("/(a)\\1").ok());
  EXPECT_FALSE(PathPattern::Expression("/" + std::string(kMaxRegexLength, 'a')).ok());
  EXPECT_FALSE(PathPattern::Expression("/(([a-z]{100}){10}){3}").ok());
}

TEST(PathPattern, KnowsTemplatesAndLiteralPrefixes) {
  auto kind = [](const char* text) { return PathPattern::Expression(text)->kind(); };
  auto literal = [](const char* text) { return PathPattern::Expression(text)->literal_prefix(); };
  for (const char* text : {"/a/[^/]+", "/[^/]+/b", "^/a/[^/]+$", "/a\\.b/[^/]+/", "/a"}) {
    EXPECT_EQ(kind(text), PathPattern::Kind::kTemplate) << text;
  }
  for (const char* text : {"/a/[^/]*", "/a[^/]+", "/a/[^/]+b", "/a.b", "/a?", "[^/]+", "/a|/b", "/(a)", "/a+/[^/]+"}) {
    EXPECT_EQ(kind(text), PathPattern::Kind::kExpression) << text;
  }
  EXPECT_EQ(literal("/a/b.*"), 4u);
  EXPECT_EQ(literal("/a/b?"), 3u);
  EXPECT_EQ(literal("/a/(b|c)"), 3u);
  EXPECT_EQ(literal("/a|/b"), 0u);
  EXPECT_EQ(literal("/a[^](]|/b"), 0u);
  EXPECT_EQ(literal("/a[[:alpha:](]|/b"), 0u);
}

}  // namespace
}  // namespace penstock::router
