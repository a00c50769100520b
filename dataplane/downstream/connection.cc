#include "dataplane/downstream/connection.h"

#include "dataplane/base/strings.h"
#include "dataplane/downstream/h1_session.h"

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
  // +-10 %, so that connections that were opened together do not end together.
  Duration age = settings_.max_connection_age;
  io::Reactor& reactor = stream_->reactor();
  max_age_ = After(reactor.Now(), age - age / 10 + Duration(reactor.random().Below(age.count() / 5 + 1)));
}

Task<void> Connection::Serve() {
  H1Session session(*this);
  session_ = &session;
  co_await session.Serve();
  session_ = nullptr;
}

}  // namespace penstock::downstream
