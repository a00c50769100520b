#include <gtest/gtest.h>

#include <string>

#include "dataplane/http/forwarded.h"
#include "dataplane/policies/address_filter/address_filter_config.h"
#include "dataplane/policies/address_filter/address_filter_policy.h"
#include "dataplane/policies/condition/testing.h"
#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

absl::StatusOr<std::shared_ptr<const AddressFilterConfig>> Compile(const std::string& text) {
  xds::v1::AddressFilter message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return AddressFilterConfig::Compile(message);
}

// What becomes of a request of CLIENT: "" if it goes on, else the detail.
std::string Refusal(const std::string& config, const std::string& client) {
  std::shared_ptr<const AddressFilterConfig> compiled = *Compile(config);
  TestRequest request{.client = client};
  TestExchange asked(request);
  Judgement judgement = compiled->Judge(*asked, NoFacts());
  TestExchange x(request);
  Task<Verdict> task = AddressFilterPolicy(compiled).OnRequest(*x);
  EXPECT_TRUE(task.ready()) << "it costs no coroutine";
  Verdict verdict = std::move(task).TakeReady();
  EXPECT_EQ(verdict.is_reply(), judgement.outcome == Judgement::Outcome::kDeny);
  EXPECT_EQ(verdict.reason(), judgement.reason);
  if (!verdict.is_reply()) return std::string(x->detail);
  EXPECT_EQ(verdict.status(), 403);
  EXPECT_EQ(verdict.reason(), Reason::kAddressDenied);
  EXPECT_EQ(judgement.why, StrCat(client, " is ", x->detail));
  return std::string(x->detail);
}

TEST(AddressFilter, DecidesByTheTable) {
  const char* both = "allow: '203.0.113.0/24' allow: '2001:db8::/32' deny: '203.0.113.7' deny: '2001:db8:1::/48'";
  struct Row {
    const char* config;
    const char* client;
    const char* refusal;
  };
  const Row kRows[] = {
      {"deny: '203.0.113.0/24'", "203.0.113.255", "denied by 203.0.113.0/24"},
      {"deny: '203.0.113.0/24'", "203.0.114.0", ""},
      {"deny: '203.0.113.0/24'", "::ffff:203.0.113.9", "denied by 203.0.113.0/24"},
      {"deny: '203.0.113.0/24'", "2001:db8::1", ""},
      {"allow: '203.0.113.0/24'", "203.0.113.1", ""},
      {"allow: '203.0.113.0/24'", "::ffff:203.0.113.1", ""},
      {"allow: '203.0.113.0/24'", "198.51.100.1", "not in the allow list"},
      {"allow: '203.0.113.0/24'", "2001:db8::1", "not in the allow list"},
      {both, "203.0.113.1", ""},
      {both, "203.0.113.7", "denied by 203.0.113.7/32"},
      {both, "2001:db8:1::7", "denied by 2001:db8:1::/48"},
      {both, "2001:db8:2::7", ""},
      {both, "2001:db9::7", "not in the allow list"},
      {"allow: '0.0.0.0/0' deny: '0.0.0.0/0'", "203.0.113.1", "denied by 0.0.0.0/0"},
      {"allow: '::/0'", "203.0.113.1", "not in the allow list"},
  };
  for (const Row& row : kRows) EXPECT_EQ(Refusal(row.config, row.client), row.refusal) << row.config << row.client;
}

TEST(AddressFilter, LetsInPeersOfUnixSocketsIfTheListNamesThem) {
  // As an IpAddress (forwarded.h).
  const char* unix_peer = "0.0.0.0";
  const std::string named(http::kUnixPeerBlock);
  EXPECT_EQ(Refusal("allow: '203.0.113.0/24'", unix_peer), "not in the allow list");
  EXPECT_EQ(Refusal("allow: '203.0.113.0/24' allow: '" + named + "'", unix_peer), "");
  EXPECT_EQ(Refusal("allow: '0.0.0.0/0'", unix_peer), "");
  EXPECT_EQ(Refusal("deny: '203.0.113.0/24'", unix_peer), "");
  EXPECT_EQ(Refusal("deny: '" + named + "'", unix_peer), "denied by 0.0.0.0/32");
}

