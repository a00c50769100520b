#include "dataplane/snapshot/address_list.h"

#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/compile.h"
#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/testing.h"

namespace penstock::snapshot {
namespace {

Resource List(std::string_view name, const std::string& addresses) {
  return testing::MakeResource<xds::v1::AddressList>(name, StrCat("name: '", name, "' ", addresses));
}
Resource Chain() {
  return testing::PolicyChain("p", R"(policies { type: 'address_filter' config {
      [type.googleapis.com/penstock.xds.v1.AddressFilter] { deny_lists: 'n/bad' } } })");
}
const IpAddress kBad = *IpAddress::Parse("203.0.113.7");

TEST(AddressList, IsFoundByNameAndChangesWithItsGeneration) {
  std::shared_ptr<const Snapshot> first =
      testing::MustCompile(nullptr, {{List("n/bad", "addresses: '203.0.113.0/24'"), Chain()}, {}, {}});
  EXPECT_TRUE(first->address_lists().Contains("n/bad", kBad));
  EXPECT_FALSE(first->address_lists().Contains("n/bad", *IpAddress::Parse("203.0.114.7")));
  EXPECT_FALSE(first->address_lists().Contains("n/other", kBad));
  std::shared_ptr<const Snapshot> second = testing::MustCompile(first.get(), {{List("n/bad", "")}, {}, {}});
  EXPECT_FALSE(second->address_lists().Contains("n/bad", kBad));
  EXPECT_TRUE(first->address_lists().Contains("n/bad", kBad));
}

TEST(AddressList, ThatIsNamedMustBeThereAndStay) {
  EXPECT_EQ(testing::Text(Compile(nullptr, {{Chain()}, {}, {}}).problems),
            "E203 PolicyChain p policies[0].config: AddressList \"n/bad\" does not exist\n");
  std::shared_ptr<const Snapshot> first = testing::MustCompile(nullptr, {{List("n/bad", ""), Chain()}, {}, {}});
  ResourceName list{std::string(kAddressListType), "n/bad"};
  EXPECT_EQ(testing::Text(Compile(first.get(), {{}, {list}, {}}).problems),
            "E203 PolicyChain p policies[0].config: AddressList \"n/bad\" does not exist\n");
  testing::MustCompile(first.get(), {{}, {list, {std::string(kPolicyChainType), "p"}}, {}});
}

TEST(AddressList, ThatGoesWithWhatNamedItIsNotMissedWhereThatIsRefused) {
  std::shared_ptr<const Snapshot> first = testing::MustCompile(nullptr, {{List("n/bad", ""), Chain()}, {}, {}});
  ResourceName list{std::string(kAddressListType), "n/bad"};
  std::string refused = testing::Text(
      Compile(first.get(), {{testing::PolicyChain("p", "policies { type: 'nonsense' }")}, {list}, {}}).problems);
  EXPECT_EQ(refused.find("E203"), std::string::npos) << refused;
  EXPECT_NE(refused.find("PolicyChain p policies[0]"), std::string::npos) << refused;
}

TEST(AddressList, HoldsNothingButAddresses) {
  EXPECT_EQ(
      testing::Text(Compile(nullptr, {{List("n/bad", "addresses: '10.0.0.0/8' addresses: 'x'")}, {}, {}}).problems),
      "E205 AddressList n/bad addresses: addresses[1]: 'x' is not an IP address: write 192.0.2.1 or 2001:db8::1\n");
}

}  // namespace
}  // namespace penstock::snapshot
