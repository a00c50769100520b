#include "dataplane/upstream/pool/multiplexed_connection.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/http/h2/client_testing.h"
#include "dataplane/telemetry/stats/registry.h"
#include "dataplane/upstream/forward/stream_receiver.h"
#include "dataplane/upstream/pool/endpoint_pool.h"
#include "gtest/gtest.h"

namespace penstock::upstream {
namespace {

using http::h2::FrameType;
using http::h2::kAck;
using http::h2::testing::Bytes;
using http::h2::testing::HeadersFrame;
using http::h2::testing::Number;
using http::h2::testing::Setting;
using std::chrono::seconds;
using End = StreamReceiver::End;

constexpr std::uint8_t kWhole = http::h2::kEndStream | http::h2::kEndHeaders;
constexpr std::uint16_t kMaxConcurrentStreams = 3;

// What a peer sends is put into it, what it is sent is kept.
class FakeStream final : public io::Stream {
 public:
  explicit FakeStream(io::Reactor& reactor) : reactor_(reactor) {}

  void Receive(std::string_view bytes) {
    incoming_ += bytes;
    reader_.WakeAll();
  }
  std::string sent;
  int writes = 0;
  bool stalled = false;  // a write never ends
  bool cut = false;      // writes fail

 private:
  Task<StatusOr<Chunk>> Read(std::size_t, Wait wait) override {
    while (incoming_.empty() && !closed_) {
      io::Waiter waiter(reactor_, reader_, wait);
      io::Woke woke = co_await waiter;
      if (woke != io::Woke::kEvent && incoming_.empty()) co_return io::ToStatus(woke, "read");
    }
    if (closed_) co_return absl::FailedPreconditionError("closed");
    co_return Chunk::Copy(std::exchange(incoming_, ""));
  }
  Task<Status> Write(std::span<const std::string_view> pieces, Wait wait) override {
    ++writes;
    if (cut) co_return absl::AbortedError("reset");
    while (stalled && !closed_) {
      io::Waiter waiter(reactor_, writer_, wait);
      io::Woke woke = co_await waiter;
      if (woke != io::Woke::kEvent) co_return io::ToStatus(woke, "write");
    }
    for (std::string_view piece : pieces) sent += piece;
    co_return closed_ ? absl::FailedPreconditionError("closed") : absl::OkStatus();
  }
  Task<Status> ShutdownWrite(Wait) override { return absl::OkStatus(); }
  void Close() override {
    closed_ = true;
    reader_.WakeAll();
    writer_.WakeAll();
  }
  void Reset() override { Close(); }
  bool readable() const override { return !incoming_.empty(); }
  bool gone() const override { return false; }
  void set_watcher(Watcher*) override {}
  const io::SocketAddress& peer() const override { return address_; }
  const io::SocketAddress& local() const override { return address_; }
  io::Reactor& reactor() const override { return reactor_; }

  io::Reactor& reactor_;
  io::SocketAddress address_;
  std::string incoming_;
  io::WaitQueue reader_;
  io::WaitQueue writer_;
  bool closed_ = false;
};

// One connection whose time stands still.
class MultiplexedConnectionTest : public testing::Test {
 protected:
  struct Request {
    explicit Request(io::Reactor& reactor) : x(&reactor.blocks()), stream(x, reactor.blocks()) {
      http::h2::testing::FillRequest(x.request);
    }
    ~Request() { Leave(); }
    void Leave() {
      if (place.ok()) place->Leave(stream);
      place.Release();
    }
    Exchange x;
    StreamReceiver stream;
    StreamPlace place;
  };

  MultiplexedConnectionTest() {
    auto stream = std::make_unique<FakeStream>(*reactor_);
    peer_ = stream.get();
    auto connection = std::make_unique<MultiplexedConnection>(pool_, std::move(stream), "http", Lease::Take(share_),
                                                              clock_.Now() + std::chrono::hours(1),
                                                              snapshot::UpstreamSettings{}, life_);
    connection_ = connection.get();
    pool_.streams().Connected(*connection);
    reactor_->Spawn(Serve(std::move(connection)));
    Turn();
  }
  ~MultiplexedConnectionTest() override {
    requests_.clear();
    life_.Cancel();
    Turn();
    EXPECT_EQ(reactor_->tasks(), 0u);
    EXPECT_EQ(stats_.Cluster("c").connections_active.Read(), 0);
    EXPECT_EQ(stats_.Cluster("c").connections_idle.Read(), 0);
    EXPECT_EQ(share_.used(), 0);
  }

