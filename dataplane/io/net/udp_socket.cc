#include "dataplane/io/net/udp_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dataplane/base/strings.h"

namespace penstock::io {
namespace {

// Room for IP_PKTINFO or IPV6_PKTINFO.
union PacketInfo {
  char bytes[CMSG_SPACE(sizeof(in6_pktinfo))];
  cmsghdr align;
};

void SetOption(int fd, int level, int option, int value) { setsockopt(fd, level, option, &value, sizeof(value)); }

StatusOr<Fd> Bind(const SocketAddress& address, bool reuse_port) {
  Fd fd(socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "socket");
  if (reuse_port) SetOption(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  bool v6 = address.family() == AF_INET6;
  if (v6) SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  // An answer must come from the address that was asked, which the kernel does not remember for us.
  if (address.ip().IsUnspecified()) {
    SetOption(fd.get(), v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, 1);
  }
  if (bind(fd.get(), address.raw(), address.raw_length()) == 0) return fd;
  std::string what = StrCat("bind ", address.ToString(), " for UDP");
  if (errno != EADDRINUSE) return absl::ErrnoToStatus(errno, what);
  return absl::AlreadyExistsError(StrCat(what, ": already in use; stop who has it or choose another port"));
}

IpAddress ReadPacketInfo(msghdr& header) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(part), sizeof(info));
      std::uint8_t bytes[4];
      std::memcpy(bytes, &info.ipi_addr, sizeof(bytes));
      return IpAddress::V4(bytes);
    }
    if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(part), sizeof(info));
      std::uint8_t bytes[16];
      std::memcpy(bytes, &info.ipi6_addr, sizeof(bytes));
      return IpAddress::V6(bytes);
    }
  }
  return IpAddress();
}

template <typename Info>
void AddInfo(msghdr& header, PacketInfo& room, int level, int type, const Info& info) {
  header.msg_control = room.bytes;
  header.msg_controllen = CMSG_SPACE(sizeof(info));
  cmsghdr* part = CMSG_FIRSTHDR(&header);
  part->cmsg_level = level;
  part->cmsg_type = type;
  part->cmsg_len = CMSG_LEN(sizeof(info));
  std::memcpy(CMSG_DATA(part), &info, sizeof(info));
}

void WritePacketInfo(msghdr& header, PacketInfo& room, const IpAddress& from) {
  if (from.is_v4()) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, from.bytes().data(), 4);
    AddInfo(header, room, IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, from.bytes().data(), 16);
    AddInfo(header, room, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

}  // namespace

StatusOr<Fd> ListenUdp(const SocketAddress& address) { return Bind(address, true); }

Status CheckUdpFree(const SocketAddress& address, OwnSockets own) {
  return own == OwnSockets::kIgnored ? absl::OkStatus() : Bind(address, false).status();
}

StatusOr<std::unique_ptr<UdpSocket>> UdpSocket::Create(Reactor& reactor, Fd socket) {
  return Watch(reactor, std::move(socket));
}

