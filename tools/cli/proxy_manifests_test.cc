#include "tools/cli/proxy_manifests.h"

#include <gtest/gtest.h>

#include "tools/cli/exit.h"

namespace penstock::cli {
namespace {

TEST(ProxyWish, ListensOnThisMachineUnlessAnAddressIsGiven) {
  EXPECT_EQ(ParseProxyWish(":8080", {"localhost:3000"})->address, "127.0.0.1");
  EXPECT_EQ(ParseProxyWish("8080", {"localhost:3000"})->port, 8080);
  EXPECT_EQ(ParseProxyWish("0.0.0.0:80", {"localhost:3000"})->address, "0.0.0.0");
}

TEST(ProxyWish, TakesUrlsPortsAndIpv6) {
  EXPECT_EQ(ParseProxyWish(":1", {"http://app.internal:3000/"})->to[0], "app.internal:3000");
  EXPECT_EQ(ParseProxyWish(":1", {":3000"})->to[0], "localhost:3000");
  EXPECT_EQ(ParseProxyWish(":1", {"[::1]:3000"})->to[0], "[::1]:3000");
}

TEST(ProxyWish, SaysWhatItCannotRead) {
  for (auto [from, to] : std::vector<std::pair<std::string, std::string>>{{":8080", "https://x:1"},
                                                                          {":8080", "x"},
                                                                          {":0", "x:1"},
                                                                          {":99999", "x:1"},
                                                                          {"host:1", "x:1"},
                                                                          {":1", "a b:1"},
                                                                          {":1", "x}:1"}}) {
    EXPECT_EQ(ExitOf(ParseProxyWish(from, {to}).status()), Exit::kUsage) << from << " " << to;
  }
  EXPECT_EQ(ExitOf(ParseProxyWish(":8080", {}).status()), Exit::kUsage);
}

TEST(ProxyManifest, GivesAddressesAsEndpointsAndNamesToTheResolver) {
  std::string text = ProxyManifest(*ParseProxyWish(":8080", {"localhost:3000", "app.internal:80", "[::1]:81"}));
  EXPECT_NE(text.find("address: \"127.0.0.1\", port: 3000"), std::string::npos) << text;
  EXPECT_NE(text.find("dns: {name: app.internal, port: 80}"), std::string::npos) << text;
  EXPECT_NE(text.find("address: \"::1\", port: 81"), std::string::npos) << text;
}

}  // namespace
}  // namespace penstock::cli
