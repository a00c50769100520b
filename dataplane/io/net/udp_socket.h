#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/task.h"
#include "dataplane/io/net/listener.h"
#include "dataplane/io/net/socket_address.h"
#include "dataplane/io/reactor/reactor.h"

namespace penstock::io {

// A bound, non-blocking UDP socket with SO_REUSEPORT: the kernel gives all datagrams of a client to the same one of
// those that share the port. Port 0 picks a free one. A port in use by somebody else is kAlreadyExists only if asked by
// CheckUdpFree.
StatusOr<Fd> ListenUdp(const SocketAddress& address);
// kAlreadyExists if somebody has this address already: asked once before a group is opened, since its sockets would
// join a stranger's. Who of this process and of others has it cannot be told apart for UDP: with OwnSockets::kIgnored
// nothing is asked.
Status CheckUdpFree(const SocketAddress& address, OwnSockets own = OwnSockets::kCounted);

// Room for the datagrams of one system call, of any size; one per worker serves all its sockets, since nothing in it
// outlives the turn.
class DatagramBatch {
 public:
  static constexpr std::size_t kMost = 16;
  static constexpr std::size_t kLargest = 65'535;

  DatagramBatch() : bytes_(new char[kMost * kLargest]) {}
  DatagramBatch(const DatagramBatch&) = delete;

  std::size_t size() const { return size_; }
  std::string_view bytes(std::size_t i) const { return {&bytes_[i * kLargest], sizes_[i]}; }
  // Who sent it, and to which of our addresses; 0.0.0.0 if the socket is bound to one.
  const SocketAddress& from(std::size_t i) const { return from_[i]; }
  const IpAddress& to(std::size_t i) const { return to_[i]; }

 private:
  friend class UdpSocket;

  const std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::array<std::size_t, kMost> sizes_{};
  std::array<SocketAddress, kMost> from_;
  std::array<IpAddress, kMost> to_;
};

// Datagrams on one reactor: of everybody (bound), or of one peer (connected). Never waits to send: what the kernel has
// no room for is lost, as datagrams are.
class UdpSocket final : private EventSource {
 public:
  // Takes a socket of ListenUdp.
  static StatusOr<std::unique_ptr<UdpSocket>> Create(Reactor& reactor, Fd socket);
  // A socket that only talks to PEER, from a port of its own.
  static StatusOr<std::unique_ptr<UdpSocket>> Connect(Reactor& reactor, const SocketAddress& peer);
  ~UdpSocket();

  // Waits until there may be datagrams. Errors: the wait's own, kFailedPrecondition after Close().
  Task<Status> WaitReadable(Wait wait);

  // What is there now, at most a batch; empty if nothing is. kUnavailable: the peer has said that it is not there (a
  // connected socket only).
  Status ReceiveNow(DatagramBatch& batch);

  // Sends to the connected peer. How many the kernel took; the others are lost.
  std::size_t Send(std::span<const std::string_view> datagrams);
  // Sends to TO, from our address FROM if that is not 0.0.0.0.
  std::size_t SendTo(std::span<const std::string_view> datagrams, const SocketAddress& to, const IpAddress& from);

  void Close();
  const SocketAddress& local() const { return local_; }

 private:
  UdpSocket(Reactor& reactor, Fd socket, const SocketAddress& local)
      : reactor_(reactor), socket_(std::move(socket)), local_(local) {}
  static StatusOr<std::unique_ptr<UdpSocket>> Watch(Reactor& reactor, Fd socket);

  void OnEvents(std::uint32_t events) override;
  std::size_t SendAll(std::span<const std::string_view> datagrams, const msghdr& header);

  Reactor& reactor_;
  Fd socket_;
  const SocketAddress local_;
  WaitQueue reader_;
  bool readable_ = true;
};

}  // namespace penstock::io
