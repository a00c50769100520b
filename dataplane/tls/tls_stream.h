#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/io/net/stream.h"
#include "dataplane/tls/client_context.h"
#include "dataplane/tls/handshake_failure.h"
#include "dataplane/tls/openssl.h"
#include "dataplane/tls/server_context.h"
#include "dataplane/tls/wire.h"

namespace penstock::tls {

// What a handshake agreed on.
struct HandshakeFacts {
  std::string_view version;   // "TLSv1.3"
  std::string_view cipher;    // as IANA names it
  std::string server_name;    // SNI, lower case; "" if none was sent
  std::string alpn;           // "" nothing was agreed on
  std::string peer_identity;  // see IdentityOf; of a verified certificate only, else ""
  bool resumed = false;
};

// TLS over another stream: what io::Stream promises, and
//
//   the end of bytes     is close_notify; if the connection ends without it Read gives kAborted: somebody cut it
//   Write                seals all pieces, many in one record, and sends them in as few system calls as it can; after a
//                        Write that did not end well nothing can be sent any more
//   ShutdownWrite        sends close_notify, then FIN
//   Close                sends close_notify if that needs no wait
//   a connection that waits holds no block and no buffer
//
// A peer that asks for a new handshake (TLS 1.2), or changes its keys too often (TLS 1.3), is cut off.
class TlsStream final : public io::Stream {
 public:
  // New keys and tickets that a peer may send. A real one changes its keys after millions of records.
  static constexpr uint32_t kMaxLateMessages = 64;

  // The server's side. RECEIVED: the bytes of the client's hello if they were read already, and SERVER_NAME what they
  // say; a handshake whose later hello says something else fails.
  TlsStream(std::unique_ptr<io::Stream> stream, std::shared_ptr<const ServerContext> context, Chunk received = {},
            std::optional<std::string> server_name = std::nullopt);
  // The client's side. SESSIONS (may be null) outlives it.
  TlsStream(std::unique_ptr<io::Stream> stream, std::shared_ptr<const ClientContext> context,
            ClientSessions* sessions = nullptr);
  TlsStream(const TlsStream&) = delete;
  ~TlsStream() override;

  // Offers PROTOCOLS instead of the context's; none: agrees on nothing. REQUIRES: the client's side, before the
  // handshake.
  void OfferInstead(const std::vector<std::string>& protocols);
  // Once, before anything else. Errors: of the wait and the stream, else kAborted; failure() says more, and the peer
  // was told why.
  Task<Status> Handshake(Wait wait);
  // REQUIRES: the handshake has succeeded.
  const HandshakeFacts& facts() const { return facts_; }
  // REQUIRES: the handshake has failed.
  const HandshakeFailure& failure() const { return failure_; }
  // See ServerContext::IdentityOf. REQUIRES: the server's side, whose handshake has succeeded.
  std::optional<std::string> IdentityBy(const ServerContext& rules) const { return rules.IdentityOf(ssl_.get()); }

  Task<StatusOr<Chunk>> Read(std::size_t max, Wait wait) override;
  Task<Status> Write(std::span<const std::string_view> pieces, Wait wait) override;
  Task<Status> ShutdownWrite(Wait wait) override;
  void Close() override;
  void Reset() override;
  bool readable() const override;
  bool gone() const override { return !read_error_.ok() || stream_->gone(); }
  std::string_view refusal() const override { return refusal_; }
  void set_watcher(Watcher* watcher) override { stream_->set_watcher(watcher); }
  const io::SocketAddress& peer() const override { return stream_->peer(); }
  const io::SocketAddress& local() const override { return stream_->local(); }
  io::Reactor& reactor() const override { return stream_->reactor(); }

  // The library's end, to misbehave with.
  SSL* ssl_for_test() { return ssl_.get(); }

  // What TLS goes over.
  io::Stream& inner() { return *stream_; }

  // --- For the contexts' callbacks.
  static TlsStream& Of(SSL* ssl);
  bool Expects(std::string_view server_name) const { return !expected_name_ || *expected_name_ == server_name; }
  void OnSession(SessionPtr session);

 private:
  // What is left of a list of pieces to write.
  class Source;

  TlsStream(std::unique_ptr<io::Stream> stream, std::shared_ptr<const ServerContext> server,
            std::shared_ptr<const ClientContext> client, ClientSessions* sessions,
            std::optional<std::string> expected_name, SSL_CTX* context);

  Status FailHandshake(HandshakeFailure failure, Status status);
  void LearnFacts();

  bool HasInput() const;
  StatusOr<Chunk> Open(std::size_t max);
  StatusOr<Chunk> OpenNothing(int result);
  Task<StatusOr<Chunk>> ReadLater(std::size_t max, Wait wait);
  Task<Status> Receive(std::size_t max, Wait wait);

  Status Seal(Source& source);
  bool SealOne(std::string_view bytes);
  Task<Status> WriteLater(Source source, Wait wait);
  Task<Status> Flush(Wait wait);
  Task<Status> FinishFlush(Task<Status> sending);
  Status Flushed(Status status);
  void FlushNow();
  void SealEnd();

  void OnMessage(bool outgoing, int type, std::string_view message);

  std::unique_ptr<io::Stream> stream_;
  const std::shared_ptr<const ServerContext> server_;
  const std::shared_ptr<const ClientContext> client_;
  ClientSessions* const sessions_;
  const std::optional<std::string> expected_name_;

  Wire wire_;
  Outbox sending_;  // on its way; the wire's own collects what comes meanwhile
  SslPtr ssl_;      // ends before the wire

  HandshakeFacts facts_;
  HandshakeFailure failure_;
  std::string_view refusal_;    // see RefusalOfPeer
  Status read_error_;           // what every further Read gives, if it is one
  uint32_t late_messages_ = 0;  // of handshakes, after the handshake
  bool ready_ = false;          // the handshake has succeeded
  bool flushing_ = false;       // `sending_` is with the stream
  bool sendable_ = true;        // no write broke off, and close_notify was not sent
  bool ended_ = false;          // close_notify came
  bool opened_ = false;         // a byte of content came
};

}  // namespace penstock::tls
