#include "dataplane/io/net/socket_address.h"

#include "gtest/gtest.h"

namespace penstock::io {
namespace {

TEST(SocketAddress, ParsesAndPrints) {
  for (const char* text :
       {"127.0.0.1:80", "0.0.0.0:0", "[::1]:65535", "[2001:db8::1]:443", "unix:/run/x.sock", "unix:@abstract"}) {
    StatusOr<SocketAddress> address = SocketAddress::Parse(text);
    ASSERT_TRUE(address.ok()) << text << address.status();
    EXPECT_EQ(address->ToString(), text);
    EXPECT_EQ(*address, *SocketAddress::Parse(text));
  }
}

TEST(SocketAddress, RefusesWhatItCannotMean) {
  for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[::1]",
                           "localhost:80", "unix:", "127.0.0.1:80x", "127.0.0.1:000080"}) {
    EXPECT_FALSE(SocketAddress::Parse(text).ok()) << text;
  }
  EXPECT_FALSE(SocketAddress::Unix(std::string(108, 'x')).ok());
  EXPECT_TRUE(SocketAddress::Unix(std::string(107, 'x')).ok());
}

TEST(SocketAddress, ShowsItsParts) {
  SocketAddress address = *SocketAddress::Parse("[2001:db8::1]:443");
  EXPECT_EQ(address.port(), 443);
  EXPECT_EQ(address.ip(), *IpAddress::Parse("2001:db8::1"));
  EXPECT_TRUE(address.is_ip());
  EXPECT_FALSE(SocketAddress().is_ip());
  EXPECT_FALSE(SocketAddress().is_unix());
}

}  // namespace
}  // namespace penstock::io
