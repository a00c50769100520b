// Tunnels from their switch to their end: bytes, ends, breaks, patience, back-pressure, drain.
#include <cstring>

#include "test/integration/upgrade/tunnel_fixture.h"

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class OpenTunnelTest : public TunnelTest {};

TEST_F(OpenTunnelTest, CarriesBytesBothWaysAtOnce) {
  Serve();
  Pair pair = Open();
  for (int i = 0; i < 100; ++i) {
    Write(*pair.client, StrCat("ping ", i));
    EXPECT_EQ(Read(*pair.upstream, StrCat("ping ", i).size()), StrCat("ping ", i));
    Write(*pair.upstream, StrCat("pong ", i));
    EXPECT_EQ(Read(*pair.client, StrCat("pong ", i).size()), StrCat("pong ", i));
  }
}

TEST_F(OpenTunnelTest, IsCountedWhileItLives) {
  Serve();
  Pair pair = Open();
  EXPECT_EQ(gateway.listener_cells().upgrades.At(0).Read(), 1u);
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 1);
  Write(*pair.client, "12345");
  EXPECT_EQ(Read(*pair.upstream, 5), "12345");
  Write(*pair.upstream, "123");
  EXPECT_EQ(Read(*pair.client, 3), "123");
  End(*pair.client);
  End(*pair.upstream);
  ASSERT_TRUE(Idle());
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 0);
  telemetry::RouteCells& route = gateway.proxy().stats.Route("shop/web/http", "shop/all");
  EXPECT_EQ(route.requests.At(static_cast<size_t>(telemetry::CodeClass::k1xx)).Read(), 1u);
  EXPECT_EQ(route.request_bytes.Read(), 5u);
  EXPECT_EQ(route.response_bytes.Read(), 3u);
  telemetry::ClusterCells& cluster = gateway.proxy().stats.Cluster("up");
  EXPECT_EQ(cluster.request_bytes.Read(), 5u);
  EXPECT_EQ(cluster.response_bytes.Read(), 3u);
  EXPECT_EQ(cluster.requests_active.Read(), 0);
  EXPECT_EQ(cluster.connections_active.Read(), 0);
  EXPECT_EQ(gateway.Replies(Reason::kUpstreamAborted) + gateway.Replies(Reason::kClientGone), 0u);
}

TEST_F(OpenTunnelTest, PassesTheClientsEndOnWhileTheUpstreamGoesOn) {
  Serve();
  Pair pair = Open();
  Write(*pair.client, "last words");
  End(*pair.client);
  EXPECT_EQ(Read(*pair.upstream, 100), "last words");
  Settle();
  Write(*pair.upstream, "still here");
  EXPECT_EQ(Read(*pair.client, 10), "still here");
  End(*pair.upstream);
  EXPECT_EQ(EndOf(*pair.client), "");
  EXPECT_TRUE(Idle());
}

TEST_F(OpenTunnelTest, PassesTheUpstreamsEndOnWhileTheClientGoesOn) {
  Serve();
  Pair pair = Open();
  Write(*pair.upstream, "last words");
  End(*pair.upstream);
  EXPECT_EQ(Read(*pair.client, 100), "last words");
  Settle();
  Write(*pair.client, "still here");
  EXPECT_EQ(Read(*pair.upstream, 10), "still here");
  EXPECT_EQ(gateway.downstream().connections(), 1u);
  End(*pair.client);
  EXPECT_EQ(EndOf(*pair.upstream), "");
  EXPECT_TRUE(Idle());
}

TEST_F(OpenTunnelTest, LosesNothingOfWhatWasSentBeforeBothEnds) {
  Serve();
  Pair pair = Open();
  End(*pair.upstream);
  EXPECT_EQ(EndOf(*pair.client), "");
  // The gateway reads this in one turn with the end of the connection.
  std::string large(200'000, 'x');
  Write(*pair.client, large);
  End(*pair.client);
  EXPECT_TRUE(Read(*pair.upstream, large.size() + 1) == large);
  EXPECT_TRUE(Idle());
}

TEST_F(OpenTunnelTest, AClientThatEndedBeforeTheSwitchIsPassedOnAfterIt) {
  Serve();
  Pair pair = Ask();
  End(*pair.client);
  EXPECT_TRUE(Silent(*pair.upstream));
  Write(*pair.upstream, StrCat(kSwitch, "hello"));
  EXPECT_EQ(EndOf(*pair.upstream), "");
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "\r\n\r\nhello"), EndsWith("hello"));
}

TEST_F(OpenTunnelTest, ABreakOnOneSideBreaksTheOther) {
  Serve();
  Pair first = Open();
  first.client->Reset();
  EXPECT_EQ(EndOf(*first.upstream), "ABORTED");
  EXPECT_TRUE(Idle());
  EXPECT_EQ(gateway.Replies(Reason::kClientGone), 1u);

  Pair second = Open();
  second.upstream->Reset();
  EXPECT_EQ(EndOf(*second.client), "ABORTED");
  EXPECT_TRUE(Idle());
  EXPECT_EQ(gateway.Replies(Reason::kUpstreamAborted), 1u);
}

