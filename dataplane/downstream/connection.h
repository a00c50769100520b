#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dataplane/base/intrusive_list.h"
#include "dataplane/downstream/downstream.h"
#include "dataplane/exchange/connection_info.h"
#include "dataplane/io/net/tcp_stream.h"
#include "dataplane/io/proxy_protocol/proxy_protocol.h"
#include "dataplane/proxy/layer4_session.h"
#include "dataplane/telemetry/stats/cells.h"
#include "dataplane/tls/tls_stream.h"

namespace penstock::downstream {

// What is spoken on a connection. Lives while it serves.
class Session {
 public:
  // The drain has begun: end what is idle soon, and what runs after its answer.
  virtual void OnDrain() = 0;

 protected:
  ~Session() = default;
};

// One client connection from accept to its end, whatever is spoken on it: what was counted for it, and what is known of
// it. Lives in Run. Worker thread.
class Connection final : public ListNode {
 public:
  // Serves the connection until it ends. STREAM was counted in LOAD and in the process's ConnectionLimit.
  static Task<void> Run(Downstream& downstream, std::unique_ptr<io::TcpStream> stream, std::shared_ptr<PlaceLoad> load,
                        std::shared_ptr<proxy::Place> place);

  Connection(Downstream& downstream, std::unique_ptr<io::TcpStream> stream, std::shared_ptr<PlaceLoad> load,
             std::shared_ptr<proxy::Place> place);
  Connection(const Connection&) = delete;
  ~Connection();

  Downstream& downstream() { return downstream_; }
  io::Stream& stream() { return *stream_; }
  proxy::Place& place() { return *place_; }
  const ConnectionInfo& info() const { return info_; }
  std::string_view scheme() const { return info_.tls_version.empty() ? "http" : "https"; }

  // Whose settings count until a request says more: the listener of the handshake's server name, else the place's
  // default. Called when the generation is another one than at the last request: a client that proved who it is by
  // rules that have changed is measured by the present ones. REQUIRES: there are listeners at the place now.
  const snapshot::CompiledListener& FollowGeneration();
  // Its settings when the connection was accepted, or its handshake made.
  const snapshot::ClientSettings& settings() const { return settings_; }
  // The generation that they are from (Proxy::serial); 0: there was no listener.
  uint64_t settings_serial() const { return settings_serial_; }
  // When it must not take another request; with +-10 % jitter.
  TimePoint max_age() const { return max_age_; }

  // What an exchange of this connection begins with; CANCELLATION outlives it.
  void Begin(Exchange& x, Cancellation& cancellation) const;

  // Of the default listener when it was accepted; null: there was none.
  telemetry::ListenerCells* cells() const { return cells_.get(); }

  // The peer, or whom a trusted proxy in front names by the PROXY protocol. Through a Unix socket: 0.0.0.0, and
  // http::kUnixPeer as text.
  const IpAddress& peer() const { return peer_; }
  const std::string& peer_text() const { return peer_text_; }
  const std::string& peer_address_text() const { return peer_address_text_; }
  // Both ends, as the proxy in front names them, or as they are; nullopt: no IP addresses.
  std::optional<io::ProxyAddresses> addresses() const;
  // As log and metrics know a connection that is carried without being understood. PROTOCOL is static text.
  proxy::Layer4Client AsLayer4Client(std::string_view protocol) const;

  void OnDrain() {
    if (session_ != nullptr) session_->OnDrain();
  }

 private:
  void SetPeer(const IpAddress& ip, uint16_t port);
  void FindListener(io::TcpStream& socket);
  void LimitAge();
  const snapshot::CompiledListener& listener() const;
  void MeasureAgain(const tls::ServerContext& rules);
  Task<void> Serve();
  Task<void> ServeBehindProxy();
  Task<bool> ReadProxyHeader();
  Task<void> ServePlain();
  Task<void> ServeTls();
  Task<Status> Secure();
  Task<void> Speak();
  Task<void> ServeByOpening();
  Task<Chunk> ReadOpening();
  Task<void> ServeHttp1();
  Task<void> ServeHttp2();
  Task<void> ServeTunnel(std::string_view protocol);

  Downstream& downstream_;
  std::unique_ptr<io::Stream> stream_;
  tls::TlsStream* secured_ = nullptr;  // the stream, after a handshake
  bool carried_ = false;               // what comes behind the hello, or inside TLS, is nobody's here to understand
  const std::shared_ptr<PlaceLoad> load_;
  ListenerLoads::Seat seat_;  // once the handshake has named the listener
  const std::shared_ptr<proxy::Place> place_;
  std::shared_ptr<telemetry::ListenerCells> cells_;
  const WallTime accepted_;
  const TimePoint started_;
  std::optional<io::ProxyAddresses> proxied_;  // as the proxy in front says
  std::string proxy_text_;                     // who that is; "": nobody
  IpAddress peer_;
  std::string peer_text_;
  std::string peer_address_text_;
  ConnectionInfo info_;
  snapshot::ClientSettings settings_;
  uint64_t settings_serial_ = 0;
  TimePoint max_age_ = kNoDeadline;
  Session* session_ = nullptr;
};

}  // namespace penstock::downstream
