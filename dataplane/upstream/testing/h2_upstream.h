#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/task.h"
#include "dataplane/http/h2/server_connection.h"
#include "dataplane/io/net/listener.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/tls/tls_stream.h"

namespace penstock::upstream {

// An HTTP/2 server for tests whose behaviour is a function of the connection's and the request's number.
class H2Upstream {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  // What to do with a request once it is complete.
  struct Action {
    int status = 200;
    Fields fields{};
    std::string content{};
    Fields trailers{};
    bool informational = false;                         // 103 before the head
    bool hold = false;                                  // until AnswerHeld()
    std::optional<http::h2::ErrorCode> reset{};         // instead of any response
    std::optional<http::h2::ErrorCode> reset_behind{};  // instead of the response's end
    bool close = false;                                 // the connection, instead of any response
    bool goaway = false;                                // no request behind this one is served
    bool before_content = false;                        // do not wait for the request's content
  };
  // CONNECTION and REQUEST (of all) count from 0.
  using Script = std::function<Action(int connection, int request)>;

  struct Request {
    int connection = 0;
    std::string method;
    std::string path;
    std::string host;
    Fields fields;
    std::string content;
    Fields trailers;
    std::optional<http::h2::ErrorCode> reset;  // by the client
  };

  // TLS: what it answers handshakes with; null: it speaks in cleartext. AT: where.
  H2Upstream(io::Reactor& reactor, Script script, const http::h2::ServerLimits& limits = {},
             std::shared_ptr<const tls::ServerContext> tls = nullptr, std::string_view at = "127.0.0.1:0");
  ~H2Upstream();

  const io::SocketAddress& address() const { return listener_->address(); }
  // In the order of their heads.
  const Request& request(std::size_t i) const { return *requests_[i]; }
  std::size_t requests() const { return requests_.size(); }
  int connections() const { return connections_; }
  int open_connections() const { return static_cast<int>(open_.size()); }
  // GOAWAY frames that came.
  int goaways() const { return goaways_; }
  // Stops or goes on giving windows back.
  void set_consume(bool consume) { consume_ = consume; }

  void AnswerHeld();
  // "Begin no more requests" on every connection.
  void Drain();
  // Closes all connections.
  void CloseConnections();
  // Refuses from now on.
  void StopListening() { listener_->Close(); }
  // Ends everything; the reactor must run on until it has no tasks.
  void Stop();

 private:
  class Stream;
  class Session;

  Task<void> AcceptAll();
  Task<void> Accept(std::unique_ptr<io::Stream> stream, int number);
  Task<void> Serve(std::unique_ptr<io::Stream> stream, int number);

  io::Reactor& reactor_;
  Script script_;
  const http::h2::ServerLimits limits_;
  const std::shared_ptr<const tls::ServerContext> tls_;
  std::unique_ptr<io::Listener> listener_;
  std::vector<std::unique_ptr<Request>> requests_;
  std::vector<Session*> open_;
  int connections_ = 0;
  int goaways_ = 0;
  bool consume_ = true;
  Cancellation life_;
};

}  // namespace penstock::upstream
