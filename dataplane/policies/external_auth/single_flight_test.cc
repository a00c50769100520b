// Answers that are kept, and requests that ask the same at the same time.
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>

#include "dataplane/io/reactor/reactor.h"
#include "dataplane/policies/external_auth/testing.h"
#include "dataplane/telemetry/stats/cells.h"

namespace penstock::policies {
namespace {

using std::chrono::milliseconds;

struct OneRevocation final : Revocations {
  std::string_view Find(const TokenFacts&) const override { return ""; }
  uint64_t version() const override { return 1; }
};

// A request that is being asked about.
struct Asker {
  explicit Asker(const TestRequest& r) : request(r), x(request) {}

  TestRequest request;
  TestExchange x;
  std::optional<Verdict> verdict;

  Reason reason() const { return verdict->reason(); }
};

Task<void> RunOne(const Policy* policy, Asker* asker) { asker->verdict = co_await policy->OnRequest(*asker->x); }

class SingleFlight : public ExternalAuthFixture {
 protected:
  SingleFlight() : reactor(*io::Reactor::Create({.clock = &clock, .seed = 1})) {
    services.reactor = service.reactor = reactor.get();
    services.cells = &cells;
    service.answer.status = 200;
    service.delay = milliseconds(10);
    Configure("request_headers: ['authorization', 'accept'] cache_ttl { seconds: 5 } backend_headers: 'x-user'");
  }

  Asker& Start(TestRequest request = {.fields = {{"authorization", "a"}}}) {
    Asker& asker = askers.emplace_back(request);
    asker.x->services = &services;
    asker.x->time.wall = clock.Wall();
    reactor->Spawn(RunOne(policy.get(), &asker));
    return asker;
  }
  void Pass(Duration time) {
    clock.Advance(time);
    for (int i = 0; i < 4; ++i) reactor->Turn(Duration::zero());
  }
  // One that is let in or refused by now.
  Asker& Ask(TestRequest request = {.fields = {{"authorization", "a"}}}) {
    Asker& asker = Start(std::move(request));
    Pass(service.delay + milliseconds(2));
    EXPECT_TRUE(asker.verdict.has_value());
    return asker;
  }

