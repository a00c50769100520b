#include "dataplane/proxy/carry.h"

#include "dataplane/io/net/relay.h"
#include "dataplane/upstream/tunnel/dial.h"

namespace penstock::proxy {
namespace {

// Gives up connecting for a client that is gone. One that only said all that it has to say is still there.
class GoneWatch final : public io::Stream::Watcher {
 public:
  GoneWatch(io::Stream& stream, Cancellation& life) : stream_(stream), stop_(&life) { stream_.set_watcher(this); }
  ~GoneWatch() { stream_.set_watcher(nullptr); }
  void OnReadable() override {}
  void OnGone() override { stop_.Cancel(); }
  Cancellation& stop() { return stop_; }

 private:
  io::Stream& stream_;
  Cancellation stop_;
};

class SessionMeter final : public io::Relay::Meter {
 public:
  SessionMeter(Layer4Session& session, const io::Stream& client) : session_(session), client_(client) {}
  void OnBytes(const io::Stream& from, std::size_t bytes) override {
    if (&from == &client_) {
      session_.CountIn(bytes);
    } else {
      session_.CountOut(bytes);
    }
  }

 private:
  Layer4Session& session_;
  const io::Stream& client_;
};

std::string PrefaceOf(const upstream::View& view, const std::optional<io::ProxyAddresses>& addresses) {
  using ProxyProtocol = snapshot::CompiledCluster::ProxyProtocol;
  switch (view.config().proxy_protocol) {
    case ProxyProtocol::kNone:
      return {};
    case ProxyProtocol::kV1:
      return io::WriteProxyHeader(io::ProxyVersion::kV1, addresses);
    case ProxyProtocol::kV2:
      return io::WriteProxyHeader(io::ProxyVersion::kV2, addresses);
  }
  return {};
}

Reason ReasonOf(io::Relay::End end) {
  switch (end) {
    case io::Relay::End::kBoth:
      return Reason::kNone;
    case io::Relay::End::kFirstGone:
      return Reason::kClientGone;
    case io::Relay::End::kSecondGone:
      return Reason::kUpstreamAborted;
    case io::Relay::End::kIdle:
      return Reason::kTunnelIdle;
    case io::Relay::End::kCancelled:
      return Reason::kShuttingDown;
  }
  return Reason::kInternalError;
}

Task<upstream::Dialed> Dial(Layer4Session& session, const CarriedConnection& from) {
  GoneWatch watch(from.stream, from.life);
  upstream::ViewRef view = session.TakeView();
  std::string preface = PrefaceOf(*view, from.addresses);
  Wait wait{kNoDeadline, &watch.stop()};
  upstream::Dialed dialed = co_await upstream::Dial(std::move(view), session.seed(), std::move(preface), wait);
  if (watch.stop().cancelled() && dialed.connection == nullptr) {
    dialed.reason = from.life.cancelled() ? Reason::kShuttingDown : Reason::kClientGone;
  }
  co_return dialed;
}

Task<Reason> Carry(Layer4Session& session, const CarriedConnection& from) {
  upstream::Dialed dialed = co_await Dial(session, from);
  session.Note({.endpoint = dialed.endpoint,
                .endpoints_epoch = dialed.endpoints_epoch,
                .tries = dialed.tries,
                .connect = dialed.connect,
                .detail = std::move(dialed.detail)});
  if (dialed.connection == nullptr) co_return dialed.reason;
  SessionMeter meter(session, from.stream);
  io::Relay relay(from.stream, dialed.connection->stream(), session.idle_timeout(), &from.life, meter);
  io::Relay::End end = co_await relay.Run();
  session.cluster().Discard(std::move(dialed.connection));
  co_return ReasonOf(end);
}

}  // namespace

Task<Reason> CarryConnection(Proxy& proxy, CarriedConnection connection) {
  Layer4Session session(proxy, std::move(connection.client));
  Reason reason = session.Decide(connection.place);
  if (reason == Reason::kNone) reason = co_await Carry(session, connection);
  session.End(reason);
  co_return reason;
}

void RefuseConnection(Proxy& proxy, Place& place, Layer4Client client, Reason reason, std::string_view detail) {
  Layer4Session session(proxy, std::move(client));
  session.Refuse(place);
  session.End(reason, detail);
}

}  // namespace penstock::proxy
