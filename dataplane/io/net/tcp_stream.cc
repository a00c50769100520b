#include "dataplane/io/net/tcp_stream.h"

#include <netinet/tcp.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "dataplane/base/strings.h"

namespace penstock::io {
namespace {

// iovecs per system call; more pieces take more calls.
constexpr std::size_t kPiecesPerCall = 16;

Status FromErrno(int error, std::string_view what) {
  if (error == ECONNRESET || error == EPIPE) return absl::AbortedError(StrCat(what, ": connection reset by the peer"));
  return absl::UnavailableError(absl::ErrnoToStatus(error, ToAbsl(what)).message());
}

// Both: as send(2); TOTAL is what was offered.
ssize_t SendOne(int fd, std::string_view piece, std::size_t& total) {
  total = piece.size();
  return send(fd, piece.data(), piece.size(), MSG_NOSIGNAL);
}

ssize_t SendMany(int fd, std::span<const std::string_view> pieces, std::size_t offset, std::size_t& total) {
  iovec vectors[kPiecesPerCall];
  std::size_t count = 0;
  for (std::string_view piece : pieces.first(std::min(pieces.size(), kPiecesPerCall))) {
    piece.remove_prefix(std::exchange(offset, 0));
    if (piece.empty()) continue;
    vectors[count++] = iovec{const_cast<char*>(piece.data()), piece.size()};
    total += piece.size();
  }
  msghdr message{};
  message.msg_iov = vectors;
  message.msg_iovlen = count;
  return sendmsg(fd, &message, MSG_NOSIGNAL);
}

void SetOption(int fd, int level, int option, int value) { setsockopt(fd, level, option, &value, sizeof(value)); }

}  // namespace

void SetKeepalive(int fd, Duration idle) {
  constexpr int kInterval = 15;
  constexpr int kProbes = 4;
  constexpr std::int64_t kLongest = 32'767;  // seconds, of the kernel
  if (idle > Duration::zero()) {
    std::int64_t seconds = std::clamp<std::int64_t>(idle / std::chrono::seconds(1), 1, kLongest);
    SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(seconds));
    SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, kInterval);
    SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  }
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, idle > Duration::zero() ? 1 : 0);
}

StatusOr<std::unique_ptr<TcpStream>> TcpStream::Create(Reactor& reactor, Fd fd, const SocketAddress& peer,
                                                       bool writable) {
  std::unique_ptr<TcpStream> stream(new TcpStream(reactor, std::move(fd), peer, writable));
  RETURN_IF_ERROR(reactor.Watch(stream->fd_.get(), *stream));
  return stream;
}

TcpStream::~TcpStream() {
  PENSTOCK_CHECK(reader_.empty() && writer_.empty(), "a stream that somebody waits for must not go: Close() it first");
  Close();
}

Task<StatusOr<Chunk>> TcpStream::Read(std::size_t max, Wait wait) {
  if (!readable_ && fd_.valid()) return ReadLater(max, wait);
  bool would_block = false;
  StatusOr<Chunk> chunk = ReadNow(max, would_block);
  if (would_block) return ReadLater(max, wait);
  return chunk;
}

// A read that gives less than it could has emptied the socket: the next bytes make a new event. Unless the end has been
// reported already, which makes none: then the next read must find it.
StatusOr<Chunk> TcpStream::ReadNow(std::size_t max, bool& would_block) {
  if (!fd_.valid()) return Closed();
  Block* block = reactor_.blocks().Take(max);
  std::size_t room = std::min<std::size_t>(max, block->capacity);
  ssize_t got = recv(fd_.get(), block->data(), room, 0);
  if (got < 0) {
    int error = errno;
    BlockPool::Release(block);
    would_block = error == EAGAIN || error == EINTR;
    if (would_block) {
      readable_ = error == EINTR;
      return Chunk();
    }
    gone_ = true;
    return FromErrno(error, "read");
  }
  readable_ = static_cast<std::size_t>(got) == room || ended_;
  return Chunk::Adopt(block, static_cast<std::size_t>(got));
}

