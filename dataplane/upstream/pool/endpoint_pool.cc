#include "dataplane/upstream/pool/endpoint_pool.h"

#include <algorithm>

#include "dataplane/base/check.h"

namespace penstock::upstream {

Connection::Connection(EndpointPool& pool, std::unique_ptr<io::Stream> stream, Lease slot, TimePoint expires)
    : pool_(pool), stream_(std::move(stream)), slot_(std::move(slot)), expires_(expires) {
  ++pool_.connections_;
  pool_.cells_.connections_opened.Add();
  pool_.cells_.connections_active.Add(1);
}

Connection::~Connection() {
  --pool_.connections_;
  pool_.cells_.connections_active.Add(-1);
}

// The stream is calling: it must not go now. The timer ends the connection in this turn or the next.
void Connection::OnReadable() { idle_timer_.Arm(pool_.reactor().timers(), pool_.reactor().Now()); }

void Connection::IdleTimer::OnTimer() { self.pool_.Drop(self); }

EndpointPool::~EndpointPool() {
  CloseIdle();
  PENSTOCK_CHECK(connections_ == 0, "a pool must outlive its connections");
}

std::unique_ptr<Connection> EndpointPool::TakeIdle() {
  while (!idle_.empty()) {
    std::unique_ptr<Connection> connection(&idle_.PopFront());
    connection->idle_timer_.Disarm();
    connection->stream_->set_watcher(nullptr);
    cells_.connections_idle.Add(-1);
    if (connection->Fit(reactor_.Now())) {
      cells_.connections_reused.Add();
      return connection;
    }
  }
  return nullptr;
}

void EndpointPool::Give(std::unique_ptr<Connection> connection, Duration idle_timeout) {
  if (retired_ || !connection->Fit(reactor_.Now())) return;
  TimePoint until = std::min(After(reactor_.Now(), idle_timeout), connection->expires_);
  connection->idle_timer_.Arm(reactor_.timers(), until);
  connection->stream_->set_watcher(connection.get());
  idle_.PushFront(*connection.release());
  cells_.connections_idle.Add(1);
}

bool EndpointPool::CloseOldest() {
  if (idle_.empty()) return false;
  Drop(idle_.back());
  return true;
}

void EndpointPool::CloseIdle() {
  while (CloseOldest()) {
  }
}

void EndpointPool::Drop(Connection& idle) {
  idle.Unlink();
  cells_.connections_idle.Add(-1);
  delete &idle;
}

void EndpointPool::set_retired(bool retired) {
  retired_ = retired;
  if (!retired) return;
  CloseIdle();
  streams_.RetireAll();
}

void EndpointPool::ConnectFailed(TimePoint now) {
  Duration pause = kFirstPause * (std::int64_t{1} << std::min(failures_, 5));
  ++failures_;
  why_.clear();
  paused_until_ = now + std::min(pause, kLongestPause);
}

void EndpointPool::NoteHandshakeFailed(const tls::HandshakeFailure& failure) {
  cells_.tls_failures.Add(failure.cause);
  ConnectFailed(reactor_.Now());
  why_ = failure.text;
}

void EndpointPool::NoteRefused(std::string_view why) {
  NoteHandshakeFailed({telemetry::TlsFailure::kPeerAlert, std::string(why)});
  streams_.Fail(AcquireFailure::kTlsFailed);
}

void EndpointPool::ConnectSucceeded() {
  failures_ = 0;
  why_.clear();
  paused_until_ = TimePoint();
}

}  // namespace penstock::upstream
