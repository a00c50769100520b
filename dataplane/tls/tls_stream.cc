#include "dataplane/tls/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "dataplane/base/ip_address.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/tls/names.h"

namespace penstock::tls {
namespace {

constexpr size_t kRecordBytes = SSL3_RT_MAX_PLAIN_LENGTH;
constexpr size_t kRecordOverhead = 64;                  // header, type, tag and explicit nonce, generously
constexpr size_t kMaxSealedBytes = 80 << 10;            // before they are sent: a head and 64 KiB of content
constexpr size_t kHandshakeBytes = BlockPool::kMedium;  // what one flight has at most, as a rule
// Reads in a row that gave nothing, after which others get their turn.
constexpr uint32_t kFruitlessReads = 16;

size_t SealedSize(size_t bytes) { return bytes + (bytes / kRecordBytes + 1) * kRecordOverhead; }

}  // namespace

class TlsStream::Source {
 public:
  explicit Source(std::span<const std::string_view> pieces) : pieces_(pieces) { SkipEmpty(); }

  bool empty() const { return pieces_.empty(); }
  size_t bytes() const {
    return std::accumulate(pieces_.begin(), pieces_.end(), size_t{0},
                           [](size_t sum, std::string_view piece) { return sum + piece.size(); }) -
           offset_;
  }
  // REQUIRES: not empty().
  std::string_view front() const { return pieces_.front().substr(offset_); }
  bool last() const { return pieces_.size() == 1; }

  // The next bytes, at most ROOM, copied to OUT; how many.
  size_t CopyTo(char* out, size_t room) {
    size_t copied = 0;
    while (!empty() && copied < room) {
      std::string_view piece = front().substr(0, room - copied);
      std::memcpy(out + copied, piece.data(), piece.size());
      copied += piece.size();
      Skip(piece.size());
    }
    return copied;
  }
  // REQUIRES: at most front().size().
  void Skip(size_t bytes) {
    offset_ += bytes;
    SkipEmpty();
  }

 private:
  void SkipEmpty() {
    while (!pieces_.empty() && pieces_.front().size() == offset_) {
      pieces_ = pieces_.subspan(1);
      offset_ = 0;
    }
  }

  std::span<const std::string_view> pieces_;
  size_t offset_ = 0;
};

TlsStream::TlsStream(std::unique_ptr<io::Stream> stream, std::shared_ptr<const ServerContext> server,
                     std::shared_ptr<const ClientContext> client, ClientSessions* sessions,
                     std::optional<std::string> expected_name, SSL_CTX* context)
    : stream_(std::move(stream)),
      server_(std::move(server)),
      client_(std::move(client)),
      sessions_(sessions),
      expected_name_(std::move(expected_name)),
      wire_(stream_->reactor().blocks()),
      sending_(stream_->reactor().blocks()),
      ssl_(SSL_new(context)) {
  PENSTOCK_CHECK(ssl_ != nullptr, "OpenSSL makes connections");
  BIO* bio = wire_.NewBio();
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_msg_callback(ssl_.get(), [](int outgoing, int, int type, const void* bytes, size_t size, SSL* ssl, void*) {
    Of(ssl).OnMessage(outgoing == 1, type, {static_cast<const char*>(bytes), size});
  });
}

TlsStream::TlsStream(std::unique_ptr<io::Stream> stream, std::shared_ptr<const ServerContext> context, Chunk received,
                     std::optional<std::string> server_name)
    : TlsStream(std::move(stream), context, nullptr, nullptr, std::move(server_name), context->raw()) {
  wire_.received = std::move(received);
  SSL_set_accept_state(ssl_.get());
}

TlsStream::TlsStream(std::unique_ptr<io::Stream> stream, std::shared_ptr<const ClientContext> context,
                     ClientSessions* sessions)
    : TlsStream(std::move(stream), nullptr, context, sessions, std::nullopt, context->raw()) {
  const std::string& hostname = context->hostname();
  bool address = IpAddress::Parse(hostname).ok();
  if (!hostname.empty() && !address) SSL_set_tlsext_host_name(ssl_.get(), hostname.c_str());
  SessionPtr session = sessions == nullptr ? nullptr : sessions->Take(*context);
  if (session != nullptr) SSL_set_session(ssl_.get(), session.get());
  SSL_set_connect_state(ssl_.get());
}

TlsStream::~TlsStream() { Close(); }

TlsStream& TlsStream::Of(SSL* ssl) { return *static_cast<TlsStream*>(SSL_get_app_data(ssl)); }

void TlsStream::OfferInstead(const std::vector<std::string>& protocols) {
  std::string alpn = AlpnBytes(protocols);
  // 0 is success here.
  int failed = SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                                   static_cast<unsigned int>(alpn.size()));
  PENSTOCK_CHECK(failed == 0, "OpenSSL offers protocols");
}

