#include "dataplane/io/net/connect.h"

#include <netinet/tcp.h>

#include <cerrno>

#include "dataplane/base/strings.h"

namespace penstock::io {
namespace {

Status ConnectError(int error, const SocketAddress& address) {
  std::string text = StrCat("connect to ", address.ToString());
  Status status = absl::ErrnoToStatus(error, text);
  bool ours = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == EADDRNOTAVAIL ||
              error == EAGAIN;
  return Status(ours ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kUnavailable, status.message());
}

// The kernel picks the port at connect(), when it knows the other end, so that one port serves many destinations.
Status BindLocal(int fd, const IpAddress& local) {
  int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
  SocketAddress from = SocketAddress::Ip(local, 0);
  if (bind(fd, from.raw(), from.raw_length()) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, StrCat("bind to ", local.ToString()));
}

StatusOr<Fd> Start(const SocketAddress& address, const IpAddress* local, bool& pending) {
  Fd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return ConnectError(errno, address);
  int on = 1;
  if (address.is_ip()) setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (local != nullptr) RETURN_IF_ERROR(BindLocal(fd.get(), *local));
  int error = connect(fd.get(), address.raw(), address.raw_length()) == 0 ? 0 : errno;
  pending = error == EINPROGRESS;
  if (error != 0 && !pending) return ConnectError(error, address);
  return fd;
}

}  // namespace

Task<StatusOr<std::unique_ptr<TcpStream>>> Connect(Reactor& reactor, SocketAddress address, Wait wait,
                                                   const IpAddress* local) {
  bool pending = false;
  CO_ASSIGN_OR_RETURN(Fd fd, Start(address, local, pending));
  CO_ASSIGN_OR_RETURN(std::unique_ptr<TcpStream> stream, TcpStream::Create(reactor, std::move(fd), address, !pending));
  if (!pending) co_return stream;
  Status connected = co_await stream->WaitWritable(wait);
  if (!connected.ok()) co_return StatusBuilder(connected) << "connect to " << address.ToString();
  int error = 0;
  socklen_t length = sizeof(error);
  getsockopt(stream->fd(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) co_return ConnectError(error, address);
  co_return stream;
}

}  // namespace penstock::io
