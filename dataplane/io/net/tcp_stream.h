#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/io/net/stream.h"
#include "dataplane/io/reactor/reactor.h"

namespace penstock::io {

// Probes a TCP peer that has been silent for IDLE, every 15 s; the fourth one without an answer ends the connection. 0:
// never. Accepted sockets have what their listening socket has.
inline constexpr Duration kDefaultKeepalive = std::chrono::seconds(60);
void SetKeepalive(int fd, Duration idle);

// A Stream over a TCP or unix socket. In the reactor's set for its whole life with one epoll_ctl; knows from events and
// from partial reads whether the socket has more, so that it makes no system call that only says "try again".
class TcpStream final : public Stream, private EventSource {
 public:
  // Takes a connected, non-blocking socket; or one that connects, which is not yet `writable`.
  static StatusOr<std::unique_ptr<TcpStream>> Create(Reactor& reactor, Fd fd, const SocketAddress& peer,
                                                     bool writable = true);
  ~TcpStream();

  Task<StatusOr<Chunk>> Read(std::size_t max, Wait wait) override;
  Task<Status> Write(std::span<const std::string_view> pieces, Wait wait) override;
  Task<Status> ShutdownWrite(Wait wait) override;
  void Close() override;
  void Reset() override;
  bool readable() const override { return readable_; }
  bool gone() const override { return gone_; }
  void set_watcher(Watcher* watcher) override { watcher_ = watcher; }
  const SocketAddress& peer() const override { return peer_; }
  // Asked from the kernel at the first call.
  const SocketAddress& local() const override;
  Reactor& reactor() const override { return reactor_; }

  int fd() const { return fd_.get(); }

  // Waits until the socket takes bytes (a connect has ended) or the wait ends.
  Task<Status> WaitWritable(Wait wait);

 private:
  TcpStream(Reactor& reactor, Fd fd, const SocketAddress& peer, bool writable)
      : reactor_(reactor), fd_(std::move(fd)), peer_(peer), writable_(writable) {}

  // What remains to be sent of a list of pieces.
  struct Pieces {
    std::span<const std::string_view> pieces;
    std::size_t offset = 0;  // already sent of the first one
  };

  void OnEvents(std::uint32_t events) override;
  StatusOr<Chunk> ReadNow(std::size_t max, bool& would_block);
  Task<StatusOr<Chunk>> ReadLater(std::size_t max, Wait wait);
  Status WriteNow(Pieces& rest);
  Task<Status> WriteLater(Pieces rest, Wait wait);
  Status Closed() const;

  Reactor& reactor_;
  Fd fd_;
  SocketAddress peer_;
  mutable SocketAddress local_;
  Watcher* watcher_ = nullptr;
  WaitQueue reader_;
  WaitQueue writer_;
  bool readable_ = false;
  bool writable_;
  bool ended_ = false;  // the peer's FIN or an error has been reported: read on until it shows
  bool gone_ = false;
  mutable bool local_known_ = false;
};

}  // namespace penstock::io
