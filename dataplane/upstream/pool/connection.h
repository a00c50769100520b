#pragma once

#include <memory>

#include "dataplane/base/clock.h"
#include "dataplane/base/intrusive_list.h"
#include "dataplane/io/net/stream.h"
#include "dataplane/io/reactor/timer.h"
#include "dataplane/upstream/pool/limits.h"

namespace penstock::upstream {

class EndpointPool;

// One HTTP/1.1 connection to an endpoint. Owned by whoever uses it, by its pool while it is idle.
class Connection final : public ListNode, private io::Stream::Watcher {
 public:
  // SLOT counts it against the cluster's limit as long as it lives; EXPIRES is when it must not be used again.
  Connection(EndpointPool& pool, std::unique_ptr<io::Stream> stream, Lease slot, TimePoint expires);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  io::Stream& stream() { return *stream_; }
  EndpointPool& pool() { return pool_; }

  // Silent, alive and young: fit to be used for another request. Costs no system call.
  bool Fit(TimePoint now) const { return !stream_->readable() && !stream_->gone() && now < expires_; }

 private:
  friend class EndpointPool;

  // Ends an idle connection: at its idle timeout, or as soon as the peer says anything.
  struct IdleTimer final : io::Timer {
    explicit IdleTimer(Connection& self) : self(self) {}
    void OnTimer() override;
    Connection& self;
  };

  void OnReadable() override;
  void OnGone() override { OnReadable(); }

  EndpointPool& pool_;
  std::unique_ptr<io::Stream> stream_;
  Lease slot_;
  const TimePoint expires_;
  IdleTimer idle_timer_{*this};
};

}  // namespace penstock::upstream