TEST(AddressFilter, SaysWhatItDoesOnOneLine) {
  auto describe = [](const char* config) { return (*Compile(config))->Describe(); };
  EXPECT_EQ(describe("deny: '10.0.0.0/8'"), "denies 10.0.0.0/8");
  EXPECT_EQ(describe("allow: '10.0.0.0/8' allow: '10.1.0.0/16' deny: '10.2.3.4'"),
            "denies 10.2.3.4/32; allows only 10.0.0.0/8");
  EXPECT_EQ(describe("allow: '1.0.0.0' allow: '2.0.0.0' allow: '3.0.0.0' allow: '4.0.0.0' allow: '5.0.0.0'"),
            "allows only 1.0.0.0/32, 2.0.0.0/32, 3.0.0.0/32, 4.0.0.0/32 and 1 more");
}

TEST(AddressFilter, TellsExplainWhoLetsAnAddressIn) {
  auto why = [](const char* config) {
    TestRequest request;
    TestExchange x(request);
    return (*Compile(config))->Judge(*x, NoFacts()).why;
  };
  EXPECT_EQ(why("allow: '192.0.2.0/24'"), "192.0.2.1 is allowed by 192.0.2.0/24");
  EXPECT_EQ(why("deny: '10.0.0.0/8'"), "192.0.2.1 is not in the deny list");
}

TEST(AddressFilter, RefusesBlocksThatAreNone) {
  EXPECT_EQ(Compile("allow: '10.0.0.0/8' allow: '10.0.0.1/8'").status().message(),
            "allow[1]: '10.0.0.1/8' has bits set behind its prefix of 8: zero them");
  EXPECT_EQ(Compile("deny: 'fe80::1%eth0'").status().message(),
            "deny[0]: 'fe80::1%eth0' is not an IP address: write 192.0.2.1 or 2001:db8::1");
  EXPECT_EQ(Compile("").status().message(), "allow: has no block, nor has deny: everybody would be let in");
}

// Of two lists: "n/bad" and "n/good" hold one address each.
struct TwoLists final : AddressLists {
  bool Contains(std::string_view list, const IpAddress& address) const override {
    return address.ToString() == (list == "n/bad" ? "203.0.113.1" : list == "n/good" ? "203.0.113.2" : "");
  }
};

TEST(AddressFilter, LooksIntoListsAsIfTheyWereItsOwn) {
  TwoLists lists;
  auto refusal = [&](const char* text, const char* client) {
    TestRequest request{.client = client};
    TestExchange x(request);
    x->address_lists = &lists;
    std::shared_ptr<const AddressFilterConfig> config = *Compile(text);
    EXPECT_TRUE(AddressFilterPolicy(config).OnRequest(*x).ready());
    EXPECT_EQ(config->Judge(*x, NoFacts()).outcome == Judgement::Outcome::kDeny, !x->detail.empty());
    return std::string(x->detail);
  };
  EXPECT_EQ(refusal("deny_lists: 'n/bad'", "203.0.113.1"), "denied by AddressList n/bad");
  EXPECT_EQ(refusal("deny_lists: 'n/bad'", "203.0.113.2"), "");
  EXPECT_EQ(refusal("allow_lists: 'n/good'", "203.0.113.2"), "");
  EXPECT_EQ(refusal("allow_lists: 'n/good'", "203.0.113.3"), "not in the allow list");
  EXPECT_EQ(refusal("allow: '203.0.113.0/24' deny_lists: 'n/bad' deny_lists: 'n/good'", "203.0.113.2"),
            "denied by AddressList n/good");
  EXPECT_EQ(refusal("allow_lists: 'n/gone'", "203.0.113.2"), "not in the allow list");
  EXPECT_EQ((*Compile("allow: '10.0.0.0/8' allow_lists: 'n/good' deny_lists: 'n/bad'"))->Describe(),
            "denies AddressList n/bad; allows only 10.0.0.0/8, AddressList n/good");
}

}  // namespace
}  // namespace penstock::policies