StatusOr<std::unique_ptr<UdpSocket>> UdpSocket::Connect(Reactor& reactor, const SocketAddress& peer) {
  Fd fd(socket(peer.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  std::string what = StrCat("connect to ", peer.ToString(), " for UDP");
  if (!fd.valid()) return Status(absl::StatusCode::kResourceExhausted, absl::ErrnoToStatus(errno, what).message());
  if (connect(fd.get(), peer.raw(), peer.raw_length()) != 0) {
    return absl::UnavailableError(absl::ErrnoToStatus(errno, what).message());
  }
  return Watch(reactor, std::move(fd));
}

StatusOr<std::unique_ptr<UdpSocket>> UdpSocket::Watch(Reactor& reactor, Fd socket) {
  ASSIGN_OR_RETURN(SocketAddress local, BoundAddress(socket));
  std::unique_ptr<UdpSocket> made(new UdpSocket(reactor, std::move(socket), local));
  RETURN_IF_ERROR(reactor.Watch(made->socket_.get(), *made));
  return made;
}

UdpSocket::~UdpSocket() {
  PENSTOCK_CHECK(reader_.empty(), "a socket that somebody waits for must not go: Close() it first");
  Close();
}

Task<Status> UdpSocket::WaitReadable(Wait wait) {
  PENSTOCK_CHECK(reader_.empty(), "one reader at a time");
  while (!readable_ && socket_.valid()) {
    Waiter waiter(reactor_, reader_, wait);
    Woke woke = co_await waiter;
    if (woke != Woke::kEvent && !readable_) co_return ToStatus(woke, "receive");
  }
  co_return socket_.valid() ? absl::OkStatus() : absl::FailedPreconditionError("the socket was closed on this side");
}

Status UdpSocket::ReceiveNow(DatagramBatch& batch) {
  batch.size_ = 0;
  mmsghdr headers[DatagramBatch::kMost] = {};
  iovec vectors[DatagramBatch::kMost];
  sockaddr_storage names[DatagramBatch::kMost];
  PacketInfo infos[DatagramBatch::kMost];
  for (std::size_t i = 0; i < DatagramBatch::kMost; ++i) {
    vectors[i] = {&batch.bytes_[i * DatagramBatch::kLargest], DatagramBatch::kLargest};
    msghdr& header = headers[i].msg_hdr;
    header = {&names[i], sizeof(names[i]), &vectors[i], 1, infos[i].bytes, sizeof(infos[i].bytes), 0};
  }
  int count = recvmmsg(socket_.get(), headers, DatagramBatch::kMost, 0, nullptr);
  if (count < 0) {
    readable_ = errno != EAGAIN;
    bool nothing = errno == EAGAIN || errno == EINTR;
    return nothing ? absl::OkStatus() : absl::UnavailableError(absl::ErrnoToStatus(errno, "receive").message());
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    msghdr& header = headers[i].msg_hdr;
    batch.sizes_[i] = headers[i].msg_len;
    batch.from_[i] = SocketAddress::FromSockaddr(reinterpret_cast<sockaddr*>(&names[i]), header.msg_namelen);
    batch.to_[i] = ReadPacketInfo(header);
  }
  batch.size_ = static_cast<std::size_t>(count);
  return absl::OkStatus();
}

std::size_t UdpSocket::Send(std::span<const std::string_view> datagrams) { return SendAll(datagrams, msghdr{}); }

std::size_t UdpSocket::SendTo(std::span<const std::string_view> datagrams, const SocketAddress& to,
                              const IpAddress& from) {
  msghdr header{};
  PacketInfo room;
  header.msg_name = const_cast<sockaddr*>(to.raw());
  header.msg_namelen = to.raw_length();
  if (!from.IsUnspecified()) WritePacketInfo(header, room, from);
  return SendAll(datagrams, header);
}

// HEADER says where to.
std::size_t UdpSocket::SendAll(std::span<const std::string_view> datagrams, const msghdr& header) {
  std::size_t sent = 0;
  while (!datagrams.empty() && socket_.valid()) {
    mmsghdr headers[DatagramBatch::kMost] = {};
    iovec vectors[DatagramBatch::kMost];
    std::size_t offered = std::min(datagrams.size(), DatagramBatch::kMost);
    for (std::size_t i = 0; i < offered; ++i) {
      vectors[i] = {const_cast<char*>(datagrams[i].data()), datagrams[i].size()};
      headers[i].msg_hdr = header;
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
    int count = sendmmsg(socket_.get(), headers, static_cast<unsigned>(offered), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    sent += static_cast<std::size_t>(std::max(count, 0));
    // An error is about the first one alone: a full buffer, one too large, or what a peer said to an earlier one.
    datagrams = datagrams.subspan(static_cast<std::size_t>(std::max(count, 1)));
  }
  return sent;
}

void UdpSocket::OnEvents(std::uint32_t) {
  readable_ = true;
  reader_.WakeOne();
}

void UdpSocket::Close() {
  if (!socket_.valid()) return;
  reactor_.Forget(*this);
  socket_.Close();
  reader_.WakeAll();
}

}  // namespace penstock::io
