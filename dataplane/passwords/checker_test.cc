#include "dataplane/passwords/checker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>

namespace penstock::passwords {
namespace {

using namespace std::chrono_literals;

// What threads compute, when the test says so.
class Gate {
 public:
  StatusOr<bool> Compute(std::string_view password) {
    MutexLock lock(&mutex_);
    ++begun_;
    changed_.SignalAll();
    while (passes_ == 0) changed_.Wait(&mutex_);
    --passes_;
    if (password == "broken") return absl::InternalError("cannot be computed");
    return password == "right";
  }
  void Open(int passes = 1) {
    MutexLock lock(&mutex_);
    passes_ += passes;
    changed_.SignalAll();
  }
  void AwaitBegun(int count) {
    MutexLock lock(&mutex_);
    while (begun_ < count) changed_.Wait(&mutex_);
  }
  int begun() {
    MutexLock lock(&mutex_);
    return begun_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int passes_ = 0;
  int begun_ = 0;
};

class CheckerTest : public ::testing::Test {
 protected:
  CheckerTest() : reactor(*io::Reactor::Create({.clock = &clock, .seed = {}})) { checker.Start(); }
  ~CheckerTest() override { gate.Open(1000); }

  Task<void> Ask(std::string name, std::string password, std::optional<StatusOr<Answer>>* out, Wait wait = {},
                 Duration right_for = 60s) {
    Subject subject = checker.key().SubjectOf(name, users);
    Digest digest = checker.key().Of(name, subject, password);
    StatusOr<Answer> answer = co_await checker.Check(*reactor, {digest, subject, password, right_for}, wait);
    *out = std::move(answer);
  }
  using Said = std::optional<StatusOr<Answer>>;
  void Await(std::function<bool()> done) {
    while (!done()) reactor->Turn(10ms);
  }

