#include "dataplane/downstream/h2_body.h"

#include <gtest/gtest.h>

#include <string>

#include "dataplane/io/reactor/reactor.h"

namespace penstock::downstream {
namespace {

using namespace std::chrono_literals;

// Writes down what a body asks of its stream.
struct FakeSource final : H2Body::Source {
  void OnUsed(size_t bytes) override { used += bytes; }
  Task<Status> SendContinue() override {
    ++invitations;
    return Status();
  }
  size_t used = 0;
  int invitations = 0;
};

// One Read() on a reactor.
struct Reading {
  Task<void> Run(H2Body& body) {
    StatusOr<Chunk> chunk = co_await body.Read();
    status = chunk.status();
    if (chunk.ok()) text = chunk->view();
    done = true;
  }
  Status status;
  std::string text;
  bool done = false;
};

class H2BodyTest : public testing::Test {
 protected:
  H2BodyTest() { x.Begin(request); }
  ~H2BodyTest() override { EXPECT_EQ(reactor->tasks(), 0u); }

  void Begin(bool expect_continue = false) {
    x.request.expect_continue = expect_continue;
    body.Begin(x);
    body.Apply(settings);
  }
  Chunk Bytes(std::string_view text) { return Chunk::Copy(reactor->blocks(), text); }
  void Start(Reading& reading) { reactor->Spawn(reading.Run(body)); }
  void Turn() { reactor->Turn(Duration(0)); }

  FakeClock clock;
  std::unique_ptr<io::Reactor> reactor = *io::Reactor::Create({.clock = &clock, .seed = 1});
  Cancellation request;
  Exchange x{&reactor->blocks()};
  snapshot::ClientSettings settings;
  FakeSource source;
  H2Body body{*reactor, source};
};

TEST_F(H2BodyTest, OpensTheWindowAsItIsUsedNotAsItComes) {
  Begin();
  body.Push(reactor->blocks(), Bytes("hello"));
  Reading first, second;
  Start(first);
  Turn();
  EXPECT_EQ(first.text, "hello");
  EXPECT_EQ(x.bytes_in, 5u);
  EXPECT_EQ(source.used, 0u) << "the reader still has it";
  EXPECT_EQ(body.unused(), 5u);
  Start(second);
  Turn();
  EXPECT_EQ(source.used, 5u);
  EXPECT_EQ(body.unused(), 0u);
  body.End();
  Turn();
  EXPECT_TRUE(second.done);
}

TEST_F(H2BodyTest, EndsWithAnEmptyChunk) {
  Begin();
  Reading last;
  Start(last);
  Turn();
  EXPECT_FALSE(last.done);
  body.End();
  Turn();
  EXPECT_TRUE(last.done && last.status.ok() && last.text.empty());
}

TEST_F(H2BodyTest, InvitesOnceAndOnlyWhoAskedAndSentNothingYet) {
  Begin(true);
  Reading first, second;
  Start(first);
  Turn();
  EXPECT_EQ(source.invitations, 1);
  body.Push(reactor->blocks(), Bytes("a"));
  Turn();
  EXPECT_EQ(first.text, "a");
  Start(second);
  Turn();
  EXPECT_EQ(source.invitations, 1);
  body.End();
  Turn();
  EXPECT_TRUE(second.done);
}

TEST_F(H2BodyTest, InvitesNobodyWhoseContentIsHere) {
  Begin(true);
  body.Push(reactor->blocks(), Bytes("a"));
  Reading first, second;
  Start(first);
  Start(second);
  body.End();
  Turn();
  EXPECT_TRUE(first.done && second.done);
  EXPECT_EQ(source.invitations, 0);
}

TEST_F(H2BodyTest, FailsBeyondTheLimit) {
  settings.max_request_body_bytes = 4;
  Begin();
  body.Push(reactor->blocks(), Bytes("hello"));
  Reading reading;
  Start(reading);
  Turn();
  EXPECT_FALSE(reading.status.ok());
  EXPECT_EQ(x.reason, Reason::kBodyTooLarge);
}

TEST_F(H2BodyTest, FailsWhoeverWaitsWithTheFirstReason) {
  Begin();
  Reading reading;
  Start(reading);
  Turn();
  body.Fail(Reason::kBodyMalformed, "first");
  body.Fail(Reason::kClientGone, "second");
  Turn();
  EXPECT_FALSE(reading.status.ok());
  EXPECT_EQ(x.reason, Reason::kBodyMalformed);
  EXPECT_EQ(x.detail, "first");
}

TEST_F(H2BodyTest, CountsWhatCameWhileNobodyWaitedTowardsTheRate) {
  settings.min_body_rate = 500;
  settings.min_rate_grace = 30s;
  Begin();
  body.Push(reactor->blocks(), Bytes(std::string(30'000, 'x')));  // worth 60 s
  Reading first, second;
  Start(first);
  Turn();
  EXPECT_EQ(first.text.size(), 30'000u);
  Start(second);
  Turn();
  clock.Advance(59s);
  Turn();
  EXPECT_FALSE(second.done);
  clock.Advance(2s);
  Turn();
  EXPECT_TRUE(second.done);
  EXPECT_EQ(x.reason, Reason::kRequestTimeout);
}

TEST_F(H2BodyTest, MayComeRarelyWhereThatIsAllowedButNotNever) {
  Begin();
  body.AllowRareContent();
  for (int i = 0; i < 100; ++i) {
    Reading message;
    Start(message);
    Turn();
    clock.Advance(60s);
    Turn();
    ASSERT_FALSE(message.done) << "a lowest rate would have ended it";
    body.Push(reactor->blocks(), Bytes("x"));
    Turn();
    ASSERT_EQ(message.text, "x");
  }
  Reading none;
  Start(none);
  Turn();
  clock.Advance(settings.stream_idle_timeout + 1s);
  Turn();
  EXPECT_TRUE(none.done);
  EXPECT_EQ(x.reason, Reason::kRequestTimeout);
}

TEST_F(H2BodyTest, GivesNothingMoreOnceItIsNotWanted) {
  Begin();
  Reading waits, comes;
  Start(waits);
  Turn();
  body.Cancel();
  Turn();
  EXPECT_TRUE(IsCancelled(waits.status));
  body.Push(reactor->blocks(), Bytes("late"));
  Start(comes);
  Turn();
  EXPECT_TRUE(IsCancelled(comes.status));
  EXPECT_EQ(x.reason, Reason::kNone) << "that is nobody's fault";
  body.Drop();
}

}  // namespace
}  // namespace penstock::downstream
