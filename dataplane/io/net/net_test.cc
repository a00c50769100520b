#include <fcntl.h>
#include <sys/resource.h>

#include <string>
#include <vector>

#include "dataplane/base/when.h"
#include "dataplane/io/net/connect.h"
#include "dataplane/io/net/listener.h"
#include "gtest/gtest.h"

namespace penstock::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using StreamPtr = std::unique_ptr<TcpStream>;

// A listener and connections to it, on one reactor.
class Net : public testing::TestWithParam<const char*> {
 protected:
  struct Pair {
    StreamPtr client, server;
  };

  Net() : reactor_(*Reactor::Create({.clock = nullptr, .seed = 1})) {}
  ~Net() override {
    EXPECT_EQ(reactor_->tasks(), 0u);
    EXPECT_EQ(reactor_->blocks().bytes_in_use(), 0u);
  }

  std::unique_ptr<Listener> Open(const std::string& address = "127.0.0.1:0") {
    return *Listener::Create(*reactor_, *Listen(*SocketAddress::Parse(address), {}));
  }

  Pair Connected(const std::string& address = "127.0.0.1:0") {
    std::unique_ptr<Listener> listener = Open(address);
    auto [client, server] =
        reactor_->BlockOn(WhenAll(Connect(*reactor_, listener->address(), {}), listener->Accept({})));
    EXPECT_TRUE(client.ok()) << client.status();
    EXPECT_TRUE(server.ok()) << server.status();
    return {*std::move(client), *std::move(server)};
  }

  std::string Read(Stream& stream, std::size_t max = 4096) {
    StatusOr<Chunk> chunk = reactor_->BlockOn(stream.Read(max, {After(reactor_->Now(), seconds(10)), nullptr}));
    return chunk.ok() ? std::string(chunk->view()) : chunk.status().ToString();
  }
  Status Write(Stream& stream, std::string_view text) {
    std::vector<std::string_view> pieces = {text};
    return reactor_->BlockOn(stream.Write(pieces, {}));
  }

  std::unique_ptr<Reactor> reactor_;
};

TEST_P(Net, CarriesBytesBothWays) {
  Pair pair = Connected(GetParam());
  ASSERT_TRUE(Write(*pair.client, "ping").ok());
  EXPECT_EQ(Read(*pair.server), "ping");
  ASSERT_TRUE(Write(*pair.server, "pong").ok());
  EXPECT_EQ(Read(*pair.client), "pong");
  if (pair.client->peer().is_ip()) EXPECT_EQ(pair.client->local(), pair.server->peer());
}

INSTANTIATE_TEST_SUITE_P(Families, Net, testing::Values("127.0.0.1:0", "[::1]:0", "unix:@penstock-net-test"));

TEST_F(Net, ABlockedReaderHoldsNoBlock) {
  Pair pair = Connected();
  Child<StatusOr<Chunk>> read;
  read.Start(pair.server->Read(4096, {}));
  EXPECT_TRUE(read.running());
  EXPECT_EQ(reactor_->blocks().bytes_in_use(), 0u);
  ASSERT_TRUE(Write(*pair.client, "x").ok());
  StatusOr<Chunk> chunk = reactor_->BlockOn(read.Join());
  EXPECT_EQ(chunk->view(), "x");
}

TEST_F(Net, AShortReadLeavesNothingReadableAndAFullOneDoes) {
  Pair pair = Connected();
  ASSERT_TRUE(Write(*pair.client, "abcdef").ok());
  EXPECT_EQ(Read(*pair.server, 4), "abcd");
  EXPECT_TRUE(pair.server->readable());
  EXPECT_EQ(Read(*pair.server, 4), "ef");
  EXPECT_FALSE(pair.server->readable());
}

TEST_F(Net, TheEndOfBytesIsAnEmptyChunkAndTheOtherDirectionGoesOn) {
  Pair pair = Connected();
  ASSERT_TRUE(Write(*pair.client, "request").ok());
  ASSERT_TRUE(reactor_->BlockOn(pair.client->ShutdownWrite({})).ok());
  EXPECT_EQ(Read(*pair.server), "request");
  EXPECT_EQ(Read(*pair.server), "");
  EXPECT_EQ(Read(*pair.server), "");
  EXPECT_FALSE(pair.server->gone());
  ASSERT_TRUE(Write(*pair.server, "response").ok());
  EXPECT_EQ(Read(*pair.client), "response");
}

