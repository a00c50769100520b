#include "dataplane/downstream/connection.h"

#include <algorithm>

#include "dataplane/base/strings.h"
#include "dataplane/downstream/h1_session.h"
#include "dataplane/downstream/h2_session.h"
#include "dataplane/downstream/opening.h"
#include "dataplane/downstream/proxy_header.h"
#include "dataplane/downstream/tls_accept.h"
#include "dataplane/io/net/prefixed_stream.h"
#include "dataplane/proxy/carry.h"

namespace penstock::downstream {
namespace {

// How long a client may take to read why it is refused.
constexpr Duration kAlertTime = std::chrono::seconds(1);

std::string AddressText(const std::string& ip, uint16_t port) {
  bool v6 = ip.find(':') != ip.npos;
  return StrCat(v6 ? "[" : "", ip, v6 ? "]:" : ":", port);
}

}  // namespace

Task<void> Connection::Run(Downstream& downstream, std::unique_ptr<io::TcpStream> stream,
                           std::shared_ptr<PlaceLoad> load, std::shared_ptr<proxy::Place> place) {
  Connection connection(downstream, std::move(stream), std::move(load), std::move(place));
  co_await connection.Serve();
  connection.stream().Close();
}

Connection::Connection(Downstream& downstream, std::unique_ptr<io::TcpStream> stream, std::shared_ptr<PlaceLoad> load,
                       std::shared_ptr<proxy::Place> place)
    : downstream_(downstream),
      stream_(std::move(stream)),
      load_(std::move(load)),
      place_(std::move(place)),
      accepted_(stream_->reactor().Wall()),
      started_(stream_->reactor().Now()) {
  if (stream_->peer().is_ip()) {
    SetPeer(stream_->peer().ip(), stream_->peer().port());
  } else {
    peer_text_ = peer_address_text_ = http::kUnixPeer;
  }
  downstream_.Enter(*this);
  FindListener(static_cast<io::TcpStream&>(*stream_));
  LimitAge();
}

Connection::~Connection() {
  if (cells_ != nullptr) cells_->connections_active.Add(-1);
  load_->connections.fetch_sub(1, std::memory_order_relaxed);
  downstream_.Leave(*this);
}

void Connection::SetPeer(const IpAddress& ip, uint16_t port) {
  peer_ = ip;
  peer_text_ = ip.ToString();
  peer_address_text_ = AddressText(peer_text_, port);
}

void Connection::FindListener(io::TcpStream& socket) {
  proxy::Proxy& proxy = downstream_.proxy();
  const snapshot::BindGroup* group = proxy.Listeners(*place_);
  if (group != nullptr) {
    const snapshot::CompiledListener& listener = place_->default_listener();
    settings_ = listener.client;
    settings_serial_ = proxy.serial;
    cells_ = proxy.stats.HoldListener(listener.name);
    cells_->connections_opened.Add();
    cells_->connections_active.Add(1);
    if (settings_.tcp_keepalive != io::kDefaultKeepalive) io::SetKeepalive(socket.fd(), settings_.tcp_keepalive);
  }
}

void Connection::LimitAge() {
  // +-10 %, so that connections that were opened together do not end together.
  Duration age = settings_.max_connection_age;
  io::Reactor& reactor = downstream_.proxy().reactor;
  max_age_ = After(reactor.Now(), age - age / 10 + Duration(reactor.random().Below(age.count() / 5 + 1)));
}

void Connection::Begin(Exchange& x, Cancellation& cancellation) const {
  io::Reactor& reactor = stream_->reactor();
  x.Begin(cancellation);
  x.time.wall = reactor.Wall();
  x.time.started = reactor.Now();
  x.peer = peer_;
  x.peer_text = peer_text_;
  x.peer_address_text = peer_address_text_;
  x.connection = &info_;
  x.listener_port = place_->port_text();
}

const snapshot::CompiledListener& Connection::FollowGeneration() {
  const snapshot::CompiledListener& now = listener();
  if (secured_ == nullptr) return now;
  const std::shared_ptr<const tls::ServerContext>* rules = downstream_.proxy().generation->tls.FindServer(now.name);
  bool others = rules != nullptr && (*rules)->client_policy() != info_.client_policy;
  if (others && now.name == info_.listener) MeasureAgain(**rules);
  return now;
}

// If it does not do, CheckHandshake (proxy/accept.cc) refuses the request.
void Connection::MeasureAgain(const tls::ServerContext& rules) {
  std::optional<std::string> identity = secured_->IdentityBy(rules);
  if (!identity.has_value()) return;
  info_.client_identity = *std::move(identity);
  info_.client_policy = rules.client_policy();
}

const snapshot::CompiledListener& Connection::listener() const {
  if (info_.listener.empty()) return place_->default_listener();
  const snapshot::Snapshot& snapshot = *downstream_.proxy().generation->snapshot;
  const snapshot::Shared<snapshot::CompiledListener>* found = snapshot.FindListener(info_.listener);
  return found == nullptr ? place_->default_listener() : **found;
}

Task<void> Connection::Serve() {
  if (settings_.proxy_protocol) return ServeBehindProxy();
  return place_->secure() ? ServeTls() : ServePlain();
}

Task<void> Connection::ServeBehindProxy() {
  bool named = co_await ReadProxyHeader();
  if (!named) co_return;
  Task<void> serving = place_->secure() ? ServeTls() : ServePlain();
  co_await std::move(serving);
}

Task<void> Connection::ServePlain() {
  return place_->protocol() == snapshot::ListenerProtocol::kTcp ? ServeTunnel("tcp") : Speak();
}

Task<void> Connection::ServeTls() {
  // Nobody is left here who could say how.
  if (settings_serial_ == 0) co_return;
  Status secured = co_await Secure();
  if (!secured.ok()) co_return;
  Task<void> serving = carried_ ? ServeTunnel("tls") : Speak();
  co_await std::move(serving);
}

// Which HTTP: what the handshake agreed on (ALPN), or, where HTTP/2 may come without one, what the first bytes say.
Task<void> Connection::Speak() {
  bool cleartext = info_.tls_version.empty();
  if (cleartext && settings_.http2.prior_knowledge) return ServeByOpening();
  return info_.alpn == "h2" ? ServeHttp2() : ServeHttp1();
}

Task<void> Connection::ServeByOpening() {
  Chunk opening = co_await ReadOpening();
  if (opening.empty()) co_return;
  bool http2 = Opening::SpeaksHttp2(opening);
  stream_ = std::make_unique<io::PrefixedStream>(std::move(stream_), std::move(opening));
  Task<void> serving = http2 ? ServeHttp2() : ServeHttp1();
  co_await std::move(serving);
}

Task<Chunk> Connection::ReadOpening() {
  Opening opening(*this);
  session_ = &opening;
  Chunk bytes = co_await opening.Read();
  session_ = nullptr;
  co_return bytes;
}

Task<void> Connection::ServeHttp1() {
  H1Session session(*this);
  session_ = &session;
  co_await session.Serve();
  session_ = nullptr;
}

Task<void> Connection::ServeHttp2() {
  H2Session session(*this);
  session_ = &session;
  co_await session.Serve();
  session_ = nullptr;
}

Task<Status> Connection::Secure() {
  TlsAccept accept(downstream_, *place_, load_->listeners, std::move(stream_));
  TimePoint deadline = After(downstream_.proxy().reactor.Now(), settings_.tls_handshake_timeout);
  Status secured = co_await accept.Run(deadline);
  stream_ = accept.TakeStream();
  info_ = accept.TakeInfo();
  if (!secured.ok()) {
    bool worth_a_line = accept.failure() != telemetry::TlsFailure::kPeerGone;
    if (worth_a_line) {
      proxy::RefuseConnection(downstream_.proxy(), *place_, AsLayer4Client("tls"), Reason::kTlsHandshakeFailed,
                              ToStd(secured.message()));
    }
    co_return secured;
  }
  seat_ = accept.TakeSeat();
  carried_ = accept.carried();
  secured_ = accept.secured();
  settings_ = accept.settings();
  settings_serial_ = accept.settings_serial();
  LimitAge();
  co_return secured;
}

// A drain lets it go on until its deadline: nobody knows where in the bytes it could end.
Task<void> Connection::ServeTunnel(std::string_view protocol) {
  Reason ended = co_await proxy::CarryConnection(downstream_.proxy(), {.stream = *stream_,
                                                                       .place = *place_,
                                                                       .client = AsLayer4Client(protocol),
                                                                       .addresses = addresses(),
                                                                       .life = downstream_.life()});
  if (ended == Reason::kNone) co_return;
  bool not_here = ended == Reason::kNoListener || ended == Reason::kNoRoute;
  bool passed_through = carried_ && secured_ == nullptr;
  if (not_here && passed_through) {
    Wait wait{After(stream_->reactor().Now(), kAlertTime), &downstream_.life()};
    Status told = co_await tls::SendAlert(*stream_, tls::Alert::kUnrecognizedName, wait);
    co_return;
  }
  stream_->Reset();
}

// True if the connection may go on: the proxy in front has said for whom it is.
Task<bool> Connection::ReadProxyHeader() {
  ProxyHeaderRead read;
  bool trusted = std::any_of(settings_.trusted_proxies.begin(), settings_.trusted_proxies.end(),
                             [this](const Cidr& cidr) { return cidr.Contains(peer_); });
  if (trusted) {
    Wait wait{After(started_, settings_.proxy_protocol_timeout), &downstream_.life()};
    read = co_await downstream::ReadProxyHeader(*stream_, wait);
  } else {
    read.reason = Reason::kProxyHeader;
    read.detail = "the peer is not in trustedProxies";
  }
  // Who leaves without a word only looked whether somebody is here.
  if (read.reason == Reason::kClientGone) co_return false;
  if (read.reason != Reason::kNone) {
    proxy::RefuseConnection(downstream_.proxy(), *place_, AsLayer4Client("tcp"), read.reason, read.detail);
    co_return false;
  }
  proxied_ = read.header.addresses;
  if (proxied_.has_value()) {
    proxy_text_ = peer_address_text_;
    SetPeer(proxied_->source, proxied_->source_port);
  }
  if (!read.rest.empty()) stream_ = std::make_unique<io::PrefixedStream>(std::move(stream_), std::move(read.rest));
  co_return true;
}

std::optional<io::ProxyAddresses> Connection::addresses() const {
  if (proxied_.has_value()) return proxied_;
  const io::SocketAddress& peer = stream_->peer();
  const io::SocketAddress& local = stream_->local();
  if (!peer.is_ip() || !local.is_ip()) return std::nullopt;
  return io::ProxyAddresses{peer.ip(), peer.port(), local.ip(), local.port()};
}

proxy::Layer4Client Connection::AsLayer4Client(std::string_view protocol) const {
  return {.protocol = protocol,
          .server_name = info_.server_name,
          .listener = info_.listener,
          .peer = peer_address_text_,
          .proxy = proxy_text_,
          .wall = accepted_,
          .started = started_};
}

}  // namespace penstock::downstream
