#include "dataplane/http/h2/head_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "dataplane/base/strings.h"
#include "dataplane/http/h2/testing.h"

namespace penstock::http::h2 {
namespace {

using testing::FieldTexts;
using testing::Get;
using testing::Post;

// One head, read.
struct Read {
  explicit Read(const FieldTexts& fields, bool end_stream = true, HeadLimits limits = {},
                ExtendedConnect extended = ExtendedConnect::kNotOffered) {
    RequestHeadReader reader;
    reader.Begin(limits, extended, head, arena);
    for (const auto& [name, value] : fields) reader.Add(std::string(name), std::string(value));
    error = reader.End(end_stream);
  }

  Arena arena;
  RequestHead head;
  Error error;
};

TEST(RequestHeadReader, MakesTheHeadThatTheParserOfHttp1WouldMake) {
  Read read(Get({{"accept", "*/*"}, {"x-empty", ""}, {"user-agent", "a b\tc"}}));
  ASSERT_EQ(read.error, Error::kNone);
  EXPECT_EQ(read.head.version, Version::kHttp2);
  EXPECT_EQ(read.head.method, Method::kGet);
  EXPECT_EQ(read.head.method_text, "GET");
  EXPECT_EQ(read.head.target, "/");
  EXPECT_EQ(read.head.headers.Get(HeaderId::kHost), "a.test");
  EXPECT_EQ(read.head.headers.Get("accept"), "*/*");
  EXPECT_EQ(read.head.headers.Get("user-agent"), "a b\tc");
  EXPECT_TRUE(read.head.headers.Has("x-empty"));
  EXPECT_EQ(read.head.headers.size(), 4u);
  EXPECT_FALSE(read.head.framing.HasBody());
}

TEST(RequestHeadReader, RefusesWhatTheTableSays) {
  struct Row {
    const char* what;
    FieldTexts fields;
    Error error;
  };
  const std::string nul("a\0b", 3);
  const Row kRows[] = {
      {"upper case in a name", Get({{"X-Upper", "z"}}), Error::kFieldName},
      {"an empty name", Get({{"", "x"}}), Error::kFieldName},
      {"a blank in a name", Get({{"x y", "z"}}), Error::kFieldName},
      {"a colon in a name", Get({{"x:y", "z"}}), Error::kFieldName},
      {"NUL in a name", Get({{nul, "z"}}), Error::kFieldName},
      {"CR LF in a name", Get({{"x\r\ny", "z"}}), Error::kFieldName},
      {"a byte above ASCII in a name", Get({{"x\xe9", "z"}}), Error::kFieldName},
      {"an underscore", Get({{"x_y", "z"}}), Error::kUnderscoreInName},
      {"CR LF in a value", Get({{"x", "b\r\ntransfer-encoding: chunked"}}), Error::kFieldValue},
      {"LF in a value", Get({{"x", "b\nc"}}), Error::kFieldValue},
      {"NUL in a value", Get({{"x", nul}}), Error::kFieldValue},
      {"DEL in a value", Get({{"x", "a\x7f"}}), Error::kFieldValue},
      {"a blank before a value", Get({{"x", " a"}}), Error::kFieldValue},
      {"a tab behind a value", Get({{"x", "a\t"}}), Error::kFieldValue},
      {"a value of a blank", Get({{"x", " "}}), Error::kFieldValue},
      {"connection", Get({{"connection", "close"}}), Error::kConnectionField},
      {"keep-alive", Get({{"keep-alive", "1"}}), Error::kConnectionField},
      {"proxy-connection", Get({{"proxy-connection", "x"}}), Error::kConnectionField},
      {"transfer-encoding", Post({{"transfer-encoding", "chunked"}}), Error::kConnectionField},
      {"upgrade", Get({{"upgrade", "websocket"}}), Error::kConnectionField},
      {"te: gzip", Get({{"te", "gzip"}}), Error::kTe},
      {"te: trailers, gzip", Get({{"te", "trailers, gzip"}}), Error::kTe},
      {"an unknown pseudo-field", Get({{":foo", "bar"}}), Error::kPseudoField},
      {"a response's pseudo-field", Get({{":status", "200"}}), Error::kPseudoField},
      {"a repeated pseudo-field", Get({{":path", "/admin"}}), Error::kPseudoField},
      {"a colon alone", Get({{":", "x"}}), Error::kPseudoField},
      {"an upper-case pseudo-field", {{":METHOD", "GET"}}, Error::kPseudoField},
      {"a pseudo-field behind a field",
       {{":method", "GET"}, {"x", "y"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}},
       Error::kPseudoField},
      {"no method", {{":scheme", "http"}, {":authority", "a"}, {":path", "/"}}, Error::kPseudoField},
      {"no scheme", {{":method", "GET"}, {":authority", "a"}, {":path", "/"}}, Error::kPseudoField},
      {"no path", {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}}, Error::kPseudoField},
      {"nothing", {}, Error::kPseudoField},
      {"a blank in the method", {{":method", "GET /admin HTTP/1.1"}}, Error::kMethod},
      {"the method that is reserved", {{":method", "PRI"}}, Error::kMethod},
      {"an empty method", {{":method", ""}}, Error::kMethod},
      {"an endless method", {{":method", std::string(33, 'X')}}, Error::kMethodTooLong},
      {"a scheme of its own", {{":scheme", "ftp"}}, Error::kScheme},
      {"an empty scheme", {{":scheme", ""}}, Error::kScheme},
      {"a request line in the path", {{":path", "/ HTTP/1.1\r\nHost: a\r\n\r\nGET /admin"}}, Error::kPath},
      {"a blank in the path", {{":path", "/a b"}}, Error::kPath},
      {"an empty path", {{":path", ""}}, Error::kPath},
      {"an absolute path", {{":path", "http://a.test/"}}, Error::kPath},
      {"a path without a slash", {{":path", "admin"}}, Error::kPath},
      {"* for a GET", {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "*"}}, Error::kPath},
      {"a path above the limit", {{":path", "/" + std::string(8192, 'x')}}, Error::kPathTooLong},
      {"two authorities that differ", Get({{"host", "b.test"}}), Error::kAuthority},
      {"two Host fields", Get({{"host", "a.test"}, {"host", "a.test"}}), Error::kAuthority},
      {"an empty authority",
       {{":method", "GET"}, {":scheme", "http"}, {":authority", ""}, {":path", "/"}},
       Error::kAuthority},
      {"no authority at all", {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}, Error::kAuthority},
      {"a blank in the authority",
       {{":method", "GET"}, {":scheme", "http"}, {":authority", "a b"}, {":path", "/"}},
       Error::kAuthority},
      {"two lengths", Post({{"content-length", "5"}, {"content-length", "6"}}), Error::kContentLength},
      {"two equal lengths", Post({{"content-length", "5"}, {"content-length", "5"}}), Error::kContentLength},
      {"a length with a sign", Post({{"content-length", "+5"}}), Error::kContentLength},
      {"an empty length", Post({{"content-length", ""}}), Error::kContentLength},
      {"a length above 2^64", Post({{"content-length", "18446744073709551616"}}), Error::kContentLength},
      {"a length without content", Post({{"content-length", "5"}}), Error::kLengthMismatch},
      {"another expectation", Post({{"expect", "x"}}), Error::kExpectation},
      {"CONNECT with a path",
       {{":method", "CONNECT"}, {":scheme", "http"}, {":authority", "a:1"}, {":path", "/"}},
       Error::kPseudoField},
      {"CONNECT without an authority", {{":method", "CONNECT"}}, Error::kPseudoField},
      {"extended CONNECT that was not offered",
       {{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}},
       Error::kPseudoField},
      {":protocol without CONNECT",
       {{":method", "GET"}, {":protocol", "x"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}},
       Error::kPseudoField},
  };
  for (const Row& row : kRows) EXPECT_EQ(Read(row.fields).error, row.error) << row.what;
}