  static Task<void> Serve(std::unique_ptr<MultiplexedConnection> connection) { co_await connection->Run(); }

  // All that can happen without time going on.
  void Turn() {
    for (int i = 0; i < 5; ++i) reactor_->Turn(Duration::zero());
  }
  void Advance(Duration by) {
    clock_.Advance(by);
    Turn();
  }
  void Receive(std::string_view bytes) {
    peer_->Receive(bytes);
    Turn();
  }
  void Greet(std::string_view settings = "") {
    Receive(Bytes(FrameType::kSettings, 0, 0, settings) + Bytes(FrameType::kSettings, kAck, 0));
  }
  // REQUIRES: there is room.
  Request& Begin() {
    Request& request = *requests_.emplace_back(std::make_unique<Request>(*reactor_));
    request.place = StreamPlace(*connection_);
    EXPECT_EQ(connection_->Begin(request.stream, request.x.request, true), MultiplexedConnection::Begun::kYes);
    return request;
  }
  // How many frames of TYPE were sent and not counted yet.
  int TakeSent(FrameType type) {
    std::string sent = std::exchange(peer_->sent, "");
    constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    if (sent.starts_with(kPreface)) sent.erase(0, kPreface.size());
    std::vector<http::h2::testing::Frame> frames = http::h2::testing::ParseFrames(sent);
    return static_cast<int>(std::count_if(frames.begin(), frames.end(), [&](const auto& f) { return f.type == type; }));
  }

  FakeClock clock_;
  std::unique_ptr<io::Reactor> reactor_ = *io::Reactor::Create({.clock = &clock_, .seed = 1});
  telemetry::Registry registry_{{.workers = 1, .max_series = 100, .reasons = {}}};
  telemetry::WorkerStats stats_{registry_, 0,
                                registry_.Update(nullptr, {.listeners = {}, .routes = {}, .clusters = {"c"}}, {})};
  ClusterLimits limits_;
  LimitShare share_{Allow(limits_.connections), 1};
  io::WaitQueue for_places_;
  EndpointPool pool_{*reactor_, *io::SocketAddress::Parse("127.0.0.1:80"), stats_.Cluster("c"), for_places_};
  Cancellation life_;
  FakeStream* peer_ = nullptr;  // until the connection has ended
  MultiplexedConnection* connection_ = nullptr;
  std::vector<std::unique_ptr<Request>> requests_;

