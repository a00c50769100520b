#include "dataplane/base/ip_address.h"

#include "gtest/gtest.h"

namespace penstock {
namespace {

TEST(IpAddress, ParsesAndPrintsBothFamilies) {
  for (const char* text : {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::1"}) {
    StatusOr<IpAddress> ip = IpAddress::Parse(text);
    ASSERT_TRUE(ip.ok()) << text;
    EXPECT_EQ(ip->ToString(), text);
  }
}

TEST(IpAddress, RefusesWhatIsNotALiteral) {
  for (const char* text :
       {"", "localhost", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4:80", "[::1]", "fe80::1%eth0", "256.0.0.1"}) {
    EXPECT_FALSE(IpAddress::Parse(text).ok()) << text;
  }
  EXPECT_FALSE(IpAddress::Parse(std::string_view("1.2.3.4\0", 8)).ok());
}

TEST(IpAddress, TakesAMappedAddressForItsIpv4Address) {
  EXPECT_EQ(*IpAddress::Parse("::ffff:10.1.2.3"), *IpAddress::Parse("10.1.2.3"));
}

TEST(IpAddress, KnowsLoopback) {
  EXPECT_TRUE(IpAddress::Parse("127.9.9.9")->IsLoopback());
  EXPECT_TRUE(IpAddress::Parse("::1")->IsLoopback());
  EXPECT_FALSE(IpAddress::Parse("10.0.0.1")->IsLoopback());
  EXPECT_FALSE(IpAddress::Parse("::2")->IsLoopback());
}

TEST(Cidr, ContainsItsBlock) {
  struct Case {
    const char *cidr, *ip;
    bool inside;
  } cases[] = {
      {"10.0.0.0/8", "10.255.1.1", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"0.0.0.0/0", "8.8.8.8", true},
      {"0.0.0.0/0", "::1", false},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"192.0.2.128/25", "192.0.2.200", true},
      {"2001:db8::/33", "2001:db8:1::", true},
      {"2001:db8::/33", "2001:db8:8000::", false},
      {"::1", "::1", true},
      {"10.0.0.1", "10.0.0.2", false},
      {"10.0.0.0/8", "::ffff:10.0.0.1", true},
  };
  for (const Case& c : cases) {
    StatusOr<Cidr> cidr = Cidr::Parse(c.cidr);
    ASSERT_TRUE(cidr.ok()) << cidr.status();
    EXPECT_EQ(cidr->Contains(*IpAddress::Parse(c.ip)), c.inside) << c.cidr << " " << c.ip;
  }
}

TEST(Cidr, RefusesABadPrefix) {
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.1/8", "x/8", "::/129"}) {
    EXPECT_FALSE(Cidr::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace penstock