TEST_F(OpenTunnelTest, ABreakAfterTheOtherSidesEndBreaksItToo) {
  Serve();
  Pair first = Open();
  End(*first.upstream);
  EXPECT_EQ(EndOf(*first.client), "");
  first.client->Reset();
  EXPECT_EQ(EndOf(*first.upstream), "ABORTED");
  EXPECT_TRUE(Idle());

  Pair second = Open();
  End(*second.client);
  EXPECT_EQ(EndOf(*second.upstream), "");
  second.upstream->Reset();
  EXPECT_EQ(EndOf(*second.client), "ABORTED");
  EXPECT_TRUE(Idle());
}

TEST_F(OpenTunnelTest, DeliversWhatAnUpstreamSaidBeforeItClosed) {
  Serve();
  Pair pair = Open();
  Write(*pair.upstream, "bye");
  pair.upstream->Close();
  Write(*pair.client, "what?");
  EXPECT_EQ(Read(*pair.client, 100), "bye");
  Write(*pair.client, "anybody?");
  End(*pair.client);
  EXPECT_TRUE(Idle());
}

TEST_F(OpenTunnelTest, ItsConnectionsAreNeverUsedAgain) {
  Serve();
  Pair pair = Open();
  End(*pair.client);
  End(*pair.upstream);
  EXPECT_EQ(EndOf(*pair.client), "");
  ASSERT_TRUE(Idle());
  EXPECT_EQ(gateway.proxy().stats.Cluster("up").connections_active.Read(), 0);
  Pair next = Ask("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(upstream.connections(), 2u);
}

TEST_F(OpenTunnelTest, MayBeginOnAConnectionThatWasUsedBefore) {
  Serve();
  Pair pair = Ask("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n");
  Write(*pair.upstream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "ok"), StartsWith("HTTP/1.1 200 "));
  Write(*pair.client, kAsk);
  gateway.ReadUntil(*pair.upstream, "\r\n\r\n");
  Write(*pair.upstream, StrCat(kSwitch, "hello"));
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "\r\n\r\nhello"), StartsWith("HTTP/1.1 101 "));
  EXPECT_EQ(upstream.connections(), 1u);
}

TEST_F(OpenTunnelTest, HoldsLittleForWhoDoesNotRead) {
  Serve();
  Pair pair = Open();
  const std::string much(64 << 20, 'x');
  Cancellation stop;
  gateway.reactor().Spawn(WriteAll(*pair.upstream, much, stop));
  gateway.reactor().Spawn(WriteAll(*pair.client, much, stop));
  for (int i = 0; i < 2000; ++i) {
    gateway.reactor().Turn(Duration(0));
    ASSERT_LT(gateway.reactor().blocks().bytes_in_use(), size_t{512} << 10) << "after " << i << " turns";
  }
  EXPECT_EQ(gateway.downstream().connections(), 1u) << "it waits";
  stop.Cancel();
  Settle();
}

