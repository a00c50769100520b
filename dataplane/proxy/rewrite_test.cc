#include "dataplane/proxy/rewrite.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::proxy {
namespace {

router::Match PrefixMatch(std::string_view prefix) {
  router::Match match;
  match.path = *router::PathPattern::Prefix(prefix);
  return match;
}

TEST(RewritePath, ReplacesTheMatchedPrefixSegmentBySegment) {
  struct Case {
    const char* prefix;
    const char* path;
    const char* with;
    const char* result;
  };
  // The table of the Gateway API's HTTPPathModifier.
  const Case cases[] = {
      {"/foo", "/foo/bar", "/xyz", "/xyz/bar"},
      {"/foo", "/foo/bar", "/xyz/", "/xyz/bar"},
      {"/foo/", "/foo/bar", "/xyz", "/xyz/bar"},
      {"/foo/", "/foo/bar", "/xyz/", "/xyz/bar"},
      {"/foo", "/foo", "/xyz", "/xyz"},
      {"/foo", "/foo/", "/xyz", "/xyz/"},
      {"/foo", "/foo/bar", "", "/bar"},
      {"/foo/", "/foo/bar", "", "/bar"},
      {"/foo", "/foo", "", "/"},
      {"/foo/", "/foo/", "", "/"},
      {"/foo", "/foo/", "/", "/"},
      {"/foo", "/foo", "/", "/"},
      {"/", "/foo", "/xyz", "/xyz/foo"},
  };
  for (const Case& c : cases) {
    Arena arena;
    router::Match match = PrefixMatch(c.prefix);
    EXPECT_EQ(RewritePath(c.path, snapshot::ReplacePrefix{c.with}, match, arena), c.result)
        << c.prefix << " -> " << c.with << " of " << c.path;
  }
}

TEST(RewritePath, ReplacesTheWholePath) {
  Arena arena;
  router::Match match = PrefixMatch("/foo");
  EXPECT_EQ(RewritePath("/foo/bar", snapshot::ReplaceFullPath{"/new"}, match, arena), "/new");
  EXPECT_EQ(RewritePath("/foo/bar", snapshot::KeepPath{}, match, arena), "/foo/bar");
}

TEST(RedirectLocation, FollowsTheRulesOfTheGatewayApiForPorts) {
  struct Case {
    const char* scheme;
    uint16_t port;
    uint16_t listener;
    const char* location;
  };
  const Case cases[] = {
      {"", 0, 80, "http://a.test/x?q=1"},           {"", 0, 8080, "http://a.test:8080/x?q=1"},
      {"https", 0, 8080, "https://a.test/x?q=1"},   {"http", 0, 8080, "http://a.test/x?q=1"},
      {"https", 443, 80, "https://a.test/x?q=1"},   {"https", 8443, 80, "https://a.test:8443/x?q=1"},
      {"", 80, 8080, "http://a.test/x?q=1"},        {"", 8081, 8080, "http://a.test:8081/x?q=1"},
      {"http", 443, 80, "http://a.test:443/x?q=1"},
  };
  for (const Case& c : cases) {
    Arena arena;
    router::Match match = PrefixMatch("/");
    snapshot::Redirect redirect{.scheme = c.scheme, .hostname = "", .path = {}, .port = c.port, .status = 302};
    RedirectFacts facts{
        .scheme = "http", .host = "a.test", .path = "/x", .query = "q=1", .has_query = true, .port = c.listener};
    EXPECT_EQ(RedirectLocation(facts, redirect, match, arena), c.location);
  }
}

TEST(Rewrite, RefusesWhatIsNoPath) {
  Arena arena;
  http::RequestHead request;
  request.path = "/foo/bar";
  router::Match match = PrefixMatch("/foo");
  const snapshot::UrlRewrite bad{.hostname = "", .path = snapshot::ReplaceFullPath{"no slash"}};
  EXPECT_FALSE(Rewrite(request, bad, match, arena));
  const snapshot::UrlRewrite good{.hostname = "b.test", .path = snapshot::ReplacePrefix{"/a//b/.."}};
  ASSERT_TRUE(Rewrite(request, good, match, arena));
  EXPECT_EQ(request.path, "/a/bar");
  EXPECT_EQ(request.authority, "b.test");
}

}  // namespace
}  // namespace penstock::proxy
