#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/base/when.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/http/websocket/frame_tracker.h"
#include "dataplane/upstream/cluster.h"

namespace penstock::upstream {

// A connection whose upstream has switched protocols: what an UpstreamResponse becomes with its 101. As the response's
// body it gives what the upstream sends until it ends its side; beside that, from the first Read() on, it sends what
// x.request_body gives. Each side's end is passed on while the other goes on. Nothing waits for more, at most one chunk
// is held each way, and there are no deadlines: whoever drives the exchange cancels it, having said why in x.reason.
// Lives in the exchange's arena; the connection is never used again.
//
// The bytes are the two ends' business, with one exception: a WebSocket that is ended from here (drain, idle timeout)
// gets a Close each way, provided that the last frame that way is whole.
class UpstreamTunnel final : public Body {
 public:
  // FIRST is what came behind the 101's head. REQUEST is the running request's place, given back at the end.
  UpstreamTunnel(Exchange& x, ViewRef view, std::unique_ptr<Connection> connection, Lease request, Chunk first);
  ~UpstreamTunnel() override;

  Task<StatusOr<Chunk>> Read() override;
  void Cancel() override { stop_.Cancel(); }
  // If the upstream has ended its side, waits until the client has, too; otherwise breaks off.
  Task<void> Finish() override;

 private:
  enum class End : std::uint8_t { kDone, kClientBroke, kUpstreamBroke };
  // Of a WebSocket.
  struct Frames {
    http::websocket::FrameTracker to_client;
    http::websocket::FrameTracker to_upstream;
  };

  Task<StatusOr<Chunk>> ReadMore();
  Chunk Pass(Chunk chunk);
  StatusOr<Chunk> Broken(const Status& status);
  StatusOr<Chunk> Farewell();
  Task<End> Upload();
  Task<void> JoinAndRelease();
  Task<bool> SayFarewell();
  bool EndedFromHere() const;
  void Release(bool clean);

  Exchange& x_;
  ViewRef view_;
  std::unique_ptr<Connection> connection_;
  Lease request_;
  Frames* const frames_;  // null: another protocol
  Chunk first_;
  Cancellation stop_;
  Child<End> upload_;
  bool ended_ = false;  // the upstream's side, or we said Close in its place
  int reads_ = 0;
};

}  // namespace penstock::upstream
