#include "dataplane/downstream/udp_place.h"

namespace penstock::downstream {

// One client, as its place knows it.
class UdpPlace::Flow final : private proxy::DatagramFlow::Client {
 public:
  Flow(UdpPlace& place, const Ends& ends, std::shared_ptr<telemetry::ListenerCells> cells)
      : place_(place),
        ends_(ends),
        cells_(std::move(cells)),
        flow_(Proxy(), ClientOf(ends), *this, Room(), place.life_) {
    cells_->connections_opened.Add();
    cells_->connections_active.Add(1);
  }
  ~Flow() { cells_->connections_active.Add(-1); }

  const Ends& ends() const { return ends_; }
  proxy::DatagramFlow& flow() { return flow_; }

 private:
  proxy::Proxy& Proxy() const { return place_.downstream_.proxy(); }
  io::DatagramBatch& Room() const { return place_.downstream_.datagrams().from_upstreams; }

  proxy::Layer4Client ClientOf(const Ends& ends) const {
    io::Reactor& reactor = Proxy().reactor;
    return {.protocol = "udp",
            .server_name = {},
            .listener = {},
            .peer = ends.client.ToString(),
            .proxy = {},
            .wall = reactor.Wall(),
            .started = reactor.Now()};
  }

  std::size_t SendBack(std::span<const std::string_view> datagrams) override {
    return place_.socket_->SendTo(datagrams, ends_.client, ends_.ours);
  }

  UdpPlace& place_;
  const Ends ends_;
  const std::shared_ptr<telemetry::ListenerCells> cells_;
  proxy::DatagramFlow flow_;
};

UdpPlace::UdpPlace(Downstream& downstream, const snapshot::BindKey& key, std::unique_ptr<io::UdpSocket> socket,
                   std::shared_ptr<PlaceLoad> load)
    : downstream_(downstream),
      place_(key),
      load_(std::move(load)),
      socket_(std::move(socket)),
      life_(&downstream.life()) {}

UdpPlace::~UdpPlace() = default;

void UdpPlace::Stop() {
  socket_->Close();
  life_.Cancel();
}

Task<void> UdpPlace::Run(std::shared_ptr<UdpPlace> self) {
  io::DatagramBatch& batch = self->downstream_.datagrams().from_clients;
  for (int batches = 1;; ++batches) {
    if (batches % kTurn == 0) co_await self->downstream_.proxy().reactor.Yield();
    Status readable = co_await self->socket_->WaitReadable(Wait{kNoDeadline, &self->life_});
    if (!readable.ok()) co_return;
    // A bound socket has no errors that say anything about a client.
    Status received = self->socket_->ReceiveNow(batch);
    if (!received.ok()) continue;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      Flow* flow = self->FlowOf({batch.from(i), batch.to(i)});
      if (flow != nullptr) flow->flow().Take(batch.bytes(i));
    }
  }
}

// Of those that run or a new one; nullptr if there may be none.
UdpPlace::Flow* UdpPlace::FlowOf(const Ends& ends) {
  auto found = flows_.find(ends);
  if (found != flows_.end()) return found->second.get();
  proxy::Proxy& proxy = downstream_.proxy();
  if (proxy.Listeners(place_) == nullptr || !downstream_.AdmitFlow(*load_, place_)) return nullptr;
  auto flow = std::make_unique<Flow>(*this, ends, proxy.stats.HoldListener(place_.default_listener().name));
  Flow& made = *flow;
  flows_.emplace(ends, std::move(flow));
  proxy.reactor.Spawn(Serve(shared_from_this(), made));
  // It may have ended already: nothing here is for it.
  found = flows_.find(ends);
  return found != flows_.end() ? found->second.get() : nullptr;
}

Task<void> UdpPlace::Serve(std::shared_ptr<UdpPlace> self, Flow& flow) {
  co_await flow.flow().Run(self->place_);
  self->flows_.erase(Ends(flow.ends()));
  self->downstream_.LeaveFlow(*self->load_);
}

}  // namespace penstock::downstream