  FakeClock clock;
  std::unique_ptr<io::Reactor> reactor;
  telemetry::WorkerCells cells;
  std::deque<Asker> askers;
};

TEST_F(SingleFlight, AsksOnceForAllWhoAskTheSame) {
  service.answer.fields.Add("x-user", "ada");
  for (int i = 0; i < 5; ++i) Start();
  Pass(milliseconds(12));
  for (Asker& asker : askers) {
    ASSERT_TRUE(asker.verdict.has_value());
    EXPECT_FALSE(asker.verdict->is_reply());
    EXPECT_EQ(asker.x->request.headers.Get("x-user"), "ada");
  }
  EXPECT_EQ(service.calls, 1);
  Ask();
  EXPECT_EQ(service.calls, 1);
  EXPECT_EQ(cells.answers_asked.Read(), 1u);
  EXPECT_EQ(cells.answers_joined.Read(), 4u);
  EXPECT_EQ(cells.answers_kept.Read(), 1u);
}

TEST_F(SingleFlight, AsksForEachWhoAsksSomethingElse) {
  Start();
  Start({.fields = {{"authorization", "b"}}});
  Start({.path = "/other", .fields = {{"authorization", "a"}}});
  Pass(milliseconds(12));
  EXPECT_EQ(service.calls, 3);
}

TEST_F(SingleFlight, KeepsAnAnswerForItsTime) {
  Ask();
  Pass(milliseconds(4'900));
  Ask();
  EXPECT_EQ(service.calls, 1);
  Pass(milliseconds(200));
  Ask();
  EXPECT_EQ(service.calls, 2);
}

TEST_F(SingleFlight, KeepsRefusalsWithAllThatTheySay) {
  service.answer.status = 401;
  service.answer.content = "who are you?";
  service.answer.fields.Add("www-authenticate", "Basic");
  for (int i = 0; i < 2; ++i) {
    Asker& asker = Ask();
    EXPECT_EQ(asker.verdict->status(), 401);
    EXPECT_EQ(asker.verdict->text(), "who are you?");
    EXPECT_EQ(asker.x->response.headers.Get("www-authenticate"), "Basic");
    EXPECT_EQ(asker.x->detail, "auth answers 401");
  }
  EXPECT_EQ(service.calls, 1);
}

TEST_F(SingleFlight, SharesAFailureWithThoseWhoWaitAndKeepsNone) {
  service.answer.status = 503;
  for (int i = 0; i < 3; ++i) Start();
  Pass(milliseconds(12));
  for (Asker& asker : askers) EXPECT_EQ(asker.reason(), Reason::kPolicyUnavailable);
  EXPECT_EQ(service.calls, 1);
  service.answer.status = 200;
  EXPECT_FALSE(Ask().verdict->is_reply());
  EXPECT_EQ(service.calls, 2);
}

TEST_F(SingleFlight, IsHandedOverWhenTheClientWhoseRequestAsksLeaves) {
  Asker& first = Start();
  Asker& second = Start();
  Asker& third = Start();
  first.x->cancellation().Cancel();
  Pass(milliseconds(1));
  EXPECT_EQ(first.reason(), Reason::kPolicyUnavailable);
  EXPECT_FALSE(second.verdict.has_value());
  Pass(milliseconds(12));
  EXPECT_FALSE(second.verdict->is_reply());
  EXPECT_FALSE(third.verdict->is_reply());
  EXPECT_EQ(service.calls, 2);
}

TEST_F(SingleFlight, IsHandedOverAsOftenAsSomebodyWaits) {
  for (int i = 0; i < 4; ++i) Start();
  for (size_t i = 0; i < 3; ++i) {
    askers[i].x->cancellation().Cancel();
    Pass(milliseconds(1));
  }
  Pass(milliseconds(12));
  EXPECT_FALSE(askers[3].verdict->is_reply());
  EXPECT_EQ(service.calls, 4);
}

TEST_F(SingleFlight, LetsEachWaitForItsOwnTime) {
  service.delay = milliseconds(1'000);
  Asker& first = Start();
  Pass(milliseconds(150));
  Asker& second = Start();
  service.delay = milliseconds(100);
  Pass(milliseconds(52));
  EXPECT_EQ(first.reason(), Reason::kPolicyUnavailable);
  ASSERT_FALSE(second.verdict.has_value());
  EXPECT_LE(service.timeout, milliseconds(150));
  Pass(milliseconds(102));
  EXPECT_FALSE(second.verdict->is_reply());
}

TEST_F(SingleFlight, EndsForEverybodyWhileTheServiceIsSilent) {
  service.delay = milliseconds(10'000);
  for (int i = 0; i < 3; ++i) Start();
  Pass(milliseconds(201));
  for (Asker& asker : askers) {
    ASSERT_TRUE(asker.verdict.has_value());
    EXPECT_EQ(asker.reason(), Reason::kPolicyUnavailable);
  }
}

TEST_F(SingleFlight, DoesNotEndForTheOthersWhenOneWhoWaitsLeaves) {
  Asker& first = Start();
  Asker& second = Start();
  second.x->cancellation().Cancel();
  Pass(milliseconds(12));
  EXPECT_FALSE(first.verdict->is_reply());
  EXPECT_EQ(second.reason(), Reason::kPolicyUnavailable);
  EXPECT_EQ(service.calls, 1);
}

// One client's cookie is not another one's.
TEST_F(SingleFlight, GivesAnAnswerThatSetsACookieToNobodyElse) {
  service.answer.status = 302;
  service.answer.fields.Add("set-cookie", "state=1");
  for (int i = 0; i < 3; ++i) Start();
  Pass(milliseconds(12));
  Pass(milliseconds(12));
  for (Asker& asker : askers) EXPECT_EQ(asker.verdict->status(), 302);
  Ask();
  EXPECT_EQ(service.calls, 4);
}

TEST_F(SingleFlight, KeepsNothingThatTheServiceSaysIsNotToBeStored) {
  service.answer.fields.Add("cache-control", "private, no-store");
  Ask();
  Ask();
  EXPECT_EQ(service.calls, 2);
}

TEST_F(SingleFlight, ForgetsAllAnswersWhenSomethingIsRevoked) {
  OneRevocation revocation;
  Ask();
  Asker& asker = askers.emplace_back(TestRequest{.fields = {{"authorization", "a"}}});
  asker.x->services = &services;
  asker.x->revocations = &revocation;
  reactor->Spawn(RunOne(policy.get(), &asker));
  Pass(milliseconds(12));
  EXPECT_EQ(service.calls, 2);
}

TEST_F(SingleFlight, KeepsNoAnswerForLongerThanTheTokenIsGood) {
  int64_t now = std::chrono::duration_cast<std::chrono::seconds>(clock.Wall().time_since_epoch()).count();
  TestRequest request{.fields = {{"authorization", "a"}}, .claims = StrCat("{\"exp\": ", now + 2, "}")};
  Ask(request);
  Pass(milliseconds(1'900));
  Ask(request);
  EXPECT_EQ(service.calls, 1);
  Pass(milliseconds(200));
  Ask(request);
  EXPECT_EQ(service.calls, 2);
}

TEST_F(SingleFlight, RemembersAcrossGenerationsThatLeaveTheConfigurationAlone) {
  Ask();
  Configure("request_headers: ['authorization', 'accept'] cache_ttl { seconds: 5 } backend_headers: 'x-user'");
  Ask();
  EXPECT_EQ(service.calls, 1);
  Configure("request_headers: ['authorization'] cache_ttl { seconds: 5 } backend_headers: 'x-user'");
  Ask();
  EXPECT_EQ(service.calls, 2);
}

}  // namespace
}  // namespace penstock::policies
