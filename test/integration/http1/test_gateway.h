#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/downstream/downstream.h"
#include "dataplane/downstream/listen_set.h"
#include "dataplane/io/dns/resolver.h"
#include "dataplane/io/net/connect.h"
#include "dataplane/snapshot/testing.h"
#include "dataplane/upstream/upstreams.h"
#include "test/support/program.h"

namespace penstock::test {

inline constexpr char kAll[] = "rules { matches { prefix: '/' } forward { clusters { cluster: 'up' weight: 1 } } }";
inline constexpr char kGet[] = "GET /users/1?x=y HTTP/1.1\r\nHost: A.test\r\nAccept: */*\r\nConnection: close\r\n\r\n";

// An upstream over real sockets, on the gateway's own reactor: reads requests strictly, keeps what came, and answers
// what it is told.
class FakeUpstream {
 public:
  // What to do once a request's head has come.
  struct Script {
    std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    bool read_content = true;  // before answering
    bool close_after = false;  // end the connection behind the response
    bool reset_after = false;  // break it off behind the response
    bool silent = false;       // never answer
  };

  explicit FakeUpstream(io::Reactor& reactor);
  ~FakeUpstream();

  uint16_t port() const { return listener_->address().port(); }
  Script script;
  // Per request "METHOD target HTTP/1.1\r\nfields\r\n\r\ncontent", as it came over the wire (content decoded).
  std::vector<std::string> requests;
  std::vector<std::string> raw;  // per connection: every byte
  size_t connections = 0;

 private:
  static Task<void> Accept(FakeUpstream& self);
  static Task<void> Serve(FakeUpstream& self, std::unique_ptr<io::TcpStream> stream);

  io::Reactor& reactor_;
  std::unique_ptr<io::Listener> listener_;
  Cancellation life_;
};

// One worker with everything that a request needs, on one reactor, in this thread; time may be faked.
class TestGateway {
 public:
  explicit TestGateway(const Clock* clock = nullptr, size_t most_handshakes = downstream::Handshakes::kMost);
  ~TestGateway();

  // Serves these resources from now on, and listens where they say. The first listener's port becomes port().
  void Serve(std::vector<snapshot::Resource> resources);
  // A listener on a free port, one cluster "up" with UPSTREAM's port, and ROUTE's rules (text of xds.v1.RouteRule
  // fields).
  void ServeShop(uint16_t upstream_port, const std::string& rules, const std::string& client_settings = "");

  uint16_t port() const { return port_; }
  io::Reactor& reactor() { return *reactor_; }
  downstream::Downstream& downstream() { return *downstream_; }
  proxy::Proxy& proxy() { return *proxy_; }
  telemetry::Registry& registry() { return registry_; }
  telemetry::ListenerCells& listener_cells() { return stats_.Listener("shop/web/http"); }
  // How many exchanges ended for REASON.
  uint64_t Replies(Reason reason) { return stats_.cells().local_replies[static_cast<size_t>(reason)].Read(); }
  // Generations that something still holds, the current one included; all others are destroyed.
  size_t Reclaim();
  // Policies of a chain for the next Serve.
  proxy::PolicyChains policies;

  // A free port, found by binding it; port() from now on.
  uint16_t ChoosePort();
  // Writes the access log to PATH from now on.
  void LogTo(const std::string& path);

  // A connection to the gateway.
  std::unique_ptr<io::TcpStream> Connect();
  // Sends BYTES on a connection of its own and gives everything until the gateway ends it.
  std::string Send(std::string_view bytes);
  // Reads on until what was read ends with END, or the connection ends.
  std::string ReadUntil(io::TcpStream& stream, std::string_view end);
  void WriteTo(io::Stream& stream, std::string_view bytes);
  // Runs the loop until DONE() or far too long.
  bool RunUntil(const std::function<bool()>& done);
  // Runs a program of the machine (curl, openssl) with INPUT while this serves, until it has ended.
  ProgramEnd Run(const std::vector<std::string>& command, const std::string& input = "");

 private:
  std::unique_ptr<io::Reactor> reactor_;
  std::unique_ptr<io::Resolver> resolver_;
  telemetry::Registry registry_;
  telemetry::WorkerStats stats_;
  std::unique_ptr<telemetry::AccessLog> access_log_;
  upstream::ProcessLimits limits_{1};
  std::unique_ptr<upstream::Upstreams> upstreams_;
  std::unique_ptr<proxy::Proxy> proxy_;
  downstream::ConnectionLimit connection_limit_{1000};
  std::unique_ptr<downstream::Downstream> downstream_;
  downstream::ListenSet listen_set_{1, "127.0.0.1"};
  SystemClock system_clock_;
  proxy::TlsMaterial tls_material_{.tickets = std::make_shared<tls::TicketKeys>(system_clock_)};
  std::vector<std::unique_ptr<proxy::Generation>> generations_;
  std::shared_ptr<const snapshot::Snapshot> previous_;
  uint16_t port_ = 0;
};

}  // namespace penstock::test
