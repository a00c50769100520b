#pragma once

#include <memory>
#include <string>

#include "dataplane/io/net/socket_address.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/telemetry/stats/cells.h"
#include "dataplane/tls/client_context.h"
#include "dataplane/tls/handshake_failure.h"
#include "dataplane/upstream/pool/connection.h"
#include "dataplane/upstream/pool/stream_pool.h"

namespace penstock::upstream {

// A worker's connections to one endpoint of a cluster that prove the same, and what is known of the endpoint. Survives
// changes of the endpoint set; must outlive its connections.
class EndpointPool {
 public:
  // FOR_PLACES: where requests wait that found no place for a connection. All outlive it.
  EndpointPool(io::Reactor& reactor, const io::SocketAddress& address, telemetry::ClusterCells& cells,
               io::WaitQueue& for_places)
      : reactor_(reactor), address_(address), text_(address.ToString()), cells_(cells), streams_(for_places) {}
  EndpointPool(const EndpointPool&) = delete;
  EndpointPool& operator=(const EndpointPool&) = delete;
  ~EndpointPool();

  const io::SocketAddress& address() const { return address_; }
  // "192.0.2.7:8080"
  const std::string& text() const { return text_; }

  // The idle connection that was used last, so that the others may time out; null if none is fit.
  std::unique_ptr<Connection> TakeIdle();

  // Keeps it for the next request, for at most IDLE_TIMEOUT; closes it if it is not fit or the pool is retired.
  void Give(std::unique_ptr<Connection> connection, Duration idle_timeout);

  // Closes the idle connection that was used longest ago. False if there is none.
  bool CloseOldest();
  // The same for connections of any protocol.
  bool CloseSome() { return CloseOldest() || streams_.CloseIdle(); }
  void CloseIdle();

  // The connections that speak HTTP/2.
  StreamPool& streams() { return streams_; }

  // No endpoint set names this address any more: nothing is kept. May be undone.
  void set_retired(bool retired);
  bool retired() const { return retired_; }
  bool unused() const { return connections_ == 0; }

  // After a connect that failed the endpoint is left alone for a while, longer each time; one success ends that.
  static constexpr Duration kFirstPause = std::chrono::seconds(1);
  static constexpr Duration kLongestPause = std::chrono::seconds(30);
  void ConnectFailed(TimePoint now);
  void ConnectSucceeded();
  bool Paused(TimePoint now) const { return now < paused_until_; }
  // Paused, and somebody finds out already whether it is back: others would only wait for the same answer.
  bool Hopeless(TimePoint now) const { return Paused(now) && connecting_ > 0 && idle_.empty() && streams_.empty(); }

  // Sessions that a new connection may resume.
  tls::ClientSessions& sessions() { return sessions_; }
  // A handshake with it failed.
  void NoteHandshakeFailed(const tls::HandshakeFailure& failure);
  // The endpoint has closed a connection because of who we are: see io::Stream::refusal.
  void NoteRefused(std::string_view why);
  // Why it did; "" if what came after was something else.
  const std::string& why() const { return why_; }

  // What was agreed on last, where that is asked.
  bool speaks_http1() const { return speaks_http1_; }
  void set_speaks_http1(bool http1) { speaks_http1_ = http1; }

  // Counts a connect that runs, as long as it lives.
  class Connecting {
   public:
    explicit Connecting(EndpointPool& pool) : pool_(pool) { ++pool_.connecting_; }
    Connecting(const Connecting&) = delete;
    ~Connecting() { --pool_.connecting_; }

   private:
    EndpointPool& pool_;
  };

  io::Reactor& reactor() { return reactor_; }
  telemetry::ClusterCells& cells() { return cells_; }

 private:
  friend class Connection;
  friend class MultiplexedConnection;

  void Drop(Connection& idle);

  io::Reactor& reactor_;
  const io::SocketAddress address_;
  const std::string text_;
  telemetry::ClusterCells& cells_;
  IntrusiveList<Connection> idle_;  // owned; the one used last in front
  StreamPool streams_;
  tls::ClientSessions sessions_;
  std::string why_;
  std::size_t connections_ = 0;  // idle ones included
  bool retired_ = false;
  bool speaks_http1_ = false;
  int failures_ = 0;
  int connecting_ = 0;
  TimePoint paused_until_{};
};

}  // namespace penstock::upstream
