#pragma once

#include <memory>
#include <string>

#include "dataplane/downstream/downstream.h"
#include "dataplane/exchange/connection_info.h"
#include "dataplane/io/net/stream.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/tls/client_hello.h"
#include "dataplane/tls/tls_stream.h"

namespace penstock::downstream {

// The TLS handshake of a client's connection, or its hello alone if what follows is passed through. The hello's server
// name chooses the listener: the one with the most specific host name for it; for a client that sends none the listener
// for any host, else the least specific one. A name that no listener serves is refused with the alert unrecognized_name
// (RFC 6066 3).
//
// A listener that has as many connections as it may is not asked for more: they are closed, before the work of a
// handshake is done.
//
// Counts what came of it. Worker thread.
class TlsAccept {
 public:
  // How long a client that was refused may take to read why: closing with unread bytes would reset the connection, and
  // the alert might be lost.
  static constexpr Duration kLingerTime = std::chrono::seconds(1);
  static constexpr uint64_t kLingerBytes = 64 << 10;

  // DOWNSTREAM, PLACE and LOADS outlive it; PLACE has listeners now.
  TlsAccept(Downstream& downstream, proxy::Place& place, ListenerLoads& loads, std::unique_ptr<io::Stream> stream);

  // Once, until DEADLINE. If it fails the client was told as far as it listens, and failure() says why.
  Task<Status> Run(TimePoint deadline);
  telemetry::TlsFailure failure() const { return failure_; }

  // Afterwards: the stream inside, or one to be closed, and what is known of it: of a handshake that failed, the server
  // name and the listener that it has chosen.
  std::unique_ptr<io::Stream> TakeStream() { return std::move(stream_); }
  ConnectionInfo TakeInfo() { return std::move(info_); }
  // After success:
  ListenerLoads::Seat TakeSeat() { return std::move(seat_); }
  tls::TlsStream* secured() const { return secured_; }  // the stream; null: the bytes are passed through, hello and all
  bool carried() const { return carried_; }             // for a listener that does not understand what is inside
  // The settings that the listener had when it was chosen, and the generation that they are from (Proxy::serial).
  const snapshot::ClientSettings& settings() const { return settings_; }
  uint64_t settings_serial() const { return settings_serial_; }

 private:
  const snapshot::CompiledListener* Choose(std::string_view server_name);
  Task<Status> RefuseName(Wait wait);
  bool Enter(const snapshot::CompiledListener& listener);
  Task<Status> Shake(std::shared_ptr<const tls::ServerContext> context, tls::ReceivedHello received, Wait wait);
  void Learn(const tls::HandshakeFacts& facts, const tls::ServerContext& context);
  Task<Status> Refuse(telemetry::TlsFailure cause, Status why, io::Stream& stream, Wait wait);

  proxy::Proxy& proxy_;
  proxy::Place& place_;
  ListenerLoads& loads_;
  ListenerLoads::Seat seat_;
  Handshakes::Turn turn_;
  std::unique_ptr<io::Stream> stream_;
  tls::TlsStream* secured_ = nullptr;
  bool carried_ = false;
  telemetry::TlsFailure failure_ = telemetry::TlsFailure::kPeerGone;
  std::string listener_;  // for whom it counts
  ConnectionInfo info_;
  snapshot::ClientSettings settings_;
  uint64_t settings_serial_ = 0;
};

}  // namespace penstock::downstream
