#include "dataplane/http/h1/token_scan.h"

#include <string>

#include "gtest/gtest.h"

namespace penstock::http::h1 {
namespace {

struct Scanned {
  size_t size;
  std::string text;
  bool underscore;
};

// What LowerToken promises, byte by byte.
Scanned Expected(std::string text, size_t end) {
  size_t size = 0;
  bool underscore = false;
  for (; size < end && LowerTokenByte(text[size]) != 0; ++size) {
    text[size] = LowerTokenByte(text[size]);
    underscore |= text[size] == '_';
  }
  return {size, text, underscore};
}

Scanned Scan(std::string text, size_t end) {
  bool underscore = false;
  char* p = LowerToken(text.data(), text.data() + end, text.data() + text.size(), underscore);
  return {static_cast<size_t>(p - text.data()), text, underscore};
}

TEST(LowerToken, ChangesTheTokenAndNothingBehindIt) {
  const std::string behind[] = {"\r\n", "\r\nABCDEFGHIJKLMNOPQRSTUVWXYZ"};
  for (size_t length = 1; length <= 40; ++length) {
    for (size_t at = 0; at < length; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string line(length, 'Q');
        line[at] = static_cast<char>(c);
        for (const std::string& rest : behind) {
          Scanned expected = Expected(line + rest, length);
          Scanned scanned = Scan(line + rest, length);
          ASSERT_EQ(scanned.size, expected.size) << "byte " << c << " at " << at << " of " << length;
          ASSERT_EQ(scanned.text, expected.text) << "byte " << c << " at " << at << " of " << length;
          ASSERT_EQ(scanned.underscore, expected.underscore) << "byte " << c << " at " << at << " of " << length;
        }
      }
    }
  }
}

TEST(LowerToken, StopsAtTheColonOfEveryUsualName) {
  for (const char* name :
       {"Host", "ETag", "x-B3-TraceId", "Content-Security-Policy-Report-Only", "p3p", "x!#$%&'*+.^`|~y"}) {
    Scanned scanned = Scan(std::string(name) + ": VALUE\r\n\r\n", std::string(name).size() + 7);
    EXPECT_EQ(scanned.size, std::string(name).size());
    EXPECT_TRUE(scanned.text.ends_with(": VALUE\r\n\r\n")) << scanned.text;
  }
}

}  // namespace
}  // namespace penstock::http::h1
