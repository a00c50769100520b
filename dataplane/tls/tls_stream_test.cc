// Bytes, their end, and its accidents.
#include "dataplane/tls/tls_stream.h"

#include <openssl/ssl.h>

#include "dataplane/base/when.h"
#include "dataplane/tls/testing.h"

namespace penstock::tls {
namespace {

// Gives what comes byte by byte, and counts what goes out.
class Thin final : public io::Stream {
 public:
  Thin(std::unique_ptr<io::Stream> inner, std::size_t at_once) : inner_(std::move(inner)), at_once_(at_once) {}

  Task<StatusOr<Chunk>> Read(std::size_t max, Wait wait) override {
    return inner_->Read(std::min(max, at_once_), wait);
  }
  Task<Status> Write(std::span<const std::string_view> pieces, Wait wait) override {
    ++writes;
    for (std::string_view piece : pieces) written += piece.size();
    return inner_->Write(pieces, wait);
  }
  Task<Status> ShutdownWrite(Wait wait) override { return inner_->ShutdownWrite(wait); }
  void Close() override { inner_->Close(); }
  void Reset() override { inner_->Reset(); }
  bool readable() const override { return inner_->readable(); }
  bool gone() const override { return inner_->gone(); }
  void set_watcher(Watcher* watcher) override { inner_->set_watcher(watcher); }
  const io::SocketAddress& peer() const override { return inner_->peer(); }
  const io::SocketAddress& local() const override { return inner_->local(); }
  io::Reactor& reactor() const override { return inner_->reactor(); }

  std::size_t writes = 0;
  std::size_t written = 0;

 private:
  std::unique_ptr<io::Stream> inner_;
  const std::size_t at_once_;
};

std::string Pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 131 + i / 251);
  return bytes;
}

class TlsBytes : public TlsTest {
 protected:
  Ends Pair(int version = TLS1_3_VERSION) {
    std::shared_ptr<const ClientContext> client = Client(Asking());
    SSL_CTX_set_max_proto_version(client->raw(), version);
    Ends ends = Shake(Server(Serving()), client);
    EXPECT_TRUE(ends.ok()) << ends.client_status << ends.server_status;
    return ends;
  }
  // A pair whose server gets AT_ONCE bytes with each read.
  Ends ThinPair(std::size_t at_once) {
    Streams streams = Connected();
    auto thin = std::make_unique<Thin>(std::move(streams.server), at_once);
    server_thin_ = thin.get();
    return Shake({std::move(streams.client), std::move(thin)}, Server(Serving()), Client(Asking()));
  }
  static Task<Status> Echo(io::Stream& stream) {
    while (true) {
      StatusOr<Chunk> chunk = co_await stream.Read(BlockPool::kMedium, {});
      if (!chunk.ok()) co_return chunk.status();
      if (chunk->empty()) break;
      std::string_view pieces[] = {chunk->view()};
      Status written = co_await stream.Write(pieces, {});
      if (!written.ok()) co_return written;
    }
    Status ended = co_await stream.ShutdownWrite({});
    co_return ended;
  }

  Thin* server_thin_ = nullptr;
};

TEST_F(TlsBytes, GoBothWays) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Ends ends = Pair(version);
    ASSERT_TRUE(Write(*ends.client, "ping").ok());
    EXPECT_EQ(Read(*ends.server), "ping");
    ASSERT_TRUE(Write(*ends.server, "pong").ok());
    EXPECT_EQ(Read(*ends.client), "pong");
  }
}

TEST_F(TlsBytes, SurviveAMebibyteOfOneByteSegmentsWhileTheyAreSentBack) {
  Ends ends = ThinPair(1);
  ASSERT_TRUE(ends.ok()) << ends.client_status << ends.server_status;
#ifdef PENSTOCK_SANITIZED
  std::string sent = Pattern(64 << 10);  // the same paths; a mebibyte of system calls would take a minute
#else
  std::string sent = Pattern(1 << 20);
#endif
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < sent.size(); i += 4096) pieces.push_back(std::string_view(sent).substr(i, 4096));
  auto [written, echoed, got] = reactor_->BlockOn(
      WhenAll(WriteAndEnd(*ends.client, pieces), Echo(*ends.server), ReadAll(*ends.client, sent.size())));
  EXPECT_TRUE(written.ok()) << written;
  EXPECT_TRUE(echoed.ok()) << echoed;
  EXPECT_TRUE(got == sent);
  EXPECT_EQ(Read(*ends.client), "");
}