Task<Status> TlsStream::Handshake(Wait wait) {
  wire_.expected = kHandshakeBytes;
  while (true) {
    ERR_clear_error();
    int done = SSL_do_handshake(ssl_.get());
    if (done != 1 && SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_READ) {
      HandshakeFailure failure = FailureOfLibrary(SSL_get_verify_result(ssl_.get()));
      Status status = absl::AbortedError(StrCat("TLS handshake: ", failure.text));
      co_return FailHandshake(std::move(failure), std::move(status));
    }
    Status sent = co_await Flush(wait);
    if (!sent.ok()) co_return FailHandshake(FailureOfStream(sent), sent);
    if (done == 1) break;
    Status received = co_await Receive(BlockPool::kMedium, wait);
    if (!received.ok()) co_return FailHandshake(FailureOfStream(received), received);
  }
  LearnFacts();
  // TLS 1.3 brings a new ticket for the next time (RFC 8446 C.4: one is used once), TLS 1.2 need not.
  if (facts_.resumed && SSL_version(ssl_.get()) < TLS1_3_VERSION) OnSession(SessionPtr(SSL_get1_session(ssl_.get())));
  ready_ = true;
  co_return absl::OkStatus();
}

Status TlsStream::FailHandshake(HandshakeFailure failure, Status status) {
  FlushNow();  // the alert
  sendable_ = false;
  read_error_ = status;
  failure_ = std::move(failure);
  return status;
}

void TlsStream::LearnFacts() {
  SSL* ssl = ssl_.get();
  facts_.version = SSL_get_version(ssl);
  facts_.cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl));
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  facts_.server_name = name == nullptr ? "" : LowerCase(name);
  const unsigned char* alpn = nullptr;
  unsigned int alpn_size = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &alpn_size);
  facts_.alpn.assign(reinterpret_cast<const char*>(alpn), alpn_size);
  X509* peer = SSL_get0_peer_certificate(ssl);
  bool verified = peer != nullptr && SSL_get_verify_result(ssl) == X509_V_OK;
  if (verified) facts_.peer_identity = IdentityOf(peer);
  facts_.resumed = SSL_session_reused(ssl) == 1;
}

bool TlsStream::HasInput() const {
  return !read_error_.ok() || ended_ || !wire_.received.empty() || SSL_pending(ssl_.get()) > 0;
}

bool TlsStream::readable() const { return HasInput() || stream_->readable(); }

Task<StatusOr<Chunk>> TlsStream::Read(std::size_t max, Wait wait) {
  if (!HasInput()) return ReadLater(max, wait);
  StatusOr<Chunk> chunk = Open(max);
  bool more_needed = chunk.ok() && chunk->empty() && !ended_;
  if (more_needed) return ReadLater(max, wait);
  return chunk;
}

Task<StatusOr<Chunk>> TlsStream::ReadLater(std::size_t max, Wait wait) {
  // A whole record does not fit into a smaller block.
  std::size_t at_once = max > BlockPool::kMedium ? BlockPool::kLarge : BlockPool::kMedium;
  for (uint32_t fruitless = 1;; ++fruitless) {
    Status received = co_await Receive(at_once, wait);
    if (!received.ok()) co_return received;
    StatusOr<Chunk> chunk = Open(max);
    if (!chunk.ok() || !chunk->empty() || ended_) co_return chunk;
    if (fruitless % kFruitlessReads == 0) co_await reactor().Yield();
  }
}

// REQUIRES: the library has taken everything that came before.
Task<Status> TlsStream::Receive(std::size_t max, Wait wait) {
  StatusOr<Chunk> bytes = co_await stream_->Read(max, wait);
  if (!bytes.ok()) co_return bytes.status();
  if (bytes->empty()) co_return absl::AbortedError("the connection ended without close_notify");
  wire_.received = *std::move(bytes);
  co_return absl::OkStatus();
}

// What can be had without waiting, at most MAX bytes. Empty: the end, or more must be received.
StatusOr<Chunk> TlsStream::Open(std::size_t max) {
  if (!read_error_.ok()) return read_error_;
  if (ended_) return Chunk();
  Block* block = reactor().blocks().Take(max);
  std::size_t room = std::min<std::size_t>(max, block->capacity);
  std::size_t filled = 0;
  int result = 1;
  ERR_clear_error();
  while (filled < room) {
    std::size_t got = 0;
    result = SSL_read_ex(ssl_.get(), block->data() + filled, room - filled, &got);
    if (result != 1) break;
    filled += got;
    if (wire_.received.empty() && SSL_pending(ssl_.get()) == 0) break;
  }
  StatusOr<Chunk> behind = result == 1 ? Chunk() : OpenNothing(result);
  opened_ |= filled > 0;
  if (filled > 0) return Chunk::Adopt(block, filled);  // the next call tells what is behind
  BlockPool::Release(block);
  return behind;
}