TEST_F(Net, AResetIsAnAbortNotAnEnd) {
  Pair pair = Connected();
  pair.client->Reset();
  StatusOr<Chunk> chunk = reactor_->BlockOn(pair.server->Read(4096, {}));
  EXPECT_TRUE(absl::IsAborted(chunk.status())) << chunk.status();
  EXPECT_TRUE(pair.server->gone());
}

TEST_F(Net, AReadEndsAtItsDeadlineAndAtItsCancellation) {
  Pair pair = Connected();
  StatusOr<Chunk> late = reactor_->BlockOn(pair.server->Read(4096, {After(reactor_->Now(), milliseconds(2)), nullptr}));
  EXPECT_TRUE(IsTimeout(late.status()));
  Cancellation cancellation;
  Child<StatusOr<Chunk>> read;
  read.Start(pair.server->Read(4096, {kNoDeadline, &cancellation}));
  cancellation.Cancel();
  StatusOr<Chunk> cancelled = reactor_->BlockOn(read.Join());
  EXPECT_TRUE(IsCancelled(cancelled.status()));
  ASSERT_TRUE(Write(*pair.client, "still works").ok());
  EXPECT_EQ(Read(*pair.server), "still works");
}

TEST_F(Net, CloseEndsAPendingRead) {
  Pair pair = Connected();
  Child<StatusOr<Chunk>> read;
  read.Start(pair.server->Read(4096, {}));
  pair.server->Close();
  StatusOr<Chunk> chunk = reactor_->BlockOn(read.Join());
  EXPECT_TRUE(absl::IsFailedPrecondition(chunk.status()));
  EXPECT_EQ(Read(*pair.client), "");
}

Task<std::string> ReadToEnd(Stream& stream) {
  std::string all;
  while (true) {
    StatusOr<Chunk> chunk = co_await stream.Read(BlockPool::kLarge, {});
    if (!chunk.ok() || chunk->empty()) co_return all;
    all.append(chunk->view());
  }
}

Task<Status> WriteAndEnd(Stream& stream, std::vector<std::string_view> pieces) {
  Status written = co_await stream.Write(pieces, {});
  if (!written.ok()) co_return written;
  Status ended = co_await stream.ShutdownWrite({});
  co_return ended;
}

TEST_P(Net, AWriteLargerThanTheSocketWaitsUntilAllIsTaken) {
  Pair pair = Connected(GetParam());
  std::string large(20'000'000, 'a');
  for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>('a' + i % 26);
  std::vector<std::string_view> pieces;
  std::string expected;
  for (std::size_t i = 0; i < 40; ++i)
    pieces.push_back(std::string_view(large).substr(i * 500'000, i % 7 == 0 ? 0 : 500'000));
  for (std::string_view piece : pieces) expected.append(piece);
  auto [written, got] = reactor_->BlockOn(WhenAll(WriteAndEnd(*pair.client, pieces), ReadToEnd(*pair.server)));
  EXPECT_TRUE(written.ok()) << written;
  EXPECT_TRUE(got == expected);
}

TEST_F(Net, AWriteThatNobodyTakesEndsAtItsDeadline) {
  Pair pair = Connected();
  std::string large(50'000'000, 'x');
  std::vector<std::string_view> pieces = {large};
  Status status = reactor_->BlockOn(pair.client->Write(pieces, {After(reactor_->Now(), milliseconds(50)), nullptr}));
  EXPECT_TRUE(IsTimeout(status)) << status;
}

TEST_F(Net, ARefusedConnectIsUnavailable) {
  std::unique_ptr<Listener> listener = Open();
  SocketAddress address = listener->address();
  listener->Close();
  StatusOr<StreamPtr> stream = reactor_->BlockOn(Connect(*reactor_, address, {}));
  EXPECT_TRUE(absl::IsUnavailable(stream.status())) << stream.status();
}

TEST_F(Net, ConnectComesFromTheAddressItIsTold) {
  std::unique_ptr<Listener> listener = Open();
  IpAddress local = *IpAddress::Parse("127.0.0.9");
  auto [client, server] =
      reactor_->BlockOn(WhenAll(Connect(*reactor_, listener->address(), {}, &local), listener->Accept({})));
  ASSERT_TRUE(client.ok() && server.ok());
  EXPECT_EQ((*server)->peer().ip(), local);
}