TEST_F(TlsBytes, OfAnySizeAndSplitArriveWholeAndInOrder) {
  Ends ends = Pair();
  std::string sent = Pattern(3'000'000);
  std::vector<std::string_view> pieces;
  std::size_t at = 0;
  for (std::size_t i = 1; at < sent.size(); ++i) {
    std::size_t size = i % 5 == 0 ? 0 : (i * i * 977) % 70'000;
    pieces.push_back(std::string_view(sent).substr(at, size));
    at += pieces.back().size();
  }
  auto [written, got] =
      reactor_->BlockOn(WhenAll(WriteAndEnd(*ends.server, pieces), ReadAll(*ends.client, sent.size())));
  EXPECT_TRUE(written.ok()) << written;
  EXPECT_TRUE(got == sent);
}

TEST_F(TlsBytes, OfManyPiecesShareARecordAndASystemCall) {
  Ends ends = ThinPair(BlockPool::kLarge);
  ASSERT_TRUE(ends.ok());
  server_thin_->writes = server_thin_->written = 0;
  std::vector<std::string_view> pieces = {"HTTP/1.1 200 OK\r\n", "", "content-length: 2\r\n\r\n", "ok"};
  ASSERT_TRUE(reactor_->BlockOn(ends.server->Write(pieces, {})).ok());
  EXPECT_EQ(server_thin_->writes, 1u);
  EXPECT_EQ(server_thin_->written, 40u + 5 + 1 + 16) << "one record's header, type and tag";
  EXPECT_EQ(Read(*ends.client), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  std::string large = Pattern(60'000);
  pieces = {"head", large};
  ASSERT_TRUE(reactor_->BlockOn(ends.server->Write(pieces, {})).ok());
  EXPECT_EQ(server_thin_->writes, 2u);
  std::string got = reactor_->BlockOn(ReadAll(*ends.client, large.size() + 4));
  EXPECT_TRUE(got == "head" + large);
}

TEST_F(TlsBytes, EndWithCloseNotifyAndTheOtherDirectionGoesOn) {
  Ends ends = Pair();
  ASSERT_TRUE(Write(*ends.client, "request").ok());
  ASSERT_TRUE(reactor_->BlockOn(ends.client->ShutdownWrite({})).ok());
  EXPECT_EQ(Read(*ends.server), "request");
  EXPECT_EQ(Read(*ends.server), "");
  EXPECT_EQ(Read(*ends.server), "");
  EXPECT_TRUE(ends.server->readable());
  EXPECT_FALSE(ends.server->gone());
  ASSERT_TRUE(Write(*ends.server, "response").ok());
  EXPECT_EQ(Read(*ends.client), "response");
  EXPECT_TRUE(absl::IsFailedPrecondition(Write(*ends.client, "more")));
}

TEST_F(TlsBytes, ThatAreCutOffAreNoEnd) {
  Ends ends = Pair();
  ASSERT_TRUE(Write(*ends.client, "half of a respo").ok());
  ASSERT_TRUE(reactor_->BlockOn(ends.client->inner().ShutdownWrite({})).ok());
  EXPECT_EQ(Read(*ends.server), "half of a respo");
  for (int i = 0; i < 2; ++i) {
    StatusOr<Chunk> chunk = reactor_->BlockOn(ends.server->Read(4096, {}));
    EXPECT_TRUE(absl::IsAborted(chunk.status())) << chunk.status();
  }
}

TEST_F(TlsBytes, ThatAreCutWithinARecordAreNoEnd) {
  Ends ends = Pair();
  ASSERT_TRUE(Write(ends.client->inner(), std::string("\x17\x03\x03\x01\x00half", 9)).ok());
  ASSERT_TRUE(reactor_->BlockOn(ends.client->inner().ShutdownWrite({})).ok());
  StatusOr<Chunk> chunk = reactor_->BlockOn(ends.server->Read(4096, {}));
  EXPECT_TRUE(absl::IsAborted(chunk.status())) << chunk.status();
}

TEST_F(TlsBytes, ThatAreForgedAreRefusedForGood) {
  Ends ends = Pair();
  ASSERT_TRUE(Write(ends.client->inner(), std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x')).ok());
  for (int i = 0; i < 2; ++i) {
    StatusOr<Chunk> chunk = reactor_->BlockOn(ends.server->Read(4096, {}));
    EXPECT_TRUE(absl::IsAborted(chunk.status())) << chunk.status();
  }
  EXPECT_TRUE(ends.server->gone());
  EXPECT_FALSE(Write(*ends.server, "x").ok());
  EXPECT_NE(Read(*ends.client).find("bad record mac"), std::string::npos);
}

TEST_F(TlsBytes, StopAtAReset) {
  Ends ends = Pair();
  ends.client->Reset();
  StatusOr<Chunk> chunk = reactor_->BlockOn(ends.server->Read(4096, {}));
  EXPECT_TRUE(absl::IsAborted(chunk.status())) << chunk.status();
  EXPECT_TRUE(ends.server->gone());
}

TEST_F(TlsBytes, AreDeliveredBeforeACloseThatThePeerReadsAsAnEnd) {
  Ends ends = Pair();
  ASSERT_TRUE(Write(*ends.server, "all of it").ok());
  ends.server->Close();
  EXPECT_EQ(Read(*ends.client), "all of it");
  EXPECT_EQ(Read(*ends.client), "");
  StatusOr<Chunk> chunk = reactor_->BlockOn(ends.server->Read(4096, {}));
  EXPECT_TRUE(absl::IsFailedPrecondition(chunk.status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Write(*ends.server, "x")));
}

TEST_F(TlsBytes, ThatAreAwaitedHoldNoBlock) {
  Ends ends = Pair();
  Child<StatusOr<Chunk>> read;
  read.Start(ends.server->Read(BlockPool::kLarge, {}));
  for (int i = 0; i < 10; ++i) reactor_->Turn(Duration(0));
  EXPECT_TRUE(read.running());
  EXPECT_EQ(reactor_->blocks().bytes_in_use(), 0u);
  ASSERT_TRUE(Write(*ends.client, "x").ok());
  StatusOr<Chunk> chunk = reactor_->BlockOn(read.Join());
  EXPECT_EQ(chunk->view(), "x");
}

TEST_F(TlsBytes, AreAwaitedUntilTheDeadlineOrTheCancellationAndComeAfterwardsStill) {
  Ends ends = Pair();
  Wait soon{After(reactor_->Now(), std::chrono::milliseconds(2)), nullptr};
  StatusOr<Chunk> late = reactor_->BlockOn(ends.server->Read(4096, soon));
  EXPECT_TRUE(IsTimeout(late.status()));
  Cancellation cancellation;
  Child<StatusOr<Chunk>> read;
  read.Start(ends.server->Read(4096, {kNoDeadline, &cancellation}));
  cancellation.Cancel();
  StatusOr<Chunk> cancelled = reactor_->BlockOn(read.Join());
  EXPECT_TRUE(IsCancelled(cancelled.status()));
  ASSERT_TRUE(Write(*ends.client, "still works").ok());
  EXPECT_EQ(Read(*ends.server), "still works");
}

TEST_F(TlsBytes, ThatNobodyTakesEndTheWriteAtItsDeadlineAndThenNothingMoreIsSent) {
  Ends ends = Pair();
  std::string large(50'000'000, 'x');
  std::vector<std::string_view> pieces = {large};
  Wait soon{After(reactor_->Now(), std::chrono::milliseconds(50)), nullptr};
  Status status = reactor_->BlockOn(ends.server->Write(pieces, soon));
  EXPECT_TRUE(IsTimeout(status)) << status;
  EXPECT_TRUE(absl::IsFailedPrecondition(Write(*ends.server, "x")));
}

TEST_F(TlsBytes, ThatCameButWereNotReadShowAsReadable) {
  Ends ends = Pair();
  ASSERT_TRUE(Write(*ends.client, "abcdef").ok());
  EXPECT_EQ(Read(*ends.server, 4), "abcd");
  EXPECT_TRUE(ends.server->readable());
  EXPECT_EQ(Read(*ends.server, 4), "ef");
  EXPECT_FALSE(ends.server->readable());
}

struct Watch final : io::Stream::Watcher {
  void OnReadable() override { ++readable; }
  void OnGone() override { ++gone; }
  int readable = 0;
  int gone = 0;
};

TEST_F(TlsBytes, AndTheEndReachAWatcherWhileNobodyReads) {
  Ends ends = Pair();
  Watch watch;
  ends.server->set_watcher(&watch);
  ASSERT_TRUE(Write(*ends.client, "x").ok());
  while (watch.readable == 0) reactor_->Turn(Duration::max());
  EXPECT_TRUE(ends.server->readable());
  ends.client->Reset();
  while (watch.gone == 0) reactor_->Turn(Duration::max());
  EXPECT_TRUE(ends.server->gone());
}

// An end that talks to the library directly, for what our own side never does.
class Rude {
 public:
  explicit Rude(TlsStream& stream) : stream_(stream) {}
  void UpdateKeys() { SSL_key_update(stream_.ssl_for_test(), SSL_KEY_UPDATE_REQUESTED); }

 private:
  TlsStream& stream_;
};

TEST_F(TlsBytes, GoOnAcrossAChangeOfKeys) {
  Ends ends = Pair();
  Rude(*ends.client).UpdateKeys();
  ASSERT_TRUE(Write(*ends.client, "with new keys").ok());
  EXPECT_EQ(Read(*ends.server), "with new keys");
  ASSERT_TRUE(Write(*ends.server, "both ways").ok());
  EXPECT_EQ(Read(*ends.client), "both ways");
}

TEST_F(TlsBytes, EndForAPeerThatChangesItsKeysAllTheTime) {
  Ends ends = Pair();
  std::string all;
  for (int i = 0; i < 500; ++i) {
    Rude(*ends.client).UpdateKeys();
    if (!Write(*ends.client, "x").ok()) break;
  }
  StatusOr<Chunk> chunk = Chunk();
  do {
    chunk = reactor_->BlockOn(ends.server->Read(BlockPool::kLarge, {}));
    if (chunk.ok()) all += chunk->view();
  } while (chunk.ok());
  EXPECT_TRUE(absl::IsAborted(chunk.status())) << chunk.status();
  EXPECT_LE(all.size(), TlsStream::kMaxLateMessages);
  EXPECT_TRUE(ends.server->gone());
}

// CVE-2011-1473.
TEST_F(TlsBytes, EndForAPeerThatRenegotiates) {
  std::shared_ptr<const ClientContext> client = Client(Asking());
  SSL_CTX_set_max_proto_version(client->raw(), TLS1_2_VERSION);
  SSL_CTX_clear_options(client->raw(), SSL_OP_NO_RENEGOTIATION);
  Ends ends = Shake(Server(Serving()), client);
  ASSERT_TRUE(ends.ok());
  ASSERT_EQ(SSL_renegotiate(ends.client->ssl_for_test()), 1);
  SSL_do_handshake(ends.client->ssl_for_test());
  std::vector<std::string_view> nothing = {};
  ASSERT_TRUE(reactor_->BlockOn(ends.client->Write(nothing, {})).ok());
  StatusOr<Chunk> chunk = reactor_->BlockOn(ends.server->Read(4096, {}));
  EXPECT_TRUE(absl::IsAborted(chunk.status())) << chunk.status();
}

}  // namespace
}  // namespace penstock::tls
