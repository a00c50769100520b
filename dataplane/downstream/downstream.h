#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/intrusive_list.h"
#include "dataplane/downstream/handshakes.h"
#include "dataplane/downstream/listen_set.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/io/net/socket_file.h"
#include "dataplane/io/net/udp_socket.h"
#include "dataplane/proxy/proxy.h"

namespace penstock::downstream {

class Acceptor;
class Connection;
class UdpPlace;

// Room for the datagrams of one system call: nothing in it outlives its use, so a worker's sockets share it.
struct DatagramRoom {
  io::DatagramBatch from_clients;
  io::DatagramBatch from_upstreams;
};

// The open client connections of the whole process against one limit; shared by all workers, touched once per
// connection.
class ConnectionLimit {
 public:
  explicit ConnectionLimit(int64_t limit) : limit_(limit) {}
  bool Take() {
    if (open_.fetch_add(1, std::memory_order_relaxed) < limit_) return true;
    Give();
    return false;
  }
  void Give() { open_.fetch_sub(1, std::memory_order_relaxed); }
  int64_t open() const { return open_.load(std::memory_order_relaxed); }

  // min(50,000, 45 % of RLIMIT_NOFILE): the rest is for upstreams, files and the control plane.
  static int64_t Default();

 private:
  const int64_t limit_;
  std::atomic<int64_t> open_{0};
};

// The client side of one worker: its listening sockets and connections. Worker thread.
//
// Drain: Drain() answers with "Connection: close" from then on and closes connections that stay idle for kIdleInDrain;
// StopListening(key), or StopListeningEverywhere, empties the accept queues first; Abort() at the deadline breaks off
// what still runs. When connections() is 0 (and the reactor has no tasks), nothing of it is left.
class Downstream {
 public:
  // How long a connection may stay idle once the drain has begun: a request that was on its way is still answered.
  static constexpr Duration kIdleInDrain = std::chrono::seconds(1);

  // LIMIT is the process's. All outlive this; PROXY has a generation before StartAccepting is called.
  Downstream(proxy::Proxy& proxy, ConnectionLimit& limit, size_t most_handshakes = Handshakes::kMost);
  Downstream(const Downstream&) = delete;
  // REQUIRES: connections() is 0, and StopListeningEverywhere() was called and its reactor has run since.
  ~Downstream();

  // Gets ready to accept on SOCKET, which listens at KEY. LOAD is the place's, shared by all workers, and so is FILE,
  // of a Unix socket: the first worker that stops listening removes it. Then the generation that has the place is
  // published and StartAccepting called, or ForgetNew closes what waits for that.
  Status Listen(const snapshot::BindKey& key, io::Fd socket, std::shared_ptr<PlaceLoad> load,
                std::shared_ptr<io::SocketFile> file = nullptr);
  void StartAccepting();
  void ForgetNew();
  // Takes what waits in the accept queue, then closes the socket. Connections go on; flows of datagrams end, since they
  // have no other way back. No effect if KEY is not listened at.
  void StopListening(const snapshot::BindKey& key);
  void StopListeningEverywhere();

  void Drain();
  void Abort();
  bool draining() const { return draining_; }
  size_t connections() const { return connections_; }

  // --- For connections and their sessions.
  proxy::Proxy& proxy() { return proxy_; }
  ExchangePool& exchanges() { return exchanges_; }
  Handshakes& handshakes() { return handshakes_; }
  // What everything of this side waits under: cancelled by Abort().
  Cancellation& life() { return life_; }
  void Enter(Connection& connection);
  void Leave(Connection& connection);
  // The same for a flow of datagrams, if the limits allow one more.
  bool AdmitFlow(PlaceLoad& load, proxy::Place& place);
  void LeaveFlow(PlaceLoad& load);
  // REQUIRES: there is a place of UDP.
  DatagramRoom& datagrams() { return *datagrams_; }

 private:
  friend class Acceptor;

  void Adopt(std::unique_ptr<io::TcpStream> stream, const std::shared_ptr<PlaceLoad>& load,
             const std::shared_ptr<proxy::Place>& place);
  bool Admit(PlaceLoad& load, proxy::Place& place);

  proxy::Proxy& proxy_;
  ConnectionLimit& limit_;
  ExchangePool exchanges_;
  Handshakes handshakes_;
  Cancellation life_;
  std::vector<std::shared_ptr<Acceptor>> acceptors_;
  std::vector<std::shared_ptr<Acceptor>> new_;  // do not accept yet
  std::vector<std::shared_ptr<UdpPlace>> udp_places_;
  std::vector<std::shared_ptr<UdpPlace>> new_udp_places_;
  std::unique_ptr<DatagramRoom> datagrams_;  // null before there is a place of UDP
  IntrusiveList<Connection> open_;
  size_t connections_ = 0;
  bool draining_ = false;
};

}  // namespace penstock::downstream
