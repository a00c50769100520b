#include "dataplane/http/uri.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace penstock::http {
namespace {

constexpr TargetResult kOk = TargetResult::kOk;
constexpr TargetResult kEscape = TargetResult::kBadEscape;
constexpr TargetResult kTarget = TargetResult::kBadTarget;
constexpr TargetResult kAmbiguous = TargetResult::kAmbiguousPath;

struct PathCase {
  const char* raw;
  TargetResult result;
  const char* path;
};

std::string Canonical(std::string_view raw, EscapedSlashes mode, TargetResult& result) {
  Arena arena;
  std::string_view path;
  result = CanonicalPath(raw, mode, arena, path);
  return std::string(path);
}

TEST(CanonicalPath, IsOneFormOfEveryPath) {
  const PathCase cases[] = {
      {"/", kOk, "/"},
      {"/users/1", kOk, "/users/1"},
      {"/a/", kOk, "/a/"},
      {"/a:b@c!$&'()*+,=-_~.", kOk, "/a:b@c!$&'()*+,=-_~."},
      {"//admin/x", kOk, "/admin/x"},
      {"/a///b//", kOk, "/a/b/"},
      {"/./admin/x", kOk, "/admin/x"},
      {"/admin/./x", kOk, "/admin/x"},
      {"/echo/../admin/x", kOk, "/admin/x"},
      {"/echo/%2e%2e/admin/x", kOk, "/admin/x"},
      {"/echo/.%2E/admin", kOk, "/admin"},
      {"/a/..", kOk, "/"},
      {"/a/b/..", kOk, "/a/"},
      {"/a/b/.", kOk, "/a/b/"},
      {"/api../admin/x", kOk, "/api../admin/x"},
      {"/...", kOk, "/..."},
      {"/.well-known/x", kOk, "/.well-known/x"},
      {"/%61dmin/x", kOk, "/admin/x"},
      {"/%7Euser/%2D%5f", kOk, "/~user/-_"},
      {"/a%20b", kOk, "/a%20b"},
      {"/echo/%252e%252e/x", kOk, "/echo/%252e%252e/x"},
      {"/%3a%3B", kOk, "/%3A%3B"},
      {"/caf%c3%a9", kOk, "/caf%C3%A9"},
      {"/%f0%9f%98%80", kOk, "/%F0%9F%98%80"},
      {"/a|b{c}[d]^", kOk, "/a%7Cb%7Bc%7D%5Bd%5D%5E"},
      {"/a%2Fb", kAmbiguous, ""},
      {"/a%5cb", kAmbiguous, ""},
      {"/a;b", kAmbiguous, ""},
      {"/echo/..;/x", kAmbiguous, ""},
      {"/..", kAmbiguous, ""},
      {"/a/../../b", kAmbiguous, ""},
      {"/a%00", kEscape, ""},
      {"/a%0d%0ab", kEscape, ""},
      {"/a%7f", kEscape, ""},
      {"/%", kEscape, ""},
      {"/%4", kEscape, ""},
      {"/%zz", kEscape, ""},
      {"/%c0%ae", kEscape, ""},
      {"/%e0%80%af", kEscape, ""},
      {"/%ed%a0%80", kEscape, ""},
      {"/%f4%90%80%80", kEscape, ""},
      {"/%ff", kEscape, ""},
      {"/%c3", kEscape, ""},
      {"/%c3a", kEscape, ""},
      {"/a\\b", kTarget, ""},
      {"/a#b", kTarget, ""},
      {"/a b", kTarget, ""},
      {"/a\"b", kTarget, ""},
      {"/caf\xc3\xa9", kTarget, ""},
      {"a", kTarget, ""},
      {"", kTarget, ""},
  };
  for (const PathCase& c : cases) {
    TargetResult result;
    std::string path = Canonical(c.raw, EscapedSlashes::kReject, result);
    EXPECT_EQ(result, c.result) << c.raw << ": " << TargetResultText(result);
    if (result == kOk) EXPECT_EQ(path, c.path) << c.raw;
  }
}

TEST(CanonicalPath, IsAFixedPoint) {
  for (const char* raw : {"//a/%2e%2E/b/%7e|", "/%252e/./x%20y", "/a/b/../c/..", "/%c3%a9//"}) {
    TargetResult result;
    std::string once = Canonical(raw, EscapedSlashes::kReject, result);
    ASSERT_EQ(result, kOk);
    EXPECT_EQ(Canonical(once, EscapedSlashes::kReject, result), once);
    EXPECT_EQ(result, kOk);
  }
}

TEST(CanonicalPath, KeepsEscapedSeparatorsWhereToldTo) {
  TargetResult result;
  EXPECT_EQ(Canonical("/a%2fb/..;x/%5c%ff", EscapedSlashes::kKeep, result), "/a%2Fb/..;x/%5C%FF");
  EXPECT_EQ(result, kOk);
  Canonical("/a%00", EscapedSlashes::kKeep, result);
  EXPECT_EQ(result, kEscape);
  Canonical("/a\\", EscapedSlashes::kKeep, result);
  EXPECT_EQ(result, kTarget);
}

TEST(CanonicalPath, RedirectsToTheUnescapedFormWhereToldTo) {
  TargetResult result;
  EXPECT_EQ(Canonical("/echo/..%2fadmin%5Cx", EscapedSlashes::kRedirect, result), "/admin/x");
  EXPECT_EQ(result, TargetResult::kRedirect);
  Canonical("/a;b", EscapedSlashes::kRedirect, result);
  EXPECT_EQ(result, kAmbiguous);
}

struct HostCase {
  const char* raw;
  bool ok;
  const char* text;
  const char* host;
  int port;
};

TEST(WithoutEscapedDelimiters, UnescapesThoseThatAPathMayHoldAndNothingElse) {
  Arena arena;
  EXPECT_EQ(WithoutEscapedDelimiters("/a%3Ab%24%40", arena), "/a:b$@");
  EXPECT_EQ(WithoutEscapedDelimiters("%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40", arena), kPathDelimiters);
  EXPECT_EQ(WithoutEscapedDelimiters("/x%3A", arena), "/x:");
  for (std::string_view same : {"", "/", "/a:b", "/a%253Ab", "/a%20b%C3%A9", "/a%2Fb%5Cc", "/%", "/%3", "/%3G"}) {
    EXPECT_EQ(WithoutEscapedDelimiters(same, arena).data(), same.data()) << same;
  }
}

TEST(CanonicalAuthority, SplitsAndLowersTheHost) {
  const HostCase cases[] = {
      {"a.test", true, "a.test", "a.test", 0},
      {"A.Test:18080", true, "a.test:18080", "a.test", 18080},
      {"a.test.", true, "a.test", "a.test", 0},
      {"a.test.:80", true, "a.test:80", "a.test", 80},
      {"my_service", true, "my_service", "my_service", 0},
      {"127.0.0.1:8080", true, "127.0.0.1:8080", "127.0.0.1", 8080},
      {"[::1]", true, "[::1]", "[::1]", 0},
      {"[FE80::1]:443", true, "[fe80::1]:443", "[fe80::1]", 443},
      {"", false, "", "", 0},
      {".", false, "", "", 0},
      {"a..b", false, "", "", 0},
      {".a", false, "", "", 0},
      {"a.test..", false, "", "", 0},
      {"a.test:", false, "", "", 0},
      {"a.test:0", false, "", "", 0},
      {"a.test:99999", false, "", "", 0},
      {"a.test:080808", false, "", "", 0},
      {"a.test:8x", false, "", "", 0},
      {"a.test:80:80", false, "", "", 0},
      {"a.test, b.test", false, "", "", 0},
      {"a.test/x", false, "", "", 0},
      {"user@a.test", false, "", "", 0},
      {"a~b", false, "", "", 0},
      {"a%2eb", false, "", "", 0},
      {"caf\xc3\xa9", false, "", "", 0},
      {"[::1", false, "", "", 0},
      {"[::1]x", false, "", "", 0},
      {"[::1%25eth0]", false, "", "", 0},
      {"[1.2.3.4]", false, "", "", 0},
      {"::1", false, "", "", 0},
  };
  for (const HostCase& c : cases) {
    Arena arena;
    Authority authority;
    TargetResult result = CanonicalAuthority(c.raw, arena, authority);
    EXPECT_EQ(result == kOk, c.ok) << c.raw;
    if (result != kOk) continue;
    EXPECT_EQ(authority.text, c.text);
    EXPECT_EQ(authority.host, c.host);
    EXPECT_EQ(authority.port, c.port);
  }
}

RequestHead& Head(RequestHead& head, std::string_view method, std::string_view target, std::string_view host) {
  head.Clear();
  head.method_text = method;
  head.method = ParseMethod(method);
  head.target = target;
  if (!host.empty()) head.headers.Add(HeaderId::kHost, host);
  return head;
}

TEST(ResolveTarget, SplitsPathAndQuery) {
  Arena arena;
  RequestHead head;
  ASSERT_EQ(ResolveTarget(Head(head, "GET", "/a?x=1&y=//?", "a.test"), "http", EscapedSlashes::kReject, arena), kOk);
  EXPECT_EQ(head.path, "/a");
  EXPECT_EQ(head.query, "x=1&y=//?");
  EXPECT_TRUE(head.has_query);
  ASSERT_EQ(ResolveTarget(Head(head, "GET", "/a?", "a.test"), "http", EscapedSlashes::kReject, arena), kOk);
  EXPECT_TRUE(head.has_query);
  EXPECT_EQ(head.query, "");
  EXPECT_EQ(ResolveTarget(Head(head, "GET", "/a?x#y", "a.test"), "http", EscapedSlashes::kReject, arena), kTarget);
}

TEST(ResolveTarget, PrefersTheAuthorityOfTheAbsoluteForm) {
  Arena arena;
  RequestHead head;
  ASSERT_EQ(
      ResolveTarget(Head(head, "GET", "HTTP://A.test:81/echo?q", "b.test"), "http", EscapedSlashes::kReject, arena),
      kOk);
  EXPECT_EQ(head.host, "a.test");
  EXPECT_EQ(head.authority, "a.test:81");
  EXPECT_EQ(head.port, 81);
  EXPECT_EQ(head.path, "/echo");
  ASSERT_EQ(ResolveTarget(Head(head, "GET", "http://a.test?q", "b.test"), "http", EscapedSlashes::kReject, arena), kOk);
  EXPECT_EQ(head.path, "/");
  EXPECT_EQ(head.query, "q");
}

TEST(ResolveTarget, RefusesWhatIsNoTargetOfAProxyLikeThis) {
  struct Case {
    const char* method;
    const char* target;
    const char* host;
    TargetResult result;
  };
  const Case cases[] = {
      {"GET", "echo", "a.test", kTarget},
      {"GET", "*", "a.test", TargetResult::kMethodNeedsTarget},
      {"GET", "ftp://a.test/echo", "a.test", TargetResult::kBadScheme},
      {"GET", "https://a.test/echo", "a.test", TargetResult::kBadScheme},
      {"GET", "http://user@a.test/", "a.test", TargetResult::kBadHost},
      {"GET", "http:///x", "a.test", TargetResult::kBadHost},
      {"GET", "http://a.test/", "b test", TargetResult::kBadHost},
      {"GET", "/", "", TargetResult::kMissingHost},
      {"GET", "\\echo", "a.test", kTarget},
      {"CONNECT", "a.test:80", "a.test:80", kTarget},
  };
  for (const Case& c : cases) {
    Arena arena;
    RequestHead head;
    TargetResult result = ResolveTarget(Head(head, c.method, c.target, c.host), "http", EscapedSlashes::kReject, arena);
    EXPECT_EQ(result, c.result) << c.method << " " << c.target << ": " << TargetResultText(result);
  }
}

TEST(ResolveTarget, LetsOptionsAskAboutTheServer) {
  Arena arena;
  RequestHead head;
  ASSERT_EQ(ResolveTarget(Head(head, "OPTIONS", "*", "a.test"), "http", EscapedSlashes::kReject, arena), kOk);
  EXPECT_EQ(head.path, "*");
  ASSERT_EQ(ResolveTarget(Head(head, "OPTIONS", "http://a.test", "a.test"), "http", EscapedSlashes::kReject, arena),
            kOk);
  EXPECT_EQ(head.path, "*");
}

}  // namespace
}  // namespace penstock::http
