#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/task.h"
#include "dataplane/io/net/listener.h"
#include "dataplane/tls/tls_stream.h"

namespace penstock::upstream {

// An HTTP/1.1 server for tests whose behaviour is a function of the connection's and the request's number.
class ScriptedUpstream {
 public:
  // What to do when a request's head is complete.
  struct Action {
    enum class Then : std::uint8_t { kGoOn, kClose, kReset, kStall };

    std::string bytes;            // sent as they are
    Then then = Then::kGoOn;      // after that
    bool before_content = false;  // do not read the request's content first
  };
  // CONNECTION and REQUEST (on that connection) count from 0.
  using Script = std::function<Action(int connection, int request)>;

  // "200 OK" with this content.
  static Action Reply(std::string content);

  // TLS: what it answers handshakes with; null: it speaks in cleartext. AT: where.
  ScriptedUpstream(io::Reactor& reactor, Script script, std::shared_ptr<const tls::ServerContext> tls = nullptr,
                   std::string_view at = "127.0.0.1:0");
  ~ScriptedUpstream();

  const io::SocketAddress& address() const { return listener_->address(); }
  // Every request as it came, head and content.
  const std::vector<std::string>& requests() const { return requests_; }
  int connections() const { return connections_; }
  // What the last handshake that succeeded agreed on.
  const tls::HandshakeFacts& facts() const { return facts_; }
  // Answers handshakes with it from now on.
  void set_tls(std::shared_ptr<const tls::ServerContext> tls) { tls_ = std::move(tls); }

  // Refuses from now on.
  void StopListening() { listener_->Close(); }
  // Closes all connections, as after an idle timeout.
  void CloseConnections();
  // Ends everything; the reactor must run on until it has no tasks.
  void Stop();

 private:
  Task<void> AcceptAll();
  Task<void> Accept(std::unique_ptr<io::Stream> stream, int connection);
  Task<void> Serve(std::unique_ptr<io::Stream> stream, int connection);
  // False at the end of the connection.
  Task<bool> ReadHead(io::Stream& stream, std::string& buffer);
  Task<bool> ReadContent(io::Stream& stream, std::string& buffer, std::size_t head, std::string& request);

  io::Reactor& reactor_;
  Script script_;
  std::unique_ptr<io::Listener> listener_;
  std::vector<std::string> requests_;
  std::vector<io::Stream*> open_;
  std::shared_ptr<const tls::ServerContext> tls_;
  tls::HandshakeFacts facts_;
  int connections_ = 0;
  Cancellation life_;
};

}  // namespace penstock::upstream
