#include "dataplane/base/spoken.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

using namespace std::string_view_literals;

TEST(Spoken, IsToldByTheFirstBytes) {
  struct Case {
    std::string_view bytes;
    Spoken spoken;
  };
  constexpr Case kCases[] = {
      {"GET / HTTP/1.1\r\n", Spoken::kHttp},
      {"M-SEARCH * HTTP/1.1\r\n", Spoken::kHttp},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Spoken::kHttp2},
      {"\x16\x03\x01\x02\x00", Spoken::kTls},
      {"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", Spoken::kSsh},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", Spoken::kProxyHeader},
      {"\r\n\r\n\0\r\nQUIT\n\x21"sv, Spoken::kProxyHeader},
      {"", Spoken::kUnknown},
      {"GET", Spoken::kUnknown},
      {"EHLO\r\n", Spoken::kUnknown},
      {"get / ", Spoken::kUnknown},
      {" / HTTP/1.1", Spoken::kUnknown},
      {"\x03\x00\x00\x13", Spoken::kUnknown},
  };
  for (const Case& c : kCases) EXPECT_EQ(SpokenBy(c.bytes), c.spoken) << c.bytes;
}

}  // namespace
}  // namespace penstock
