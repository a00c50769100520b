#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/io/net/tcp_stream.h"

namespace penstock::io {

struct ListenOptions {
  int backlog = 4096;
  bool reuse_port = true;  // several sockets share the port: one per worker, made by the same process
};

// A bound, listening, non-blocking socket with kDefaultKeepalive. Port 0 picks a free one (see BoundAddress). Needs no
// reactor: made before the workers, handed on by descriptor. A port in use is kAlreadyExists.
StatusOr<Fd> Listen(const SocketAddress& address, const ListenOptions& options);

// kAlreadyExists, naming who has it as far as this process may see, if another socket listens there: asked once before
// a group of SO_REUSEPORT sockets is opened, since those would join a stranger's group silently.
// What this process itself listens at does not count if OWN is kIgnored: a wildcard and an address of the same port.
enum class OwnSockets : std::uint8_t { kCounted, kIgnored };
Status CheckFree(const SocketAddress& address, OwnSockets own = OwnSockets::kCounted);

StatusOr<SocketAddress> BoundAddress(const Fd& socket);

// Accepts on a listening socket, on one reactor.
class Listener final : private EventSource {
 public:
  struct Stats {
    std::uint64_t accepted = 0;
    std::uint64_t exhausted = 0;  // times that no descriptor or memory was left; accepting paused for kPause
  };

  // How long accepting pauses when descriptors run out: what is established goes on undisturbed.
  static constexpr Duration kPause = std::chrono::milliseconds(50);
  // Connections taken before others get a turn.
  static constexpr int kBatch = 16;

  static StatusOr<std::unique_ptr<Listener>> Create(Reactor& reactor, Fd socket);
  ~Listener();

  // The next connection, with TCP_NODELAY. Errors: the wait's own, and kFailedPrecondition after Close(). Connections
  // that died in the queue are skipped.
  Task<StatusOr<std::unique_ptr<TcpStream>>> Accept(Wait wait);

  // A connection that waits in the accept queue already, or null: to empty the queue before Close(), which would reset
  // it.
  std::unique_ptr<TcpStream> AcceptWaiting();

  // Stops listening. REQUIRES for a loss-free end: AcceptWaiting() gave null.
  void Close();

  const SocketAddress& address() const { return address_; }
  const Stats& stats() const { return stats_; }
  int fd() const { return socket_.get(); }

 private:
  Listener(Reactor& reactor, Fd socket, const SocketAddress& address)
      : reactor_(reactor), socket_(std::move(socket)), address_(address) {}

  enum class Queue : std::uint8_t { kTaken, kEmpty, kExhausted };

  void OnEvents(std::uint32_t events) override;
  Queue AcceptOne(std::unique_ptr<TcpStream>& out);

  Reactor& reactor_;
  Fd socket_;
  SocketAddress address_;
  WaitQueue acceptor_;
  bool readable_ = true;
  int batch_ = 0;
  Stats stats_;
};

}  // namespace penstock::io
