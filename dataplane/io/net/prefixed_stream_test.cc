#include "dataplane/io/net/prefixed_stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "dataplane/io/net/tcp_stream.h"

namespace penstock::io {
namespace {

class PrefixedStreamTest : public testing::Test {
 protected:
  PrefixedStreamTest() : reactor_(*Reactor::Create({.clock = nullptr, .seed = 1})) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    near_ = *TcpStream::Create(*reactor_, Fd(ends[0]), SocketAddress());
    far_ = *TcpStream::Create(*reactor_, Fd(ends[1]), SocketAddress());
  }

  std::string Read(Stream& stream, std::size_t max) {
    StatusOr<Chunk> chunk = reactor_->BlockOn(stream.Read(max, {}));
    return chunk.ok() ? std::string(chunk->view()) : chunk.status().ToString();
  }
  void Write(Stream& stream, std::string_view text) {
    std::string_view pieces[] = {text};
    EXPECT_TRUE(reactor_->BlockOn(stream.Write(pieces, {})).ok());
  }

  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<TcpStream> near_;
  std::unique_ptr<TcpStream> far_;
};

TEST_F(PrefixedStreamTest, GivesWhatWasReadBeforeAndThenWhatComes) {
  PrefixedStream stream(std::move(near_), Chunk::Copy("hello"));
  EXPECT_TRUE(stream.readable());
  EXPECT_EQ(Read(stream, 2), "he");
  EXPECT_EQ(Read(stream, 100), "llo");
  EXPECT_FALSE(stream.readable());
  Write(*far_, "world");
  EXPECT_EQ(Read(stream, 100), "world");
  Write(stream, "back");
  EXPECT_EQ(Read(*far_, 100), "back");
}

TEST_F(PrefixedStreamTest, GivesNothingOnceItIsClosed) {
  PrefixedStream stream(std::move(near_), Chunk::Copy("hello"));
  stream.Close();
  StatusOr<Chunk> chunk = reactor_->BlockOn(stream.Read(100, {}));
  EXPECT_TRUE(absl::IsFailedPrecondition(chunk.status())) << chunk.status();
}

}  // namespace
}  // namespace penstock::io
