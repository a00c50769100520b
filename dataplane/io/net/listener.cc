#include "dataplane/io/net/listener.h"

#include <netinet/tcp.h>

#include <cerrno>

#include "dataplane/base/strings.h"
#include "dataplane/io/net/port_owner.h"

namespace penstock::io {
namespace {

Status ListenError(int error, const SocketAddress& address, std::string_view what) {
  std::string text = StrCat(what, " ", address.ToString());
  if (error != EADDRINUSE) return absl::ErrnoToStatus(error, text);
  std::string owner = DescribePortOwner(address);
  return absl::AlreadyExistsError(
      StrCat(text, ": already in use", owner.empty() ? "" : StrCat(" by ", owner), "; stop it or choose another port"));
}

StatusOr<Fd> Bind(const SocketAddress& address, bool reuse_port) {
  Fd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "socket");
  int on = 1;
  if (address.is_ip()) {
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (reuse_port) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  }
  // An IPv6 listener serves IPv6 only: 0.0.0.0 is a listener of its own.
  if (address.family() == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  if (bind(fd.get(), address.raw(), address.raw_length()) != 0) return ListenError(errno, address, "bind");
  return fd;
}

}  // namespace

StatusOr<Fd> Listen(const SocketAddress& address, const ListenOptions& options) {
  ASSIGN_OR_RETURN(Fd fd, Bind(address, options.reuse_port));
  if (address.is_ip()) SetKeepalive(fd.get(), kDefaultKeepalive);
  if (listen(fd.get(), options.backlog) != 0) return ListenError(errno, address, "listen on");
  return fd;
}

Status CheckFree(const SocketAddress& address, OwnSockets own) {
  Status status = Listen(address, {.backlog = 1, .reuse_port = false}).status();
  bool ours = absl::IsAlreadyExists(status) && own == OwnSockets::kIgnored && OnlyWeListen(address);
  return ours ? absl::OkStatus() : status;
}

StatusOr<SocketAddress> BoundAddress(const Fd& socket) {
  sockaddr_storage storage;
  socklen_t length = sizeof(storage);
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    return absl::ErrnoToStatus(errno, "getsockname");
  }
  return SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&storage), length);
}

StatusOr<std::unique_ptr<Listener>> Listener::Create(Reactor& reactor, Fd socket) {
  ASSIGN_OR_RETURN(SocketAddress address, BoundAddress(socket));
  std::unique_ptr<Listener> listener(new Listener(reactor, std::move(socket), address));
  RETURN_IF_ERROR(reactor.Watch(listener->socket_.get(), *listener));
  return listener;
}

Listener::~Listener() { Close(); }

Task<StatusOr<std::unique_ptr<TcpStream>>> Listener::Accept(Wait wait) {
  PENSTOCK_CHECK(acceptor_.empty(), "one Accept at a time");
  while (socket_.valid()) {
    if (++batch_ >= kBatch) {
      batch_ = 0;
      co_await reactor_.Yield();
    }
    std::unique_ptr<TcpStream> stream;
    Queue queue = readable_ ? AcceptOne(stream) : Queue::kEmpty;
    if (queue == Queue::kTaken) co_return stream;
    Woke woke = Woke::kEvent;
    if (queue == Queue::kExhausted) {
      // New connections make events, but the ones that wait already do not: come back by time.
      Wait pause = wait.Until(After(reactor_.Now(), kPause));
      Waiter waiter(reactor_, acceptor_, pause);
      woke = co_await waiter;
      if (woke == Woke::kDeadline && reactor_.Now() < wait.deadline) woke = Woke::kEvent;
    } else if (socket_.valid()) {
      Waiter waiter(reactor_, acceptor_, wait);
      woke = co_await waiter;
    }
    if (woke != Woke::kEvent) co_return ToStatus(woke, "accept");
  }
  co_return absl::FailedPreconditionError("the listener was closed");
}

std::unique_ptr<TcpStream> Listener::AcceptWaiting() {
  std::unique_ptr<TcpStream> stream;
  if (socket_.valid()) AcceptOne(stream);
  return stream;
}

Listener::Queue Listener::AcceptOne(std::unique_ptr<TcpStream>& out) {
  while (true) {
    sockaddr_storage storage;
    socklen_t length = sizeof(storage);
    Fd fd(accept4(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
      switch (errno) {
        case EAGAIN:
          readable_ = false;
          return Queue::kEmpty;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
          ++stats_.exhausted;
          return Queue::kExhausted;
        default:  // The connection died in the queue, accept(2) "Error handling".
          continue;
      }
    }
    SocketAddress peer = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&storage), length);
    int on = 1;
    if (peer.is_ip()) setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    StatusOr<std::unique_ptr<TcpStream>> stream = TcpStream::Create(reactor_, std::move(fd), peer);
    if (!stream.ok()) continue;
    ++stats_.accepted;
    out = *std::move(stream);
    return Queue::kTaken;
  }
}

void Listener::OnEvents(std::uint32_t) {
  readable_ = true;
  acceptor_.WakeOne();
}

void Listener::Close() {
  if (!socket_.valid()) return;
  reactor_.Unwatch(socket_.get(), *this);
  socket_.Close();
  acceptor_.WakeAll();
}

}  // namespace penstock::io
