#include "dataplane/downstream/downstream.h"

#include <sys/resource.h>

#include <algorithm>

#include "dataplane/downstream/connection.h"
#include "dataplane/downstream/udp_place.h"

namespace penstock::downstream {

int64_t ConnectionLimit::Default() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  return std::min<int64_t>(50'000, static_cast<int64_t>(std::min<rlim_t>(files.rlim_cur, 1'000'000)) * 45 / 100);
}

// One listening socket of this worker.
class Acceptor {
 public:
  Acceptor(Downstream& downstream, const snapshot::BindKey& key, std::unique_ptr<io::Listener> listener,
           std::shared_ptr<PlaceLoad> load, std::shared_ptr<io::SocketFile> file)
      : downstream_(downstream),
        place_(std::make_shared<proxy::Place>(key)),
        load_(std::move(load)),
        listener_(std::move(listener)),
        file_(std::move(file)) {}

  const snapshot::BindKey& key() const { return place_->key(); }

  // Accepts until Stop().
  static Task<void> Run(std::shared_ptr<Acceptor> self) {
    while (true) {
      StatusOr<std::unique_ptr<io::TcpStream>> stream = co_await self->listener_->Accept(Wait{});
      if (!stream.ok()) co_return;
      self->downstream_.Adopt(*std::move(stream), self->load_, self->place_);
    }
  }

  // Closing a socket resets what waits in its accept queue: so that is taken first, after the last one came.
  void Stop() {
    if (file_ != nullptr) file_->Remove();
    while (std::unique_ptr<io::TcpStream> stream = listener_->AcceptWaiting()) {
      downstream_.Adopt(std::move(stream), load_, place_);
    }
    listener_->Close();
  }

 private:
  Downstream& downstream_;
  const std::shared_ptr<proxy::Place> place_;
  const std::shared_ptr<PlaceLoad> load_;
  const std::unique_ptr<io::Listener> listener_;
  const std::shared_ptr<io::SocketFile> file_;  // null: no Unix socket
};

Downstream::Downstream(proxy::Proxy& proxy, ConnectionLimit& limit, size_t most_handshakes)
    : proxy_(proxy), limit_(limit), exchanges_(&proxy.reactor.blocks()), handshakes_(most_handshakes) {}

Downstream::~Downstream() { PENSTOCK_CHECK(connections_ == 0, "a connection is still open"); }

Status Downstream::Listen(const snapshot::BindKey& key, io::Fd socket, std::shared_ptr<PlaceLoad> load,
                          std::shared_ptr<io::SocketFile> file) {
  if (key.udp) {
    ASSIGN_OR_RETURN(std::unique_ptr<io::UdpSocket> udp, io::UdpSocket::Create(proxy_.reactor, std::move(socket)));
    if (datagrams_ == nullptr) datagrams_ = std::make_unique<DatagramRoom>();
    new_udp_places_.push_back(std::make_shared<UdpPlace>(*this, key, std::move(udp), std::move(load)));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::unique_ptr<io::Listener> listener, io::Listener::Create(proxy_.reactor, std::move(socket)));
  new_.push_back(std::make_shared<Acceptor>(*this, key, std::move(listener), std::move(load), std::move(file)));
  return absl::OkStatus();
}

void Downstream::StartAccepting() {
  for (std::shared_ptr<Acceptor>& acceptor : new_) {
    proxy_.reactor.Spawn(Acceptor::Run(acceptor));
    acceptors_.push_back(std::move(acceptor));
  }
  for (std::shared_ptr<UdpPlace>& place : new_udp_places_) {
    proxy_.reactor.Spawn(UdpPlace::Run(place));
    udp_places_.push_back(std::move(place));
  }
  ForgetNew();
}

void Downstream::ForgetNew() {
  new_.clear();
  new_udp_places_.clear();
}

void Downstream::StopListening(const snapshot::BindKey& key) {
  auto stop = [&key](const auto& listening) {
    if (listening->key() != key) return false;
    listening->Stop();
    return true;
  };
  std::erase_if(acceptors_, stop);
  std::erase_if(udp_places_, stop);
}

void Downstream::StopListeningEverywhere() {
  for (const std::shared_ptr<Acceptor>& acceptor : acceptors_) acceptor->Stop();
  for (const std::shared_ptr<UdpPlace>& place : udp_places_) place->Stop();
  acceptors_.clear();
  udp_places_.clear();
  ForgetNew();
}

void Downstream::Drain() {
  draining_ = true;
  open_.ForEach([](Connection& connection) { connection.OnDrain(); });
}

void Downstream::Abort() { life_.Cancel(); }

void Downstream::Adopt(std::unique_ptr<io::TcpStream> stream, const std::shared_ptr<PlaceLoad>& load,
                       const std::shared_ptr<proxy::Place>& place) {
  if (!Admit(*load, *place)) return;
  proxy_.reactor.Spawn(Connection::Run(*this, std::move(stream), load, place));
}

// Counts the connection, if the limits allow it.
bool Downstream::Admit(PlaceLoad& load, proxy::Place& place) {
  const snapshot::BindGroup* group = proxy_.Listeners(place);
  const snapshot::CompiledListener* listener =
      group == nullptr ? nullptr : proxy_.generation->snapshot->DefaultListener(*group).get();
  // Where TLS is spoken each listener has its own limit, which counts once the handshake says which one is meant; the
  // handshakes have theirs.
  bool has_limit = listener != nullptr && !place.secure();
  int64_t most = has_limit ? listener->client.max_connections : INT64_MAX;
  bool within = load.connections.fetch_add(1, std::memory_order_relaxed) < most;
  if (within && limit_.Take()) return true;
  load.connections.fetch_sub(1, std::memory_order_relaxed);
  if (listener != nullptr) proxy_.stats.Listener(listener->name).connections_refused.Add();
  return false;
}

void Downstream::Enter(Connection& connection) {
  ++connections_;
  open_.PushBack(connection);
}

void Downstream::Leave(Connection& connection) {
  --connections_;
  static_cast<ListNode&>(connection).Unlink();
  limit_.Give();
}

bool Downstream::AdmitFlow(PlaceLoad& load, proxy::Place& place) {
  bool admitted = Admit(load, place);
  if (admitted) ++connections_;
  return admitted;
}

void Downstream::LeaveFlow(PlaceLoad& load) {
  --connections_;
  load.connections.fetch_sub(1, std::memory_order_relaxed);
  limit_.Give();
}

}  // namespace penstock::downstream
