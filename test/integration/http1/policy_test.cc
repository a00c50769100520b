// What a policy is promised, shown with policies that only write down what happens to them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "test/integration/http1/test_gateway.h"
#include "test/support/test_folder.h"

namespace penstock::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Witness final : public Policy {
 public:
  Witness(std::string name, std::vector<std::string>& seen, bool refuses, bool sees_preflights = false)
      : name_(std::move(name)), seen_(seen), refuses_(refuses), sees_preflights_(sees_preflights) {}

  bool SeesPreflights() const override { return sees_preflights_; }

  Task<Verdict> OnRequest(Exchange& x) const override {
    seen_.push_back(name_ + " request");
    if (!refuses_) return Verdict::Continue();
    x.response.headers.Add("www-authenticate", "Basic");
    return Verdict::Reply(Reason::kPolicy, 401, "who are you?");
  }
  Task<Verdict> OnResponse(Exchange& x) const override {
    seen_.push_back(StrCat(name_, " response ", x.response.status));
    return Verdict::Continue();
  }
  void OnEnd(Exchange& x, const Outcome& outcome) const override {
    seen_.push_back(StrCat(name_, " end ", outcome.status, outcome.complete ? " complete" : ""));
  }

 private:
  const std::string name_;
  std::vector<std::string>& seen_;
  const bool refuses_;
  const bool sees_preflights_;
};

class PolicyTest : public ::testing::Test {
 protected:
  void Serve(bool inner_refuses) {
    gateway.policies.Insert("everybody", {std::make_shared<Witness>("everybody", seen, false)});
    gateway.policies.Insert("rule", {std::make_shared<Witness>("outer", seen, false, true),
                                     std::make_shared<Witness>("inner", seen, inner_refuses)});
    gateway.policies.Insert("guard", {std::make_shared<Witness>("guard", seen, false, true)});
    StatusOr<io::Fd> probe = io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {});
    int port = io::BoundAddress(*probe)->port();
    probe->Close();
    namespace t = snapshot::testing;
    gateway.Serve({t::PolicyChain("everybody", ""), t::PolicyChain("rule", ""), t::PolicyChain("guard", ""),
                   t::Listener("l", StrCat("port: ", port, " policy_chain: 'everybody'")),
                   t::Route("r",
                            "attachments { listener: 'l' } rules { matches { exact: '/' } policy_chain: 'rule' "
                            "static_reply { status: 200 body: 'hello' } } rules { matches { exact: '/plain' } "
                            "static_reply { status: 200 body: 'plain' } } rules { matches { exact: '/other' } "
                            "policy_chain: 'everybody' listener_policy_chains { key: 'l' value: 'rule' } "
                            "static_reply { status: 200 body: 'other' } } rules { matches { exact: '/pages' } "
                            "filters { cors { allow_origins: 'https://a.example' } } policy_chain: 'rule' "
                            "static_reply { status: 200 body: 'page' } } rules { matches { exact: '/guarded' } "
                            "filters { cors { allow_origins: 'https://a.example' } } policy_chain: 'guard' "
                            "static_reply { status: 200 body: 'page' } }")});
  }

  std::vector<std::string> seen;
  TestGateway gateway;
};

TEST_F(PolicyTest, SeesTheRequestInOrderAndTheResponseInReverse) {
  Serve(false);
  EXPECT_THAT(gateway.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), EndsWith("hello"));
  EXPECT_THAT(seen, ElementsAre("outer request", "inner request", "inner response 200", "outer response 200",
                                "inner end 200 complete", "outer end 200 complete"));
}

TEST_F(PolicyTest, MayAnswerHereAndNow) {
  Serve(true);
  std::string response = gateway.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 401 Unauthorized\r\n"));
  EXPECT_THAT(response, HasSubstr("www-authenticate: Basic\r\n"));
  EXPECT_THAT(response, EndsWith("who are you?"));
  EXPECT_THAT(seen, ElementsAre("outer request", "inner request", "inner response 401", "outer response 401",
                                "inner end 401 complete", "outer end 401 complete"));
}

TEST_F(PolicyTest, SeesRequestsOfItsListenerThatMatchNoRoute) {
  Serve(false);
  EXPECT_THAT(gateway.Send("GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), HasSubstr(" 404 "));
  EXPECT_THAT(seen, ElementsAre("everybody request", "everybody response 404", "everybody end 404 complete"));
}

TEST_F(PolicyTest, StandsInOneChain) {
  Serve(false);
  EXPECT_THAT(gateway.Send("GET /plain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), EndsWith("plain"));
  EXPECT_THAT(seen, ElementsAre("everybody request", "everybody response 200", "everybody end 200 complete"));
  seen.clear();
  EXPECT_THAT(gateway.Send("GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), EndsWith("other"));
  EXPECT_THAT(seen, ElementsAre("outer request", "inner request", "inner response 200", "outer response 200",
                                "inner end 200 complete", "outer end 200 complete"));
}

TEST_F(PolicyTest, SeesPreflightsOnlyIfItSaysSo) {
  Serve(true);
  EXPECT_THAT(gateway.Send("OPTIONS /pages HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\n"
                           "Access-Control-Request-Method: GET\r\nConnection: close\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 204 "), HasSubstr("access-control-allow-origin: https://a.example\r\n")));
  EXPECT_THAT(seen, ElementsAre("outer request", "outer response 204", "outer end 204 complete"));
}

TEST_F(PolicyTest, RefusesSoThatPagesMayReadWhy) {
  Serve(true);
  EXPECT_THAT(gateway.Send("GET /pages HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\nConnection: close\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr("access-control-allow-origin: https://a.example\r\n"),
                    EndsWith("who are you?")));
}

TEST_F(PolicyTest, LeavesNoQueryInTheLogThatNoneLookedAt) {
  TestFolder folder;
  Serve(false);
  gateway.LogTo(folder.Path("access.log"));
  gateway.Send("GET /?t=seen HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  gateway.Send("GET /?password=hidden&b=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  gateway.Send("GET /?t=hidden HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n");
  gateway.Send(
      "OPTIONS /pages?t=hidden HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\n"
      "Access-Control-Request-Method: GET\r\nConnection: close\r\n\r\n");
  gateway.Send(
      "OPTIONS /guarded?t=hidden HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\n"
      "Access-Control-Request-Method: GET\r\nConnection: close\r\n\r\n");
  std::string log;
  ASSERT_TRUE(
      gateway.RunUntil([&] { return (log = folder.Read("access.log")).find("/guarded") != std::string::npos; }));
  EXPECT_THAT(log, AllOf(HasSubstr("\"/?t=seen\""), HasSubstr("\"/?password=-&b=1\""), HasSubstr("\"/?-\""),
                         HasSubstr("\"/pages?-\""), HasSubstr("\"/guarded?-\"")));
  EXPECT_THAT(log, Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace penstock::test