struct Watch final : Stream::Watcher {
  void OnReadable() override { ++readable; }
  void OnGone() override { ++gone; }
  int readable = 0, gone = 0;
};

TEST_F(Net, AWatcherHearsOfBytesAndOfTheEndWhileNobodyReads) {
  Pair pair = Connected();
  Watch watch;
  pair.server->set_watcher(&watch);
  pair.client->Reset();
  while (watch.gone == 0) reactor_->Turn(Duration::max());
  EXPECT_GT(watch.readable, 0);
  EXPECT_TRUE(pair.server->readable());
}

Task<void> DestroyNextTurn(Reactor& reactor, StreamPtr stream) {
  co_await reactor.Yield();
  stream.reset();
}

TEST_F(Net, AStreamMayGoWhileItsEventsWaitToBeDelivered) {
  Pair pair = Connected();
  reactor_->Spawn(DestroyNextTurn(*reactor_, std::move(pair.server)));
  ASSERT_TRUE(Write(*pair.client, "bytes that make an event").ok());
  while (reactor_->tasks() > 0) reactor_->Turn(Duration::max());
  EXPECT_NE(Read(*pair.client), "bytes");
}

TEST_F(Net, TwoSocketsShareAPortAndAStrangerIsRefusedByName) {
  std::unique_ptr<Listener> first = Open();
  StatusOr<Fd> second = Listen(first->address(), {});
  EXPECT_TRUE(second.ok()) << second.status();
  Status taken = CheckFree(first->address());
  EXPECT_TRUE(absl::IsAlreadyExists(taken)) << taken;
  EXPECT_NE(taken.message().find(absl::StrCat("pid ", getpid())), absl::string_view::npos) << taken;
}

TEST_F(Net, AWildcardAndAnAddressOfOneProcessShareAPort) {
  std::unique_ptr<Listener> first = Open();
  StatusOr<SocketAddress> any = SocketAddress::Parse(absl::StrCat("0.0.0.0:", first->address().port()));
  ASSERT_TRUE(any.ok()) << any.status();
  EXPECT_TRUE(absl::IsAlreadyExists(CheckFree(*any)));
  EXPECT_TRUE(CheckFree(*any, OwnSockets::kIgnored).ok());
  StatusOr<Fd> wide = Listen(*any, {});
  EXPECT_TRUE(wide.ok()) << wide.status();
}

TEST_F(Net, TheAcceptQueueCanBeEmptiedBeforeClosing) {
  std::unique_ptr<Listener> listener = Open();
  std::vector<StreamPtr> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(*reactor_->BlockOn(Connect(*reactor_, listener->address(), {})));
  std::vector<StreamPtr> servers;
  while (StreamPtr waiting = listener->AcceptWaiting()) servers.push_back(std::move(waiting));
  EXPECT_EQ(servers.size(), 3u);
  listener->Close();
  ASSERT_TRUE(Write(*servers[0], "served").ok());
}

TEST_F(Net, AcceptEndsWhenTheListenerCloses) {
  std::unique_ptr<Listener> listener = Open();
  Child<StatusOr<StreamPtr>> accept;
  accept.Start(listener->Accept({}));
  listener->Close();
  StatusOr<StreamPtr> stream = reactor_->BlockOn(accept.Join());
  EXPECT_TRUE(absl::IsFailedPrecondition(stream.status()));
}

// FAULTS D12: with no descriptor left, accepting pauses without spinning and goes on when there is one.
TEST_F(Net, AcceptSurvivesRunningOutOfDescriptors) {
  std::unique_ptr<Listener> listener = Open();
  StreamPtr client = *reactor_->BlockOn(Connect(*reactor_, listener->address(), {}));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  int lowest_free = dup(0);
  close(lowest_free);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(lowest_free);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  Child<StatusOr<StreamPtr>> accept;
  accept.Start(listener->Accept({}));
  EXPECT_TRUE(accept.running());
  EXPECT_EQ(listener->stats().exhausted, 1u);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  StatusOr<StreamPtr> server = reactor_->BlockOn(accept.Join());
  EXPECT_TRUE(server.ok()) << server.status();
}

}  // namespace
}  // namespace penstock::io