Task<StatusOr<Chunk>> TcpStream::ReadLater(std::size_t max, Wait wait) {
  PENSTOCK_CHECK(reader_.empty(), "one Read at a time");
  while (true) {
    while (!readable_ && fd_.valid()) {
      Waiter waiter(reactor_, reader_, wait);
      Woke woke = co_await waiter;
      if (woke != Woke::kEvent && !readable_) co_return ToStatus(woke, "read");
    }
    bool would_block = false;
    StatusOr<Chunk> chunk = ReadNow(max, would_block);
    if (!would_block) co_return chunk;
  }
}

Task<Status> TcpStream::Write(std::span<const std::string_view> pieces, Wait wait) {
  Pieces rest{pieces};
  if (writable_ || !fd_.valid()) {
    Status status = WriteNow(rest);
    if (!status.ok() || rest.pieces.empty()) return status;
  }
  return WriteLater(rest, wait);
}

// Sends until all is gone or the socket takes no more; a partial send means that it is full.
Status TcpStream::WriteNow(Pieces& rest) {
  while (true) {
    if (!fd_.valid()) return Closed();
    while (!rest.pieces.empty() && rest.pieces.front().size() == rest.offset) rest = Pieces{rest.pieces.subspan(1)};
    if (rest.pieces.empty()) return absl::OkStatus();
    std::size_t total = 0;
    ssize_t sent = rest.pieces.size() == 1 ? SendOne(fd_.get(), rest.pieces[0].substr(rest.offset), total)
                                           : SendMany(fd_.get(), rest.pieces, rest.offset, total);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {
        writable_ = false;
        return absl::OkStatus();
      }
      return FromErrno(errno, "write");
    }
    std::size_t left = static_cast<std::size_t>(sent);
    while (!rest.pieces.empty() && left >= rest.pieces.front().size() - rest.offset) {
      left -= rest.pieces.front().size() - rest.offset;
      rest = Pieces{rest.pieces.subspan(1)};
    }
    rest.offset += left;
    if (rest.pieces.empty()) return absl::OkStatus();
    if (static_cast<std::size_t>(sent) < total) {
      writable_ = false;
      return absl::OkStatus();
    }
  }
}

Task<Status> TcpStream::WriteLater(Pieces rest, Wait wait) {
  while (true) {
    Status writable = co_await WaitWritable(wait);
    if (!writable.ok()) co_return writable;
    Status status = WriteNow(rest);
    if (!status.ok() || rest.pieces.empty()) co_return status;
  }
}

Task<Status> TcpStream::WaitWritable(Wait wait) {
  PENSTOCK_CHECK(writer_.empty(), "one Write at a time");
  while (!writable_ && fd_.valid()) {
    Waiter waiter(reactor_, writer_, wait);
    Woke woke = co_await waiter;
    if (woke != Woke::kEvent && !writable_) co_return ToStatus(woke, "write");
  }
  co_return fd_.valid() ? absl::OkStatus() : Closed();
}

Task<Status> TcpStream::ShutdownWrite(Wait) {
  if (!fd_.valid()) return Closed();
  if (shutdown(fd_.get(), SHUT_WR) != 0) return FromErrno(errno, "shutdown");
  return absl::OkStatus();
}

void TcpStream::Close() {
  if (!fd_.valid()) return;
  reactor_.Forget(*this);
  fd_.Close();
  reader_.WakeAll();
  writer_.WakeAll();
}

void TcpStream::Reset() {
  linger now{1, 0};
  if (fd_.valid()) setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  Close();
}

const SocketAddress& TcpStream::local() const {
  if (local_known_ || !fd_.valid()) return local_;
  sockaddr_storage storage;
  socklen_t length = sizeof(storage);
  if (getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&storage), &length) == 0) {
    local_ = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&storage), length);
  }
  local_known_ = true;
  return local_;
}

void TcpStream::OnEvents(std::uint32_t events) {
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) ended_ = true;
  if (events & (EPOLLHUP | EPOLLERR)) gone_ = true;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
    writable_ = true;
    writer_.WakeOne();
  }
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
    readable_ = true;
    if (!reader_.WakeOne() && watcher_ != nullptr) watcher_->OnReadable();
  }
  if (gone_ && watcher_ != nullptr) watcher_->OnGone();
}

Status TcpStream::Closed() const { return absl::FailedPreconditionError("the stream was closed on this side"); }

}  // namespace penstock::io
