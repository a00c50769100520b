#include "dataplane/downstream/tls_accept.h"

#include <utility>

#include "dataplane/base/check.h"
#include "dataplane/downstream/linger.h"
#include "dataplane/io/net/prefixed_stream.h"
#include "dataplane/snapshot/admission.h"

namespace penstock::downstream {
namespace {

using telemetry::TlsFailure;

// Of a hello that did not come.
TlsFailure CauseOf(const Status& status) {
  if (IsTimeout(status)) return TlsFailure::kTimeout;
  if (absl::IsInvalidArgument(status)) return TlsFailure::kNotTls;
  bool broken = absl::IsDataLoss(status) || absl::IsResourceExhausted(status);
  return broken ? TlsFailure::kProtocol : TlsFailure::kPeerGone;
}

}  // namespace

TlsAccept::TlsAccept(Downstream& downstream, proxy::Place& place, ListenerLoads& loads,
                     std::unique_ptr<io::Stream> stream)
    : proxy_(downstream.proxy()),
      place_(place),
      loads_(loads),
      turn_(downstream.handshakes(), &downstream.life()),
      stream_(std::move(stream)),
      listener_(place.default_listener().name) {}

Task<Status> TlsAccept::Run(TimePoint deadline) {
  Wait wait{deadline, &turn_.cancellation()};
  StatusOr<tls::ReceivedHello> received = co_await tls::ReceiveClientHello(*stream_, wait);
  if (!received.ok()) {
    Status refused = co_await Refuse(CauseOf(received.status()), received.status(), *stream_, wait);
    co_return refused;
  }
  info_.server_name = received->hello.server_name;
  const snapshot::CompiledListener* listener = Choose(info_.server_name);
  if (listener == nullptr) {
    Status refused = co_await RefuseName(wait);
    co_return refused;
  }
  if (!Enter(*listener)) co_return absl::ResourceExhaustedError("the listener has as many connections as it may");
  carried_ = listener->protocol == snapshot::ListenerProtocol::kTls;
  if (!listener->tls.has_value()) {
    stream_ = std::make_unique<io::PrefixedStream>(std::move(stream_), std::move(received->bytes));
    co_return absl::OkStatus();
  }
  const std::shared_ptr<const tls::ServerContext>* context = proxy_.generation->tls.FindServer(listener_);
  PENSTOCK_CHECK(context != nullptr, "a generation is prepared with a context for each listener that shakes hands");
  Status shaken = co_await Shake(*context, *std::move(received), wait);
  co_return shaken;
}

// Who answers; null: nobody.
const snapshot::CompiledListener* TlsAccept::Choose(std::string_view server_name) {
  const snapshot::BindGroup* group = proxy_.Listeners(place_);
  if (group == nullptr) return nullptr;
  const snapshot::Snapshot& snapshot = *proxy_.generation->snapshot;
  const snapshot::Shared<snapshot::CompiledListener>* found = ListenerForHandshake(snapshot, *group, server_name);
  if (found == nullptr) return nullptr;
  listener_ = (*found)->name;
  info_.listener = listener_;
  settings_ = (*found)->client;
  settings_serial_ = proxy_.serial;
  return found->get();
}

bool TlsAccept::Enter(const snapshot::CompiledListener& listener) {
  seat_ = loads_.Enter(listener.name, listener.client.max_connections);
  if (!seat_) proxy_.stats.Listener(listener.name).connections_refused.Add();
  return static_cast<bool>(seat_);
}

Task<Status> TlsAccept::RefuseName(Wait wait) {
  Status sent = co_await tls::SendAlert(*stream_, tls::Alert::kUnrecognizedName, wait);
  Status unknown = absl::NotFoundError(ToAbsl(snapshot::kUnknownServerName));
  Status refused = co_await Refuse(TlsFailure::kUnrecognizedName, unknown, *stream_, wait);
  co_return refused;
}

Task<Status> TlsAccept::Shake(std::shared_ptr<const tls::ServerContext> context, tls::ReceivedHello received,
                              Wait wait) {
  auto secured = std::make_unique<tls::TlsStream>(std::move(stream_), context, std::move(received.bytes),
                                                  std::move(received.hello.server_name));
  tls::TlsStream& stream = *secured;
  Status shaken = co_await stream.Handshake(wait);
  stream_ = std::move(secured);
  if (shaken.ok()) {
    secured_ = &stream;
    Learn(stream.facts(), *context);
    co_return shaken;
  }
  Status refused = co_await Refuse(stream.failure().cause, shaken, stream.inner(), wait);
  co_return refused;
}

void TlsAccept::Learn(const tls::HandshakeFacts& facts, const tls::ServerContext& context) {
  telemetry::ListenerCells& cells = proxy_.stats.Listener(listener_);
  cells.tls_handshakes.Add();
  if (facts.resumed) cells.tls_resumptions.Add();
  info_ = {.tls_version = std::string(facts.version),
           .tls_cipher = std::string(facts.cipher),
           .server_name = facts.server_name,
           .alpn = facts.alpn,
           .client_identity = facts.peer_identity,
           .listener = listener_,
           .client_policy = context.client_policy()};
}

// Counts it, and lets the client read why.
Task<Status> TlsAccept::Refuse(TlsFailure cause, Status why, io::Stream& stream, Wait wait) {
  if (turn_.displaced()) cause = TlsFailure::kTooMany;
  failure_ = cause;
  proxy_.stats.Listener(listener_).tls_failures.Add(cause);
  bool listens =
      !turn_.displaced() && cause != TlsFailure::kTimeout && cause != TlsFailure::kPeerGone && !stream.gone();
  if (listens) co_await Linger(stream, kLingerBytes, wait.Until(After(proxy_.reactor.Now(), kLingerTime)));
  co_return why;
}

}  // namespace penstock::downstream
