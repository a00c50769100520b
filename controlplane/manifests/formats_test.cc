#include "controlplane/manifests/formats.h"

#include "controlplane/manifests/line_index.h"
#include "controlplane/manifests/scalar.h"
#include "gtest/gtest.h"

namespace penstock::manifests {
namespace {

struct FormatCase {
  const char* format;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

TEST(Formats, TakeWhatTheStandardsSay) {
  const std::vector<FormatCase> cases = {
      {"duration",
       {"2s", "1h30m", "250ms", "0s", "99999h"},
       {"", "2", "s", "1.5s", "-1s", "123456s", "1s1s1s1s1s", "1d"}},
      {"hostname",
       {"a", "a.example", "xn--bcher-kva.example"},
       {"", "*.a", "A.example", "a..b", "-a", "a-", "10.0.0.1", "a:80", "a.", "a_b"}},
      {"hostname_or_wildcard", {"a.example", "*.example"}, {"*", "*.", "a.*.b", "**.a", "*.10.0.0.1"}},
      {"cidr", {"10.0.0.0/8", "::/0", "2001:db8::/32"}, {"10.0.0.0", "10.0.0.0/33", "x/8", "10.0.0.0/", "10.0/8"}},
      {"ip", {"10.0.0.1", "::1"}, {"", "10.0.0", "010.0.0.1", "a", "[::1]"}},
      {"header_name", {"x-api", "X_a", "*"}, {"", "a b", "a:", "\xC3\xA9"}},
      {"header_value", {"", "a b", "v=1; q"}, {" a", "a ", "a\r\nb", std::string("a\0b", 3), "\xC3\xA9"}},
      {"label_value", {"", "a", "A.b_c-1"}, {"-a", "a-", "a/b", std::string(64, 'a')}},
      {"dns_label", {"a", "1", "a-b"}, {"", "a.b", "A", std::string(64, 'a')}},
      {"dns_subdomain", {"a", "a.b", "1.5"}, {"", ".", "a.", "A", std::string(254, 'a')}},
      {"cors_origin",
       {"*", "https://a.example", "https://*.a.example:8443", "http://[::1]:80"},
       {"", "a.example", "https://", "https://a/b", "null"}},
      {"percent", {"20%", "0%", "100%", "12.5%"}, {"20", "%", "101%", "-1%", "nan%"}},
      {"regex", {"[^/]+", "a|b"}, {"(", "(?=a)", "a\\1"}},
      {"absolute_path", {"/", "/a/b%20c"}, {"", "a", "/a b", "/%2", "/a?b"}},
      {"socket_path",
       {"/a", "/run/app.sock", "@app", "/" + std::string(106, 'a')},
       {"", "/", "@", "run/app.sock", "/" + std::string(107, 'a'), std::string("/a\0b", 4)}},
      {"upgrade", {"websocket", "my-own_1.0"}, {"", "WebSocket", "h2c", "tls", "a/1", "a,b", "a b"}},
      {"realm", {"shop", "The shop's (inner) part"}, {"", "a\"b", "a\\b", "a\nb", "\xC3\xA9"}},
      {"user_name", {"ada", "ada m.", "\xC3\xA9", "a@b"}, {"", "a:b", "a\nb", std::string("a\0b", 3), "\x7F"}},
      {"quantity", {"64Ki", "10M", "1.5G", "7"}, {"", "Ki", "1 M", "-1"}},
  };
  for (const FormatCase& c : cases) {
    const Format* format = FindFormat(c.format);
    ASSERT_NE(format, nullptr) << c.format;
    for (const std::string& text : c.good) EXPECT_TRUE(format->matches(text)) << c.format << " " << text;
    for (const std::string& text : c.bad) EXPECT_FALSE(format->matches(text)) << c.format << " " << text;
  }
}

TEST(Scalars, AreThoseOfTheCoreSchema) {
  for (const char* text :
       {"no", "on", "y", "12:30", "1_000", "2026-01-01", "0b1", "1e", "+", "-", ".", "0x", "tRue", "1.2.3"}) {
    EXPECT_EQ(TypeOf(text), ScalarType::kText) << text;
  }
  for (const char* text : {"0", "-1", "+5", "012", "0x1F", "0o17"})
    EXPECT_EQ(TypeOf(text), ScalarType::kInteger) << text;
  for (const char* text : {"1.0", ".5", "1.", "1e3", "-1.5E-3", ".inf", "-.INF", ".nan"}) {
    EXPECT_EQ(TypeOf(text), ScalarType::kFloat) << text;
  }
  for (const char* text : {"", "~", "null", "NULL"}) EXPECT_EQ(TypeOf(text), ScalarType::kNull) << text;
  for (const char* text : {"true", "False"}) EXPECT_EQ(TypeOf(text), ScalarType::kBool) << text;
}

TEST(Scalars, ReadIntegersExactly) {
  int64_t number = 0;
  EXPECT_EQ(ReadInteger("-9223372036854775808", number), IntegerProblem::kNone);
  EXPECT_EQ(number, INT64_MIN);
  EXPECT_EQ(ReadInteger("9223372036854775808", number), IntegerProblem::kTooLarge);
  EXPECT_EQ(ReadInteger("0x1F", number), IntegerProblem::kNone);
  EXPECT_EQ(number, 31);
  EXPECT_EQ(ReadInteger("007", number), IntegerProblem::kLeadingZero);
  EXPECT_EQ(ReadInteger("1.0", number), IntegerProblem::kNotANumber);
}

TEST(Scalars, AreQuotedForMessagesWithoutControlCharacters) {
  EXPECT_EQ(Quoted("a\x1b\n"), "\"a\\x1b\\n\"");
  EXPECT_EQ(Quoted(std::string(100, 'x')), "\"" + std::string(80, 'x') + "...\"");
}

TEST(Utf8, IsCheckedStrictly) {
  EXPECT_EQ(FirstBadByte("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\r\n\t"), std::string_view::npos);
  for (const char* bad : {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80", "\xFF", "\x01", "\r"}) {
    EXPECT_EQ(FirstBadByte(std::string("ab") + bad), 2u);
  }
}

}  // namespace
}  // namespace penstock::manifests