TEST(RequestHeadReader, FramesTheContentByWhatIsSaidAndWhetherTheStreamEnds) {
  using Kind = Framing::Kind;
  EXPECT_EQ(Read(Get(), true).head.framing.kind, Kind::kNone);
  EXPECT_EQ(Read(Get(), false).head.framing.kind, Kind::kChunked);
  Read post(Post(), true);
  EXPECT_EQ(post.head.framing.kind, Kind::kLength) << "an upstream is told that there is none";
  EXPECT_EQ(post.head.framing.length, 0u);
  Read known(Post({{"content-length", "5"}}), false);
  EXPECT_EQ(known.head.framing.kind, Kind::kLength);
  EXPECT_EQ(known.head.framing.length, 5u);
  EXPECT_EQ(Read(Post({{"content-length", "0"}}), true).error, Error::kNone);
}

TEST(RequestHeadReader, TakesTheAuthorityFromHostWhereThereIsNoOther) {
  Read read({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "b.test"}});
  EXPECT_EQ(read.error, Error::kNone);
  EXPECT_EQ(read.head.headers.Get(HeaderId::kHost), "b.test");
  EXPECT_EQ(Read(Get({{"host", "A.Test"}})).error, Error::kNone) << "the same host in another spelling";
}

TEST(RequestHeadReader, LetsTheSchemeBeInAnyCase) {
  EXPECT_EQ(Read({{":method", "GET"}, {":scheme", "HTTPS"}, {":authority", "a"}, {":path", "/"}}).error, Error::kNone);
}

