#include "dataplane/downstream/connection.h"

#include "dataplane/base/strings.h"
#include "dataplane/downstream/h1_session.h"
#include "dataplane/downstream/tls_accept.h"

namespace penstock::downstream {
namespace {

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
      peer_(stream_->peer().ip()),
      peer_text_(peer_.ToString()),
      peer_address_text_(AddressText(peer_text_, stream_->peer().port())) {
  downstream_.Enter(*this);
  FindListener();
  LimitAge();
}

Connection::~Connection() {
  if (cells_ != nullptr) cells_->connections_active.Add(-1);
  load_->connections.fetch_sub(1, std::memory_order_relaxed);
  downstream_.Leave(*this);
}

void Connection::FindListener() {
  proxy::Proxy& proxy = downstream_.proxy();
  const snapshot::BindGroup* group = proxy.Listeners(*place_);
  if (group != nullptr) {
    const snapshot::CompiledListener& listener = place_->default_listener();
    settings_ = listener.client;
    settings_serial_ = proxy.serial;
    cells_ = proxy.stats.HoldListener(listener.name);
    cells_->connections_opened.Add();
    cells_->connections_active.Add(1);
  }
}

void Connection::LimitAge() {
  // +-10 %, so that connections that were opened together do not end together.
  Duration age = settings_.max_connection_age;
  io::Reactor& reactor = downstream_.proxy().reactor;
  max_age_ = After(reactor.Now(), age - age / 10 + Duration(reactor.random().Below(age.count() / 5 + 1)));
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

Task<void> Connection::Serve() { return place_->secure() ? ServeTls() : Speak(); }

Task<void> Connection::ServeTls() {
  // Nobody is left here who could say how.
  if (settings_serial_ == 0) co_return;
  Status secured = co_await Secure();
  if (!secured.ok()) co_return;
  co_await Speak();
}

// What is spoken: what the handshake agreed on (info_.alpn). A protocol of its own begins here and in proxy/alpn.h.
Task<void> Connection::Speak() { return ServeHttp1(); }

Task<void> Connection::ServeHttp1() {
  H1Session session(*this);
  session_ = &session;
  co_await session.Serve();
  session_ = nullptr;
}

Task<Status> Connection::Secure() {
  TlsAccept accept(downstream_, *place_, std::move(stream_));
  TimePoint deadline = After(downstream_.proxy().reactor.Now(), settings_.tls_handshake_timeout);
  Status secured = co_await accept.Run(deadline);
  stream_ = accept.TakeStream();
  if (!secured.ok()) co_return secured;
  secured_ = accept.secured();
  info_ = accept.TakeInfo();
  settings_ = accept.settings();
  settings_serial_ = accept.settings_serial();
  LimitAge();
  co_return secured;
}

}  // namespace penstock::downstream