  FakeClock clock;
  std::unique_ptr<io::Reactor> reactor;
  UserFile users = *UserFile::Parse("ada:$2b$05$" + std::string(53, 'a'));
  Gate gate;
  Checker checker{{.threads = 1, .max_queued = 2, .compute = [this](const PasswordHash&, std::string_view password) {
                     return gate.Compute(password);
                   }}};
};

TEST_F(CheckerTest, SaysWhetherAPasswordIsRight) {
  Said right, wrong, broken;
  gate.Open(3);
  reactor->Spawn(Ask("ada", "right", &right));
  reactor->Spawn(Ask("ada", "wrong", &wrong));
  Await([&] { return right.has_value() && wrong.has_value(); });
  reactor->Spawn(Ask("ada", "broken", &broken));
  Await([&] { return broken.has_value(); });
  EXPECT_TRUE((*right)->result.right);
  EXPECT_TRUE((*right)->computed);
  EXPECT_FALSE((*wrong)->result.right);
  EXPECT_EQ(broken->status().code(), absl::StatusCode::kInternal);
}

TEST_F(CheckerTest, LetsNobodyInWhoIsNotThereWithThePasswordOfWhoStandsForHim) {
  Said said;
  gate.Open();
  reactor->Spawn(Ask("nobody", "right", &said));
  Await([&] { return said.has_value(); });
  EXPECT_FALSE((*said)->result.right);
  EXPECT_EQ(gate.begun(), 1) << "it costs what somebody who is there costs";
}

TEST_F(CheckerTest, ComputesOnceForAllWhoAskTheSame) {
  Said said[3];
  for (Said& one : said) reactor->Spawn(Ask("ada", "right", &one));
  gate.AwaitBegun(1);
  gate.Open();
  Await([&] { return said[0].has_value() && said[1].has_value() && said[2].has_value(); });
  for (Said& one : said) EXPECT_TRUE((*one)->result.right);
  EXPECT_EQ(gate.begun(), 1);
}

TEST_F(CheckerTest, KnowsAnAnswerForAWhile) {
  Said first, again, fresh, later;
  gate.Open(3);
  reactor->Spawn(Ask("ada", "right", &first));
  Await([&] { return first.has_value(); });
  reactor->Spawn(Ask("ada", "right", &again));
  ASSERT_TRUE(again.has_value()) << "at once";
  EXPECT_TRUE((*again)->result.right);
  EXPECT_FALSE((*again)->computed);
  EXPECT_EQ((*again)->result.at, (*first)->result.at);
  reactor->Spawn(Ask("ada", "right", &fresh, {}, 0s));
  Await([&] { return fresh.has_value(); });
  EXPECT_TRUE((*fresh)->computed);
  clock.Advance(60s);
  reactor->Turn(0s);
  reactor->Spawn(Ask("ada", "right", &later));
  Await([&] { return later.has_value(); });
  EXPECT_TRUE((*later)->computed);
}

TEST_F(CheckerTest, RefusesMoreThanItsQueueHolds) {
  Said running, queued[2], refused, same;
  reactor->Spawn(Ask("ada", "1", &running));
  gate.AwaitBegun(1);
  reactor->Spawn(Ask("ada", "2", &queued[0]));
  reactor->Spawn(Ask("ada", "3", &queued[1]));
  reactor->Spawn(Ask("ada", "4", &refused));
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(refused->status().message(), "password checks: queue is full");
  reactor->Spawn(Ask("ada", "2", &same));
  EXPECT_FALSE(same.has_value()) << "who asks what is asked already takes no place";
  gate.Open(3);
  Await([&] { return running && queued[0] && queued[1] && same; });
}

TEST_F(CheckerTest, ForgetsAQuestionThatNobodyWaitsFor) {
  Said running, gone, after;
  Cancellation cancellation;
  reactor->Spawn(Ask("ada", "1", &running));
  gate.AwaitBegun(1);
  reactor->Spawn(Ask("ada", "2", &gone, {kNoDeadline, &cancellation}));
  cancellation.Cancel();
  Await([&] { return gone.has_value(); });
  EXPECT_EQ(gone->status().code(), absl::StatusCode::kCancelled);
  gate.Open(2);
  reactor->Spawn(Ask("ada", "3", &after));
  Await([&] { return running && after; });
  EXPECT_EQ(gate.begun(), 2);
}

TEST_F(CheckerTest, WaitsNoLongerThanTheExchangeMay) {
  Said late, later;
  reactor->Spawn(Ask("ada", "right", &late, {clock.Now() + 1s, nullptr}));
  gate.AwaitBegun(1);
  clock.Advance(2s);
  Await([&] { return late.has_value(); });
  EXPECT_EQ(late->status().code(), absl::StatusCode::kDeadlineExceeded);
  gate.Open();
  // What runs already goes on, and is known to whoever asks next.
  reactor->Spawn(Ask("ada", "right", &later));
  Await([&] { return later.has_value(); });
  EXPECT_TRUE((*later)->result.right);
  EXPECT_EQ(gate.begun(), 1);
}

TEST(Checker, HasAFewThreadsHoweverManyWorkersThereAre) {
  const std::pair<int, int> kRows[] = {{1, 1}, {2, 1}, {4, 2}, {8, 4}, {64, 4}};
  for (const auto& [workers, threads] : kRows) EXPECT_EQ(Checker::For(workers).threads, threads);
}

TEST(Checker, ComputesHashesThatOthersMade) {
  std::unique_ptr<io::Reactor> reactor = *io::Reactor::Create();
  UserFile users = *UserFile::Parse("myName:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC");
  Checker checker(Checker::For(1));
  checker.Start();
  Subject subject = checker.key().SubjectOf("myName", users);
  Digest digest = checker.key().Of("myName", subject, "myPassword");
  StatusOr<Answer> answer = reactor->BlockOn(checker.Check(*reactor, {digest, subject, "myPassword", 60s}, {}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->result.right);
}

}  // namespace
}  // namespace penstock::passwords
