#include "dataplane/io/dns/resolver.h"

#include "dataplane/base/when.h"
#include "dataplane/io/dns/fake_dns_server.h"
#include "gtest/gtest.h"

namespace penstock::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Dns : public testing::Test {
 protected:
  Dns() : reactor_(*Reactor::Create({.clock = nullptr, .seed = 1})), server_(*FakeDnsServer::Create(*reactor_)) {
    resolver_ =
        *Resolver::Create(*reactor_, {.servers = server_->address(), .query_timeout = milliseconds(20), .tries = 2});
  }

  StatusOr<DnsAnswer> Resolve(const std::string& name, Wait wait = {}) {
    return reactor_->BlockOn(resolver_->Resolve(name, wait));
  }
  static IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<FakeDnsServer> server_;
  std::unique_ptr<Resolver> resolver_;
};

TEST_F(Dns, GivesBothFamiliesSortedWithTheSmallestTtl) {
  server_->Set("shop.test",
               {.addresses = {Ip("10.0.0.2"), Ip("2001:db8::1"), Ip("10.0.0.1"), Ip("10.0.0.2")}, .ttl = 7});
  StatusOr<DnsAnswer> answer = Resolve("shop.test");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->addresses, (std::vector<IpAddress>{Ip("10.0.0.1"), Ip("10.0.0.2"), Ip("2001:db8::1")}));
  EXPECT_EQ(answer->ttl, seconds(7));
}

TEST_F(Dns, TakesManyRecordsAndATtlOfZero) {
  FakeDnsServer::Answer answer;
  for (int i = 0; i < 25; ++i) answer.addresses.push_back(Ip(("10.0.0." + std::to_string(i)).c_str()));
  answer.ttl = 0;
  server_->Set("many.test", answer);
  StatusOr<DnsAnswer> got = Resolve("many.test");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->addresses.size(), 25u);
  EXPECT_EQ(got->ttl, seconds(0));
}

TEST_F(Dns, TellsFailuresApart) {
  server_->Set("empty.test", {});
  server_->Set("broken.test", {.addresses = {}, .rcode = FakeDnsServer::Rcode::kServfail});
  server_->Set("silent.test", {.addresses = {}, .silent = true});
  server_->Set("garbage.test", {.addresses = {}, .garbage = true});
  EXPECT_TRUE(absl::IsNotFound(Resolve("nowhere.test").status()));
  EXPECT_TRUE(absl::IsNotFound(Resolve("empty.test").status()));
  EXPECT_TRUE(absl::IsUnavailable(Resolve("broken.test").status()));
  EXPECT_TRUE(IsTimeout(Resolve("silent.test").status()));
  EXPECT_FALSE(Resolve("garbage.test").ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Resolve(std::string(300, 'x')).status()));
}

TEST_F(Dns, ALiteralNeedsNoServer) {
  StatusOr<DnsAnswer> answer = Resolve("192.0.2.7");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->addresses, (std::vector<IpAddress>{Ip("192.0.2.7")}));
  EXPECT_EQ(server_->queries(), 0);
}

TEST_F(Dns, ACancelledQueryLeavesTheOthersAlone) {
  server_->Set("silent.test", {.addresses = {}, .silent = true});
  server_->Set("shop.test", {.addresses = {Ip("10.0.0.1")}});
  Cancellation cancellation;
  Child<StatusOr<DnsAnswer>> silent;
  silent.Start(resolver_->Resolve("silent.test", {kNoDeadline, &cancellation}));
  cancellation.Cancel();
  StatusOr<DnsAnswer> cancelled = reactor_->BlockOn(silent.Join());
  EXPECT_TRUE(IsCancelled(cancelled.status()));
  EXPECT_TRUE(Resolve("shop.test").ok());
}

TEST_F(Dns, ADeadlineEndsAQuery) {
  server_->Set("silent.test", {.addresses = {}, .silent = true});
  StatusOr<DnsAnswer> late = Resolve("silent.test", {After(reactor_->Now(), milliseconds(2)), nullptr});
  EXPECT_TRUE(IsTimeout(late.status()));
}

}  // namespace
}  // namespace penstock::io
