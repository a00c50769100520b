#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/when.h"
#include "dataplane/http/message.h"
#include "dataplane/telemetry/stats/cells.h"
#include "dataplane/upstream/forward/replay_body.h"
#include "dataplane/upstream/forward/stream_receiver.h"

namespace penstock::upstream {

// Sends the content of one request over its stream as it comes, beside the response that is read. Must be joined before
// it is destroyed.
class StreamUpload {
 public:
  enum class End : std::uint8_t { kSent, kSourceFailed, kStopped };

  // Content that waits for the peer's window, at most; more is not read from its source.
  static constexpr std::size_t kMaxUnsent = 64 << 10;

  StreamUpload(MultiplexedConnection& connection, StreamReceiver& stream, const http::Framing& framing,
               Duration idle_timeout, io::Reactor& reactor, Cancellation* parent, telemetry::ClusterCells& cells)
      : connection_(connection),
        stream_(stream),
        framing_(framing),
        idle_timeout_(idle_timeout),
        reactor_(reactor),
        stop_(parent),
        cells_(cells) {}

  // Begins. If the content fails, ON_SOURCE_FAILURE is cancelled.
  void Start(ReplayBody& body, Cancellation& on_source_failure);

  bool running() const { return run_.running(); }
  bool sent() const { return end_ == End::kSent; }
  bool source_failed() const { return end_ == End::kSourceFailed; }
  // When everything was sent.
  TimePoint ended() const { return ended_; }

  // Stops sending and waits until nothing runs. If the content is just awaited from its source, the source is given up.
  Task<void> Stop();

 private:
  Task<bool> Run(Cancellation* on_source_failure);
  Task<End> SendBody();
  Task<Status> WaitForRoom(bool last);

  MultiplexedConnection& connection_;
  StreamReceiver& stream_;
  const http::Framing framing_;
  const Duration idle_timeout_;
  io::Reactor& reactor_;
  Cancellation stop_;
  telemetry::ClusterCells& cells_;
  ReplayBody* body_ = nullptr;
  Child<bool> run_;
  std::optional<End> end_;
  std::uint64_t bytes_ = 0;
  TimePoint ended_{};
};

}  // namespace penstock::upstream
