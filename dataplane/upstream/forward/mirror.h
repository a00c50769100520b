#pragma once

#include <span>

#include "dataplane/exchange/exchange.h"
#include "dataplane/upstream/cluster.h"
#include "dataplane/upstream/forward/replay_body.h"
#include "dataplane/upstream/upstreams.h"

namespace penstock::upstream {

// Sends copies of one request to other clusters once its content is known in full, and drops what they answer. Contents
// beyond kReplayBytes are not mirrored. Lives in the exchange that it copies; the copies live by themselves.
class Mirrors final : public ReplayBody::OnEnd {
 public:
  // Keeps what the clusters show now, so that the copies belong to the same generation.
  Mirrors(Exchange& x, Upstreams& upstreams, std::span<Cluster* const> clusters);

  // A request without content is copied at once, one with content when its content has ended.
  void Begin(ReplayBody* body);

 private:
  void BodyEnded(ReplayBody& body) override;
  void Send(std::span<const Chunk> content);

  static constexpr std::size_t kMost = 8;  // clusters per request; more are ignored

  Exchange& x_;
  Upstreams& upstreams_;
  std::array<ViewRef, kMost> views_;
};

}  // namespace penstock::upstream