// Why the library gave nothing: it needs more (empty), the end (empty, and `ended_`), or an error for good.
StatusOr<Chunk> TlsStream::OpenNothing(int result) {
  int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ) return Chunk();
  if (error == SSL_ERROR_ZERO_RETURN) {
    ended_ = true;
    return Chunk();
  }
  if (!opened_) refusal_ = RefusalOfPeer();
  std::string why = wire_.cut ? "the peer renegotiates or changes its keys too often" : TakeOpensslError();
  read_error_ = absl::AbortedError(StrCat("TLS: ", why));
  FlushNow();  // the alert
  sendable_ = false;
  return read_error_;
}

Task<Status> TlsStream::Write(std::span<const std::string_view> pieces, Wait wait) {
  Source source(pieces);
  Status sealed = Seal(source);
  if (!sealed.ok()) return sealed;
  if (!source.empty()) return WriteLater(source, wait);
  return Flush(wait);
}

Task<Status> TlsStream::WriteLater(Source source, Wait wait) {
  while (true) {
    Status sent = co_await Flush(wait);
    if (!sent.ok() || source.empty()) co_return sent;
    Status sealed = Seal(source);
    if (!sealed.ok()) co_return sealed;
  }
}

// As much as may wait to be sent. Pieces that do not fill a record share one.
Status TlsStream::Seal(Source& source) {
  if (!sendable_) return absl::FailedPreconditionError("nothing can be sent any more");
  wire_.expected = SealedSize(std::min(source.bytes(), kMaxSealedBytes));
  while (!source.empty() && wire_.outbox.bytes() < kMaxSealedBytes) {
    bool sealed;
    if (source.last() || source.front().size() >= kRecordBytes) {
      std::string_view bytes = source.front().substr(0, kRecordBytes);
      sealed = SealOne(bytes);
      source.Skip(bytes.size());
    } else {
      Block* gathered = reactor().blocks().Take(BlockPool::kMedium);
      size_t size = source.CopyTo(gathered->data(), gathered->capacity);
      sealed = SealOne({gathered->data(), size});
      BlockPool::Release(gathered);
    }
    if (!sealed) {
      sendable_ = false;
      return absl::AbortedError(StrCat("TLS: ", TakeOpensslError()));
    }
  }
  return absl::OkStatus();
}

bool TlsStream::SealOne(std::string_view bytes) {
  ERR_clear_error();
  size_t written = 0;
  return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) == 1 && written == bytes.size();
}

Task<Status> TlsStream::Flush(Wait wait) {
  PENSTOCK_CHECK(!flushing_, "one Write at a time");
  if (wire_.outbox.empty()) return absl::OkStatus();
  swap(sending_, wire_.outbox);
  Task<Status> sending = stream_->Write(sending_.pieces(), wait);
  if (sending.ready()) return Flushed(std::move(sending).TakeReady());
  flushing_ = true;
  return FinishFlush(std::move(sending));
}

Task<Status> TlsStream::FinishFlush(Task<Status> sending) {
  Status status = co_await std::move(sending);
  flushing_ = false;
  co_return Flushed(std::move(status));
}

// After a part of a record nothing else can follow.
Status TlsStream::Flushed(Status status) {
  sending_.Clear();
  sendable_ = sendable_ && status.ok();
  return status;
}

// If that needs no wait. For alerts: who does not take them does not get them.
void TlsStream::FlushNow() {
  if (flushing_ || !sendable_ || wire_.outbox.empty()) return;
  swap(sending_, wire_.outbox);
  Task<Status> sending = stream_->Write(sending_.pieces(), Wait{});
  Status status = sending.ready() ? std::move(sending).TakeReady() : absl::UnavailableError("the peer takes nothing");
  Status flushed = Flushed(std::move(status));
}

void TlsStream::SealEnd() {
  if (!ready_ || !sendable_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

Task<Status> TlsStream::ShutdownWrite(Wait wait) {
  SealEnd();
  Status sent = co_await Flush(wait);
  sendable_ = false;
  if (!sent.ok()) co_return sent;
  Status ended = co_await stream_->ShutdownWrite(wait);
  co_return ended;
}

void TlsStream::Close() {
  SealEnd();
  FlushNow();
  sendable_ = false;
  if (read_error_.ok()) read_error_ = absl::FailedPreconditionError("the stream was closed on this side");
  wire_.received.Reset();
  stream_->Close();
}

void TlsStream::Reset() {
  sendable_ = false;
  stream_->Reset();
  Close();
}

void TlsStream::OnSession(SessionPtr session) {
  if (sessions_ != nullptr) sessions_->Put(*client_, std::move(session));
}

void TlsStream::OnMessage(bool outgoing, int type, std::string_view message) {
  if (type == SSL3_RT_HANDSHAKE && !outgoing && ready_ && ++late_messages_ > kMaxLateMessages) wire_.cut = true;
  // The library has refused a renegotiation and would go on (CVE-2011-1473).
  bool refused = type == SSL3_RT_ALERT && outgoing && message.size() == 2 &&
                 static_cast<uint8_t>(message[1]) == SSL_AD_NO_RENEGOTIATION;
  if (refused) wire_.cut = true;
}

}  // namespace penstock::tls