TEST_F(OpenTunnelTest, HoldsNoBufferWhileNothingMoves) {
  Serve();
  constexpr size_t kTunnels = 50;
  std::vector<Pair> pairs;
  const std::string cookie(2000, 'c');
  const std::string ask =
      StrCat(std::string_view(kAsk).substr(0, std::strlen(kAsk) - 2), "Cookie: ", cookie, "\r\n\r\n");
  for (size_t i = 0; i < kTunnels; ++i) {
    Pair& pair = pairs.emplace_back(Ask(ask));
    Write(*pair.upstream, kSwitch);
    EXPECT_THAT(gateway.ReadUntil(*pair.client, "\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
    for (auto* from : {&pair.client, &pair.upstream}) {
      Write(**from, std::string(30'000, 'x'));
      EXPECT_EQ(Read(from == &pair.client ? *pair.upstream : *pair.client, 30'000).size(), 30'000u);
    }
  }
  Settle();
  // Two small blocks of the exchange's own memory, which hold both heads.
  EXPECT_LE(gateway.reactor().blocks().bytes_in_use() / kTunnels, 2 * BlockPool::kSizes[0]);
}

TEST_F(OpenTunnelTest, AnUpstreamThatBreaksWithItsSwitchBreaksTheClientBehindIt) {
  Serve();
  Pair pair = Ask();
  // The gateway finds both at once.
  Cancellation stop;
  gateway.reactor().Spawn(WriteAll(*pair.upstream, kSwitch, stop));
  pair.upstream->Reset();
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
  EXPECT_EQ(EndOf(*pair.client), "ABORTED");
  EXPECT_TRUE(Idle());
  EXPECT_EQ(gateway.Replies(Reason::kUpstreamAborted), 1u);
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 0);
}

TEST_F(OpenTunnelTest, LivesThroughTheDrainToItsDeadline) {
  Serve();
  Pair pair = Open();
  gateway.downstream().StopListeningEverywhere();
  gateway.downstream().Drain();
  Settle();
  Write(*pair.client, "still");
  EXPECT_EQ(Read(*pair.upstream, 5), "still");
  Write(*pair.upstream, "here");
  EXPECT_EQ(Read(*pair.client, 4), "here");
  gateway.downstream().Abort();
  EXPECT_TRUE(Idle());
  EXPECT_EQ(gateway.Replies(Reason::kShuttingDown), 1u);
}

TEST_F(OpenTunnelTest, SaysCloseBothWaysAtTheDrainsDeadlineBehindAWholeFrame) {
  Serve();
  Pair pair = Open();
  Write(*pair.client, "\x81\x82kkkk..");
  EXPECT_EQ(Read(*pair.upstream, 8).size(), 8u);
  Write(*pair.upstream, "\x81\x02hi");
  EXPECT_EQ(Read(*pair.client, 4).size(), 4u);
  gateway.downstream().Abort();
  EXPECT_EQ(Read(*pair.client, 100), "\x88\x02\x03\xe9") << "and then its end";
  EXPECT_EQ(EndOf(*pair.client), "");
  std::string close = Read(*pair.upstream, 100);
  ASSERT_EQ(close.size(), 8u);
  EXPECT_EQ(close.substr(0, 2), "\x88\x82");
  EXPECT_EQ(static_cast<char>(close[2] ^ close[6]), '\x03');
  EXPECT_EQ(static_cast<char>(close[3] ^ close[7]), '\xe9');
  EXPECT_TRUE(Idle());
  EXPECT_EQ(gateway.Replies(Reason::kShuttingDown), 1u);
}

TEST_F(OpenTunnelTest, SaysNothingAmidAFrameButBreaksOff) {
  Serve();
  Pair pair = Open();
  Write(*pair.client, "\x81\x82kkkk.");
  EXPECT_EQ(Read(*pair.upstream, 7).size(), 7u);
  Write(*pair.upstream, "\x81\x02h");
  EXPECT_EQ(Read(*pair.client, 3).size(), 3u);
  gateway.downstream().Abort();
  EXPECT_EQ(EndOf(*pair.client), "ABORTED");
  EXPECT_EQ(EndOf(*pair.upstream), "ABORTED");
}

// Made before the gateway that lives by it.
struct TestTime {
  FakeClock clock_;
};

class PatienceTest : protected TestTime, public TunnelTest {
 protected:
  PatienceTest() : TunnelTest(&clock_) {}

  void Advance(Duration by) {
    Settle();
    clock_.Advance(by);
    Settle();
  }
  bool Alive() { return gateway.downstream().connections() == 1; }
};

TEST_F(PatienceTest, ATunnelHasNoRequestTimeoutNoRatesAndNoAge) {
  Serve("max_connection_age { seconds: 100 } stream_idle_timeout { seconds: 10 }");
  Pair pair = Open();
  for (int i = 0; i < 10; ++i) {
    Advance(50min);
    Write(*pair.client, "x");
    EXPECT_EQ(Read(*pair.upstream, 1), "x");
  }
  EXPECT_TRUE(Alive());
}

TEST_F(PatienceTest, ATunnelEndsWhenNothingMovesForItsIdleTimeout) {
  Serve("tunnel_idle_timeout { seconds: 800 }");
  Pair pair = Open();
  for (int i = 0; i < 20; ++i) {
    Advance(700s);
    Write(i % 2 == 0 ? *pair.upstream : *pair.client, "tick");
    EXPECT_EQ(Read(i % 2 == 0 ? *pair.client : *pair.upstream, 4), "tick");
  }
  for (int i = 0; i < 79; ++i) Advance(10s);
  EXPECT_TRUE(Alive()) << "after 790 s";
  for (int i = 0; i < 12; ++i) Advance(10s);
  EXPECT_FALSE(Alive()) << "after 910 s";
  EXPECT_EQ(EndOf(*pair.client), "ABORTED");
  EXPECT_EQ(EndOf(*pair.upstream), "ABORTED");
  EXPECT_EQ(gateway.Replies(Reason::kTunnelIdle), 1u);
}

TEST_F(PatienceTest, AHalfClosedTunnelEndsForItsIdleTimeoutToo) {
  Serve("tunnel_idle_timeout { seconds: 80 }");
  Pair pair = Open();
  End(*pair.upstream);
  EXPECT_EQ(EndOf(*pair.client), "");
  for (int i = 0; i < 10; ++i) Advance(10s);
  EXPECT_FALSE(Alive());
  EXPECT_EQ(gateway.Replies(Reason::kTunnelIdle), 1u);
}

TEST_F(PatienceTest, TheAnswerToTheWishIsAwaitedLikeAnyResponse) {
  Serve();
  Pair pair = Ask();
  Advance(16s);
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "in time."), HasSubstr("x-penstock-reason: upstream_timeout\r\n"));
}

}  // namespace
}  // namespace penstock::test
