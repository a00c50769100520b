#include "dataplane/fetch/private_address.h"

#include <gtest/gtest.h>

namespace penstock::fetch {
namespace {

IpAddress Ip(std::string_view text) { return *IpAddress::Parse(text); }

TEST(PrivateAddress, IsOneThatNotEverybodyReaches) {
  for (std::string_view text : {
           "0.0.0.0",         "0.1.2.3",         "10.0.0.1",    "10.255.255.255",  "100.64.0.1",
           "100.127.255.254", "127.0.0.1",       "127.8.9.10",  "169.254.169.254", "172.16.0.1",
           "172.31.255.255",  "192.0.0.8",       "192.168.1.1", "198.18.0.1",      "198.19.255.255",
           "224.0.0.1",       "239.255.255.255", "240.0.0.1",   "255.255.255.255",
       }) {
    EXPECT_TRUE(IsPrivate(Ip(text))) << text;
  }
  for (std::string_view text : {
           "::",
           "::1",
           "fc00::1",
           "fd12:3456::1",
           "fdff:ffff::1",
           "fe80::1",
           "febf::1",
           "fec0::1",
           "ff02::1",
           "64:ff9b:1::1",
           "2001::1",
           "2002:c000:201::1",
           "2002:7f00:1::1",
       }) {
    EXPECT_TRUE(IsPrivate(Ip(text))) << text;
  }
}

TEST(PrivateAddress, OfIpv4IsOneInsideOfIpv6Too) {
  for (std::string_view text : {
           "::ffff:127.0.0.1",
           "::ffff:10.0.0.1",
           "::ffff:169.254.169.254",
           "::127.0.0.1",
           "::192.0.2.1",
           "64:ff9b::127.0.0.1",
           "64:ff9b::10.1.2.3",
           "64:ff9b::169.254.169.254",
       }) {
    EXPECT_TRUE(IsPrivate(Ip(text))) << text;
  }
}

TEST(PrivateAddress, IsNoneThatIsReachedFromEverywhere) {
  for (std::string_view text : {
           "1.1.1.1",     "9.255.255.255",   "11.0.0.0",     "100.63.255.255",   "100.128.0.0",    "126.255.255.255",
           "128.0.0.1",   "169.253.255.1",   "169.255.0.1",  "172.15.255.255",   "172.32.0.0",     "192.0.1.1",
           "192.167.0.1", "192.169.0.1",     "198.17.0.1",   "198.20.0.1",       "203.0.113.1",    "223.255.255.255",
           "2001:db8::1", "2606:4700::6810", "2a00:1450::1", "64:ff9b::1.1.1.1", "::ffff:1.1.1.1",
       }) {
    EXPECT_FALSE(IsPrivate(Ip(text))) << text;
  }
}

}  // namespace
}  // namespace penstock::fetch
