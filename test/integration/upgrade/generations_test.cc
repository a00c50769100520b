// Tunnels and streams outlive the generation that decided them, and keep next to nothing of it.
#include "test/integration/upgrade/tunnel_fixture.h"

namespace penstock::test {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kEvents[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr char kAskPlain[] = "GET /plain HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n";

std::string AsChunk(std::string_view content) {
  char size[8];
  std::snprintf(size, sizeof(size), "%zx", content.size());
  return StrCat(size, "\r\n", content, "\r\n");
}

class GenerationsTest : public TunnelTest {
 protected:
  // COUNT generations, each with another route beside the others.
  void Change(int count) {
    for (int i = 0; i < count; ++i) {
      std::string another = StrCat("rules { matches { prefix: '/", ++changes_, "' } static_reply { status: 200 } }");
      gateway.ServeShop(upstream.port(), kRules + another);
      gateway.Reclaim();
    }
  }
  void ExpectCarries(Pair& pair, const std::string& text) {
    Write(*pair.client, text);
    EXPECT_EQ(Read(*pair.upstream, text.size()), text);
    Write(*pair.upstream, text);
    EXPECT_EQ(Read(*pair.client, text.size()), text);
  }

  int changes_ = 0;
};

TEST_F(GenerationsTest, ThousandOfThemPassWhileTunnelsAndEventsLiveAndNoneStays) {
  Serve();
  std::vector<Pair> pairs, streams;
  for (int i = 0; i < 5; ++i) {
    Pair& stream = streams.emplace_back(Ask(kAskPlain));
    Write(*stream.upstream, kEvents);
    EXPECT_THAT(gateway.ReadUntil(*stream.client, "\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
  }
  for (int i = 0; i < 20; ++i) {
    pairs.push_back(Open());
    Change(1);
    EXPECT_EQ(gateway.Reclaim(), 1u) << "the current one";
  }
  for (int i = 0; i < 98; ++i) {
    Change(10);
    EXPECT_EQ(gateway.Reclaim(), 1u);
    ExpectCarries(pairs[i % pairs.size()], StrCat("message ", i));
    Pair& stream = streams[i % streams.size()];
    const std::string event = AsChunk(StrCat("data: ", i, "\n\n"));
    Write(*stream.upstream, event);
    EXPECT_EQ(Read(*stream.client, event.size()), event);
  }
  for (Pair& stream : streams) {
    Write(*stream.upstream, "0\r\n\r\n");
    EXPECT_EQ(Read(*stream.client, 5), "0\r\n\r\n");
    End(*stream.client);
  }
  for (Pair& pair : pairs) {
    ExpectCarries(pair, "end");
    End(*pair.client);
    End(*pair.upstream);
  }
  ASSERT_TRUE(Idle());
  telemetry::RouteCells& route = gateway.proxy().stats.Route("shop/web/http", "shop/all");
  EXPECT_EQ(route.requests.At(static_cast<size_t>(telemetry::CodeClass::k1xx)).Read(), 20u);
  EXPECT_EQ(gateway.listener_cells().tunnels_active.Read(), 0);
}

TEST_F(GenerationsTest, ATunnelOutlivesItsRouteItsListenerAndItsCluster) {
  Serve();
  Pair pair = Open();
  const int port = gateway.ChoosePort();
  gateway.Serve({snapshot::testing::Listener("other/web/http", StrCat("port: ", port))});
  EXPECT_EQ(gateway.Reclaim(), 1u);
  ExpectCarries(pair, "still here");
  pair.client->Reset();
  EXPECT_TRUE(Idle());
}

TEST_F(GenerationsTest, EventsArriveOneByOneWhileTheConfigurationChanges) {
  Serve();
  Pair pair = Ask(kAskPlain);
  Write(*pair.upstream, kEvents);
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
  for (int i = 0; i < 50; ++i) {
    std::string event = AsChunk(StrCat("data: ", i, "\n\n"));
    Write(*pair.upstream, event);
    EXPECT_EQ(Read(*pair.client, event.size()), event) << "not a byte is kept back";
    Change(1);
    EXPECT_EQ(gateway.Reclaim(), 1u) << "the stream holds no old one";
  }
  Write(*pair.upstream, "0\r\n\r\n");
  EXPECT_EQ(Read(*pair.client, 5), "0\r\n\r\n");
  Write(*pair.client, kAskPlain);
  gateway.ReadUntil(*pair.upstream, "\r\n\r\n");
  EXPECT_EQ(upstream.connections(), 1u) << "an ordinary response leaves both connections as they were";
}

TEST_F(GenerationsTest, AResponseThatWaitsForItsClientHoldsNoOldGeneration) {
  Serve();
  Pair pair = Ask(kAskPlain);
  Write(*pair.upstream, StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", 64 << 20, "\r\n\r\n"));
  const std::string much(64 << 20, 'x');
  Cancellation stop;
  gateway.reactor().Spawn(WriteAll(*pair.upstream, much, stop));
  for (int i = 0; i < 2000; ++i) gateway.reactor().Turn(Duration(0));
  Change(3);
  EXPECT_EQ(gateway.Reclaim(), 1u);
  EXPECT_THAT(ReadHead(*pair.client), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(Read(*pair.client, much.size()).size(), much.size());
}

// Content that is always at hand.
class Plenty final : public Body {
 public:
  explicit Plenty(size_t size) : left_(size) {}
  Task<StatusOr<Chunk>> Read() override {
    size_t n = std::min(left_, kPiece.size());
    left_ -= n;
    return StatusOr<Chunk>(Chunk::Static(std::string_view(kPiece).substr(0, n)));
  }
  void Cancel() override { left_ = 0; }
  Task<void> Finish() override { return Task<void>(); }

 private:
  inline static const std::string kPiece = std::string(64 << 10, 'x');

  size_t left_;
};

class GivesPlenty final : public Policy {
 public:
  static constexpr size_t kSize = 64 << 20;
  Task<Verdict> OnRequest(Exchange&) const override { return Verdict::Continue(); }
  Task<Verdict> OnResponse(Exchange& x) const override {
    x.response.framing = {http::Framing::Kind::kLength, kSize};
    x.response_body = &x.Own<Plenty>(kSize);
    return Verdict::Continue();
  }
};

TEST_F(GenerationsTest, AResponseThatNeverWaitsForItsContentButForItsClientHoldsNoOldGenerationEither) {
  gateway.policies.Insert("plenty", {std::make_shared<GivesPlenty>()});
  const std::string chain = "rules { matches { prefix: '/' } policy_chain: 'plenty' static_reply { status: 200 } }";
  namespace t = snapshot::testing;
  const int port = gateway.ChoosePort();
  gateway.Serve({t::PolicyChain("plenty", ""), t::Listener("l", StrCat("port: ", port)),
                 t::Route("r", StrCat("attachments { listener: 'l' } ", chain))});
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  Write(*client, kAskPlain);
  Settle();
  gateway.policies = proxy::PolicyChains();
  gateway.Serve({t::Listener("l", StrCat("port: ", port))});
  EXPECT_EQ(gateway.Reclaim(), 1u);
  EXPECT_THAT(ReadHead(*client), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(Read(*client, GivesPlenty::kSize).size(), GivesPlenty::kSize);
}

TEST_F(GenerationsTest, ARequestThatWaitsForItsAnswerHoldsNoOldGeneration) {
  Serve();
  Pair pair = Ask(kAskPlain);
  Change(3);
  EXPECT_EQ(gateway.Reclaim(), 1u);
  Write(*pair.upstream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "ok"), EndsWith("ok"));
}

TEST_F(GenerationsTest, ARequestWhoseRouteIsGoneMeanwhileIsTriedAgainAndAnsweredByItsOwnRules) {
  namespace t = snapshot::testing;
  const int port = gateway.ChoosePort();
  gateway.Serve(
      {t::Listener("l", StrCat("port: ", port)), t::Cluster("up"),
       t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", upstream.port(), " weight: 1 }")),
       t::Route("r",
                "attachments { listener: 'l' } rules { matches { prefix: '/' } filters { response_headers "
                "{ set { name: 'x-rule' value: 'of then' } } } forward { clusters { cluster: 'up' weight: 1 } "
                "retry { attempts: 1 statuses: 503 } } }")});
  Pair pair = Ask(kAskPlain);
  gateway.Serve({t::Listener("l", StrCat("port: ", port))});
  EXPECT_EQ(gateway.Reclaim(), 1u);
  Write(*pair.upstream, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  std::unique_ptr<io::TcpStream> again = upstream.Take();
  ASSERT_NE(again, nullptr);
  EXPECT_THAT(ReadHead(*again), StartsWith("GET /plain "));
  Change(1);
  EXPECT_EQ(gateway.Reclaim(), 1u);
  Write(*again, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "ok"), HasSubstr("x-rule: of then\r\n"));
}

TEST_F(GenerationsTest, ARequestThatIsNeverAnsweredEndsWithItsOwnReason) {
  Serve();
  Pair pair = Ask(kAskPlain);
  Change(2);
  pair.upstream->Reset();
  EXPECT_THAT(ReadHead(*pair.client), StartsWith("HTTP/1.1 502 "));
  EXPECT_EQ(gateway.Reclaim(), 1u);
}

class Witness final : public Policy {
 public:
  explicit Witness(std::vector<std::string>& seen) : seen_(seen) {}
  ~Witness() override { seen_.push_back("gone"); }
  Task<Verdict> OnRequest(Exchange&) const override { return Verdict::Continue(); }
  void OnEnd(Exchange& x, const Outcome& outcome) const override {
    seen_.push_back(StrCat("end ", outcome.status, " of ", x.route, " at ", x.listener));
  }

 private:
  std::vector<std::string>& seen_;
};

TEST_F(GenerationsTest, ItsPoliciesSeeItsEndOnceThoughTheirGenerationIsLongGone) {
  std::vector<std::string> seen;
  gateway.policies.Insert("watch", {std::make_shared<Witness>(seen)});
  namespace t = snapshot::testing;
  const int port = gateway.ChoosePort();
  gateway.Serve({t::PolicyChain("watch", ""), t::Listener("l", StrCat("port: ", port)), t::Cluster("up"),
                 t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", upstream.port(), " weight: 1 }")),
                 t::Route("r",
                          "attachments { listener: 'l' } rules { matches { prefix: '/ws' } policy_chain: 'watch' "
                          "forward { clusters { cluster: 'up' weight: 1 } upgrades: 'websocket' } }")});
  Pair pair = Open();
  gateway.policies = proxy::PolicyChains();
  gateway.Serve({t::Listener("l", StrCat("port: ", port))});
  EXPECT_EQ(gateway.Reclaim(), 1u);
  EXPECT_THAT(seen, ElementsAre());
  ExpectCarries(pair, "x");
  pair.client->Reset();
  ASSERT_TRUE(Idle());
  EXPECT_THAT(seen, ElementsAre("end 101 of r at l", "gone"));
}

}  // namespace
}  // namespace penstock::test