TEST(RequestHeadReader, LetsConnectThroughToWhoeverRefusesIt) {
  Read read({{":method", "CONNECT"}, {":authority", "a.test:443"}}, false);
  EXPECT_EQ(read.error, Error::kNone);
  EXPECT_EQ(read.head.method, Method::kConnect);
  EXPECT_EQ(read.head.target, "a.test:443");
}

FieldTexts Connect(FieldTexts more = {}) {
  FieldTexts fields = {{":method", "CONNECT"},
                       {":protocol", "websocket"},
                       {":scheme", "https"},
                       {":authority", "a.test"},
                       {":path", "/chat?room=1"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

TEST(RequestHeadReader, MakesExtendedConnectTheGetThatWishesForAnotherProtocol) {
  for (bool end : {false, true}) {
    Read read(Connect({{"sec-websocket-version", "13"}}), end, {}, ExtendedConnect::kOffered);
    ASSERT_EQ(read.error, Error::kNone);
    EXPECT_EQ(read.head.method, Method::kGet);
    EXPECT_EQ(read.head.method_text, "GET");
    EXPECT_EQ(read.head.target, "/chat?room=1");
    EXPECT_EQ(read.head.upgrade, "websocket");
    EXPECT_EQ(read.head.headers.Get(HeaderId::kHost), "a.test");
    EXPECT_FALSE(read.head.framing.HasBody());
  }
}

TEST(RequestHeadReader, RefusesExtendedConnectThatIsNotWhole) {
  auto error = [](const FieldTexts& fields) { return Read(fields, false, {}, ExtendedConnect::kOffered).error; };
  for (size_t left_out : {0, 2, 3, 4}) {
    FieldTexts fields = Connect();
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(left_out));
    EXPECT_EQ(error(fields), Error::kPseudoField) << left_out;
  }
  FieldTexts get = Connect();
  get[0].second = "GET";
  EXPECT_EQ(error(get), Error::kPseudoField);
  FieldTexts list = Connect();
  list[1].second = "websocket, h2c";
  EXPECT_EQ(error(list), Error::kPseudoField);
  FieldTexts all = Connect();
  all[4].second = "*";
  EXPECT_EQ(error(all), Error::kPath);
  EXPECT_EQ(error(Connect({{":protocol", "websocket"}})), Error::kPseudoField);
  EXPECT_EQ(error(Connect({{"content-length", "0"}})), Error::kContentLength);
  EXPECT_EQ(error(Connect({{"upgrade", "websocket"}})), Error::kConnectionField);
  EXPECT_EQ(error(Connect({{"connection", "upgrade"}})), Error::kConnectionField);
}

TEST(RequestHeadReader, LetsTeSayTrailersAndOptionsAskForAll) {
  EXPECT_EQ(Read(Get({{"te", "trailers"}})).error, Error::kNone);
  Read options({{":method", "OPTIONS"}, {":scheme", "http"}, {":authority", "a"}, {":path", "*"}});
  EXPECT_EQ(options.error, Error::kNone);
  EXPECT_EQ(options.head.target, "*");
}

TEST(RequestHeadReader, JoinsCookieCrumbsButCountsEachOfThem) {
  Read read(Get({{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}, {"cookie", "c=3"}}));
  EXPECT_EQ(read.head.headers.Get(HeaderId::kCookie), "a=1; b=2; c=3");
  EXPECT_EQ(read.head.headers.Count(HeaderId::kCookie), 1u);
  FieldTexts crumbs;
  for (int i = 0; i < 97; ++i) crumbs.emplace_back("cookie", "a=1");
  EXPECT_EQ(Read(Get(crumbs)).error, Error::kTooManyHeaders);
  crumbs.pop_back();
  EXPECT_EQ(Read(Get(crumbs)).error, Error::kNone);
}

TEST(RequestHeadReader, HoldsTheLimits) {
  // ":authority", "a.test", ... and 32 for each field.
  size_t small = 0;
  for (const auto& [name, value] : Get()) small += name.size() + value.size() + 32;
  size_t room = 61440 - small - 32 - 1;
  EXPECT_EQ(Read(Get({{"x", std::string(room, 'v')}})).error, Error::kNone);
  EXPECT_EQ(Read(Get({{"x", std::string(room + 1, 'v')}})).error, Error::kHeadersTooLarge);
  EXPECT_EQ(Read(Get({{"x", "y"}}), true, {.header_count = 4}).error, Error::kTooManyHeaders);
  EXPECT_EQ(Read(Get(), true, {.header_count = 4}).error, Error::kNone);
}

TEST(RequestHeadReader, KeepsNothingOfWhatIsBeyondALimit) {
  Arena arena;
  RequestHead head;
  RequestHeadReader reader;
  reader.Begin({}, ExtendedConnect::kNotOffered, head, arena);
  std::string large(4000, 'v');
  for (int i = 0; i < 16'000; ++i) reader.Add("x-b", large);
  EXPECT_EQ(reader.End(true), Error::kHeadersTooLarge);
  EXPECT_LE(arena.bytes(), 61440u);
}

TEST(RequestHeadReader, WaitsForContentOnlyWhereThereIsSome) {
  EXPECT_TRUE(Read(Post({{"expect", "100-Continue"}}), false).head.expect_continue);
  EXPECT_FALSE(Read(Post({{"expect", "100-continue"}}), true).head.expect_continue);
}

TEST(TrailerReader, TakesFieldsAndRefusesWhatTheTableSays) {
  struct Row {
    const char* what;
    FieldTexts fields;
    Error error;
  };
  FieldTexts many;
  for (int i = 0; i < 101; ++i) many.emplace_back(StrCat("x-", i), "v");
  const Row kRows[] = {
      {"two fields", {{"grpc-status", "0"}, {"x", ""}}, Error::kNone},
      {"a pseudo-field", {{":path", "/admin"}}, Error::kTrailers},
      {"upper case", {{"X", "y"}}, Error::kTrailers},
      {"an underscore", {{"x_y", "z"}}, Error::kTrailers},
      {"a line end", {{"x", "y\r\nz: 1"}}, Error::kTrailers},
      {"transfer-encoding", {{"transfer-encoding", "chunked"}}, Error::kTrailers},
      {"too many", many, Error::kTrailers},
      {"too large", {{"x", std::string(62'000, 'v')}}, Error::kTrailers},
  };
  for (const Row& row : kRows) {
    Arena arena;
    Headers trailers;
    TrailerReader reader;
    reader.Begin({}, trailers, arena);
    for (const auto& [name, value] : row.fields) reader.Add(name, value);
    EXPECT_EQ(reader.End(), row.error) << row.what;
    if (row.error == Error::kNone) EXPECT_EQ(trailers.size(), row.fields.size());
  }
}

}  // namespace
}  // namespace penstock::http::h2
