#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/chunk.h"
#include "dataplane/base/when.h"
#include "dataplane/http/message.h"
#include "dataplane/io/net/stream.h"
#include "dataplane/telemetry/stats/cells.h"
#include "dataplane/upstream/forward/replay_body.h"

namespace penstock::upstream {

// Sends one request over one connection: its head, then its content as it comes, beside the response that is read. Must
// be joined before it is destroyed.
class RequestUpload {
 public:
  enum class End : std::uint8_t { kSent, kSourceFailed, kWriteFailed };

  RequestUpload(io::Stream& stream, const http::Framing& framing, Duration idle_timeout, Cancellation* parent,
                telemetry::ClusterCells& cells)
      : stream_(stream), framing_(framing), idle_timeout_(idle_timeout), stop_(parent), cells_(cells) {}

  // Begins to send HEAD, and the content if BODY is not null. If the content fails, ON_SOURCE_FAILURE is cancelled.
  void Start(Chunk head, ReplayBody* body, Cancellation& on_source_failure);

  bool running() const { return run_.running(); }
  bool sent() const { return end_ == End::kSent; }
  bool source_failed() const { return end_ == End::kSourceFailed; }
  // The head could not be given to the kernel in full: the request cannot have been understood by anybody.
  bool unprocessed() const { return end_.has_value() && !head_sent_; }
  // When everything was sent.
  TimePoint ended() const { return ended_; }

  // Stops sending and waits until nothing runs. If the content is just awaited from its source, the source is given up.
  Task<void> Stop();

 private:
  Task<void> StopRunning();
  Task<bool> Run(Cancellation* on_source_failure);
  Task<bool> FinishHead(Task<Status> write);
  Task<End> SendBody();
  Task<Status> SendHead();
  Task<Status> SendPiece(std::string_view data);
  Task<Status> SendLast();
  void SetEnd(End end);
  Wait wait();

  io::Stream& stream_;
  const http::Framing framing_;
  const Duration idle_timeout_;
  Cancellation stop_;
  telemetry::ClusterCells& cells_;
  Chunk head_;
  std::array<std::string_view, 1> head_piece_;
  ReplayBody* body_ = nullptr;
  Child<bool> run_;
  std::optional<End> end_;
  bool head_sent_ = false;
  std::uint64_t bytes_ = 0;
  TimePoint ended_{};
};

}  // namespace penstock::upstream