 private:
  static SharedLimit& Allow(SharedLimit& limit) {
    limit.Set(10);
    return limit;
  }
};

TEST_F(MultiplexedConnectionTest, WritesOncePerTurnHoweverManyRequestsBegin) {
  Greet();
  TakeSent(FrameType::kHeaders);
  int before = peer_->writes;
  for (int i = 0; i < 50; ++i) Begin();
  Turn();
  EXPECT_EQ(peer_->writes, before + 1);
  EXPECT_EQ(TakeSent(FrameType::kHeaders), 50);
}

TEST_F(MultiplexedConnectionTest, TakesOneRequestUntilItsPeerHasSaidHowManyItTakes) {
  EXPECT_TRUE(connection_->HasRoom());
  Begin();
  EXPECT_FALSE(connection_->HasRoom());
  Greet(Setting(kMaxConcurrentStreams, 2));
  EXPECT_TRUE(connection_->HasRoom());
  Begin();
  EXPECT_FALSE(connection_->HasRoom());
}

TEST_F(MultiplexedConnectionTest, APlaceIsFreeAgainWhenItsRequestIsOver) {
  Greet(Setting(kMaxConcurrentStreams, 1));
  Request& request = Begin();
  Turn();
  EXPECT_FALSE(connection_->HasRoom());
  request.Leave();
  EXPECT_TRUE(connection_->HasRoom());
  Turn();
  EXPECT_EQ(TakeSent(FrameType::kRstStream), 1) << "since it still ran";
}

TEST_F(MultiplexedConnectionTest, ThePeerHearsNothingOfARequestThatIsGivenUpInTheTurnThatItBegan) {
  Greet();
  int before = peer_->writes;
  Begin().Leave();
  Turn();
  EXPECT_EQ(peer_->writes, before);
}

TEST_F(MultiplexedConnectionTest, AsksAPeerOfWhichNothingIsHeardWhetherItIsThere) {
  Greet();
  Request& request = Begin();
  Advance(MultiplexedConnection::kPingAfter - seconds(1));
  EXPECT_EQ(TakeSent(FrameType::kPing), 0);
  Advance(seconds(2));
  EXPECT_EQ(TakeSent(FrameType::kPing), 1);
  EXPECT_FALSE(connection_->HasRoom()) << "nobody else should have to wait for it";
  Receive(Bytes(FrameType::kPing, kAck, 0, std::string(8, '\0')));
  EXPECT_TRUE(connection_->HasRoom());
  Advance(MultiplexedConnection::kPongTime + seconds(1));
  EXPECT_EQ(request.stream.end(), End::kNone);
}

TEST_F(MultiplexedConnectionTest, EndsWhereNoAnswerComes) {
  Greet();
  Request& request = Begin();
  Advance(MultiplexedConnection::kPingAfter + seconds(1));
  Advance(MultiplexedConnection::kPongTime + seconds(1));
  EXPECT_EQ(request.stream.end(), End::kLost);
  EXPECT_EQ(request.stream.detail(), "the upstream gave no sign of life");
}

TEST_F(MultiplexedConnectionTest, EndsWhereThePeerDoesNotSayInTimeWhatItTakes) {
  Request& request = Begin();
  Advance(snapshot::UpstreamSettings{}.connect_timeout + seconds(1));
  EXPECT_EQ(request.stream.end(), End::kLost);
}

TEST_F(MultiplexedConnectionTest, EndsForAPeerThatFloodsItWithFramesThatDoNoWork) {
  Greet();
  Request& request = Begin();
  for (int i = 0; i < 300; ++i) peer_->Receive(Bytes(FrameType::kSettings, 0, 0));
  Turn();
  EXPECT_EQ(request.stream.end(), End::kLost);
  EXPECT_EQ(request.stream.detail(), "the upstream sent too many frames that do no work");
}

TEST_F(MultiplexedConnectionTest, WhatComesBehindAWriteThatFailedStillCounts) {
  Greet();
  Request& first = Begin();
  Turn();
  peer_->cut = true;
  Request& second = Begin();
  Turn();
  EXPECT_FALSE(connection_->HasRoom());
  Receive(HeadersFrame(1, kWhole, {{":status", "200"}}));
  EXPECT_EQ(first.stream.end(), End::kComplete);
  Advance(MultiplexedConnection::kLastWordTime + seconds(1));
  EXPECT_EQ(second.stream.end(), End::kLost);
}

TEST_F(MultiplexedConnectionTest, FinishesWhatTheLastWordOfThePeerIncludesAndRefusesTheRest) {
  Greet();
  Request& first = Begin();
  Request& second = Begin();
  Turn();
  Receive(Bytes(FrameType::kGoaway, 0, 0, Number(1) + Number(0)));
  EXPECT_FALSE(connection_->HasRoom());
  EXPECT_EQ(first.stream.end(), End::kNone);
  EXPECT_EQ(second.stream.end(), End::kRefused);
  Receive(HeadersFrame(1, kWhole, {{":status", "200"}}));
  EXPECT_EQ(first.stream.end(), End::kComplete);
  requests_.clear();
  Turn();
  EXPECT_EQ(reactor_->tasks(), 0u) << "it has ended";
}

TEST_F(MultiplexedConnectionTest, EndsWithItsWorkerAlsoWhereItsPeerTakesNothing) {
  Greet();
  peer_->stalled = true;
  Request& request = Begin();
  Turn();
  life_.Cancel();
  Turn();
  EXPECT_EQ(request.stream.end(), End::kLost);
  requests_.clear();
  Turn();
  EXPECT_EQ(reactor_->tasks(), 0u);
}

}  // namespace
}  // namespace penstock::upstream
