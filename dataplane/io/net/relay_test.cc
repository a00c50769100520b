#include "dataplane/io/net/relay.h"

#include <gtest/gtest.h>

#include <optional>

#include "dataplane/base/when.h"
#include "dataplane/io/net/connect.h"
#include "dataplane/io/net/listener.h"

namespace penstock::io {
namespace {

using namespace std::chrono_literals;
using StreamPtr = std::unique_ptr<TcpStream>;

struct Counts final : Relay::Meter {
  void OnBytes(const Stream& from, std::size_t bytes) override { (&from == first ? from_first : from_second) += bytes; }
  const Stream* first = nullptr;
  std::size_t from_first = 0;
  std::size_t from_second = 0;
};

// client <-> near [relay] far <-> server, over TCP on one reactor with a clock that is moved by hand.
class RelayTest : public testing::Test {
 protected:
  RelayTest() : reactor_(*Reactor::Create({.clock = &clock_, .seed = 1})) {
    std::tie(client_, near_) = Connected();
    std::tie(far_, server_) = Connected();
    counts_.first = near_.get();
    relay_.emplace(*near_, *far_, 60s, &life_, counts_);
    run_.Start(relay_->Run());
  }
  ~RelayTest() override {
    life_.Cancel();
    RunUntil([&] { return !run_.running(); });
    near_.reset();
    far_.reset();
    EXPECT_EQ(reactor_->blocks().bytes_in_use(), 0u);
  }

  std::pair<StreamPtr, StreamPtr> Connected() {
    auto listener = *Listener::Create(*reactor_, *Listen(*SocketAddress::Parse("127.0.0.1:0"), {}));
    auto [client, server] =
        reactor_->BlockOn(WhenAll(Connect(*reactor_, listener->address(), {}), listener->Accept({})));
    return {*std::move(client), *std::move(server)};
  }

  std::string Read(Stream& stream, std::size_t max = BlockPool::kLarge) {
    StatusOr<Chunk> chunk = reactor_->BlockOn(stream.Read(max, {}));
    return chunk.ok() ? std::string(chunk->view()) : std::string(absl::StatusCodeToString(chunk.status().code()));
  }
  void Write(Stream& stream, std::string_view text) {
    std::string_view pieces[] = {text};
    EXPECT_TRUE(reactor_->BlockOn(stream.Write(pieces, {})).ok());
  }
  void EndWrite(Stream& stream) { EXPECT_TRUE(reactor_->BlockOn(stream.ShutdownWrite({})).ok()); }

  template <typename Done>
  bool RunUntil(Done done) {
    for (int i = 0; i < 10'000 && !done(); ++i) reactor_->Turn(1ms);
    return done();
  }
  void Advance(Duration by) {
    for (int i = 0; i < 20; ++i) reactor_->Turn(Duration(0));
    clock_.Advance(by);
    for (int i = 0; i < 20; ++i) reactor_->Turn(Duration(0));
  }
  Relay::End End() {
    EXPECT_TRUE(RunUntil([&] { return !run_.running(); }));
    return run_.result();
  }

  FakeClock clock_;
  std::unique_ptr<Reactor> reactor_;
  StreamPtr client_, near_, far_, server_;
  Counts counts_;
  Cancellation life_;
  std::optional<Relay> relay_;
  Child<Relay::End> run_;
};

TEST_F(RelayTest, CarriesBytesBothWaysAndCountsThem) {
  Write(*client_, "ping");
  EXPECT_EQ(Read(*server_), "ping");
  Write(*server_, "pong!");
  EXPECT_EQ(Read(*client_), "pong!");
  EXPECT_EQ(counts_.from_first, 4u);
  EXPECT_EQ(counts_.from_second, 5u);
  EXPECT_EQ(reactor_->blocks().bytes_in_use(), 0u) << "an idle relay holds no block";
}

TEST_F(RelayTest, PassesAHalfCloseOnAndTheOtherDirectionGoesOn) {
  Write(*client_, "request");
  EndWrite(*client_);
  EXPECT_EQ(Read(*server_), "request");
  EXPECT_EQ(Read(*server_), "");
  Write(*server_, "response");
  EXPECT_EQ(Read(*client_), "response");
  EndWrite(*server_);
  EXPECT_EQ(Read(*client_), "");
  EXPECT_EQ(End(), Relay::End::kBoth);
}

TEST_F(RelayTest, PassesAResetOnAsAReset) {
  Write(*client_, "x");
  EXPECT_EQ(Read(*server_), "x");
  client_->Reset();
  EXPECT_EQ(Read(*server_), "ABORTED");
  EXPECT_EQ(End(), Relay::End::kFirstGone);
}

TEST_F(RelayTest, PassesAResetBehindAHalfCloseOn) {
  EndWrite(*server_);
  EXPECT_EQ(Read(*client_), "");
  server_->Reset();
  EXPECT_EQ(End(), Relay::End::kSecondGone);
  EXPECT_TRUE(RunUntil([&] { return client_->gone(); }));
}

// A server that refuses an upload: it answers, and closes with bytes unread, which resets the connection.
TEST_F(RelayTest, DeliversWhatWasSentBeforeAReset) {
  Write(*client_, "an upload that nobody reads");
  ASSERT_TRUE(RunUntil([&] { return server_->readable(); }));
  Write(*server_, "no, thank you");
  server_->Close();
  EXPECT_EQ(Read(*client_), "no, thank you");
  EXPECT_EQ(Read(*client_), "ABORTED");
  EXPECT_EQ(End(), Relay::End::kSecondGone);
}

TEST_F(RelayTest, HoldsOneChunkWhileTheOtherSideDoesNotRead) {
  std::string large(64 << 20, 'x');
  std::string_view pieces[] = {large};
  Cancellation enough;
  Child<Status> upload;
  upload.Start(client_->Write(pieces, {kNoDeadline, &enough}));
  std::size_t before = 0;
  // Until the kernel's buffers are full.
  while (before != counts_.from_first || before == 0) {
    before = counts_.from_first;
    for (int i = 0; i < 200; ++i) reactor_->Turn(Duration(0));
  }
  EXPECT_LE(reactor_->blocks().bytes_in_use(), std::size_t{64} << 10);
  EXPECT_TRUE(upload.running());
  enough.Cancel();
  RunUntil([&] { return !upload.running(); });
}

TEST_F(RelayTest, EndsWhenNoByteMovesForTheIdleTimeout) {
  Advance(59s);
  Write(*client_, "x");
  EXPECT_EQ(Read(*server_), "x");
  Advance(59s);
  EXPECT_TRUE(run_.running());
  Write(*server_, "y");
  EXPECT_EQ(Read(*client_), "y");
  Advance(59s);
  EXPECT_TRUE(run_.running());
  Advance(2s);
  EXPECT_EQ(End(), Relay::End::kIdle);
  EXPECT_EQ(Read(*client_), "ABORTED");
  EXPECT_EQ(Read(*server_), "ABORTED");
}

TEST_F(RelayTest, EndsWithAResetWhenItIsCancelled) {
  life_.Cancel();
  EXPECT_EQ(End(), Relay::End::kCancelled);
  EXPECT_EQ(Read(*client_), "ABORTED");
  EXPECT_EQ(Read(*server_), "ABORTED");
}

}  // namespace
}  // namespace penstock::io
