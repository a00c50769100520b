#include <memory>

#include "dataplane/base/cancellation.h"
#include "dataplane/io/reactor/timer.h"
#include "dataplane/proxy/steps.h"

namespace penstock::proxy {
namespace {

// Watches over one tunnel, whose two directions wait without deadlines: counts it, ends it when nothing has moved
// either way for the idle timeout (at most an eighth later: it looks now and then, so that bytes cost nothing), and
// writes down why whatever ends it does. Lives in the exchange.
class TunnelWatch final : private io::Timer, private Cancellation::Listener {
 public:
  TunnelWatch(Call& call, Duration idle_timeout, std::shared_ptr<telemetry::ListenerCells> cells)
      : x_(call.x),
        stream_(call.stream),
        reactor_(call.proxy.reactor),
        idle_timeout_(idle_timeout),
        cells_(std::move(cells)),
        quiet_since_(reactor_.Now()) {
    cells_->upgrades.Add(x_.response.upgrade);
    cells_->tunnels_active.Add(1);
    if (!x_.cancellation().cancelled()) x_.cancellation().Add(*this);
    LookAgain();
  }
  ~TunnelWatch() { cells_->tunnels_active.Add(-1); }

 private:
  static constexpr int kLooks = 8;  // per idle timeout

  void LookAgain() { Arm(reactor_.timers(), After(reactor_.Now(), idle_timeout_ / kLooks)); }

  void OnTimer() override {
    uint64_t moved = x_.bytes_in + x_.bytes_out;
    if (moved != std::exchange(moved_, moved)) quiet_since_ = reactor_.Now();
    if (After(quiet_since_, idle_timeout_) > reactor_.Now()) return LookAgain();
    if (x_.reason == Reason::kNone) x_.reason = Reason::kTunnelIdle;
    x_.cancellation().Cancel();
  }

  // By the session, whose client is gone; by the end of the drain; or by OnTimer.
  void OnCancel() override {
    if (x_.reason == Reason::kNone) x_.reason = stream_.gone() ? Reason::kClientGone : Reason::kShuttingDown;
  }

  Exchange& x_;
  const ServerStream& stream_;
  io::Reactor& reactor_;
  const Duration idle_timeout_;
  const std::shared_ptr<telemetry::ListenerCells> cells_;
  uint64_t moved_ = 0;
  TimePoint quiet_since_;
};

}  // namespace

// A tunnel lives for hours: it lets go of its generation at once.
void BeginTunnel(Call& call) {
  Detach(call);
  call.x.Own<TunnelWatch>(call, call.listener->client.tunnel_idle_timeout, call.kept->listener_cells);
}

}  // namespace penstock::proxy
