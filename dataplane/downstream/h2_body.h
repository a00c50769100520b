#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/base/chunk.h"
#include "dataplane/downstream/min_rate.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/http/h2/chunk_queue.h"
#include "dataplane/http/h2/error.h"
#include "dataplane/io/reactor/waiter.h"
#include "dataplane/snapshot/settings.h"

namespace penstock::downstream {

// The content of an HTTP/2 request: what came of it waits here, at most a window's worth, and the window opens again
// only when the reader, done with one chunk, asks for the next: so that both together are a window's worth. Every
// failure sets the exchange's reason: kBodyMalformed, kBodyTooLarge, kRequestTimeout, kClientGone. One request.
class H2Body final : public Body {
 public:
  // What the body needs of its stream.
  class Source {
   public:
    // So many bytes were used: the client may send as many again.
    virtual void OnUsed(size_t bytes) = 0;
    // The client waits for "100 Continue".
    virtual Task<Status> SendContinue() = 0;

   protected:
    ~Source() = default;
  };

  // All outlive it.
  H2Body(io::Reactor& reactor, Source& source) : reactor_(reactor), source_(source) {}

  void Begin(Exchange& x);
  void Apply(const snapshot::ClientSettings& settings);
  // No lowest rate.
  void AllowRareContent() { rate_ = MinRate(); }
  // From here on every byte is the tunnel's: nothing is too much, too slow or too late.
  void BeginTunnel();

  // --- What the client sends.
  void Push(BlockPool& pool, Chunk chunk);
  // The content is complete.
  void End();
  // It can never be complete.
  void Fail(Reason reason, std::string_view detail);

  Task<StatusOr<Chunk>> Read() override;
  void Cancel() override;
  Task<void> Finish() override { return Task<void>(); }

  // What came and was not used.
  size_t unused() const { return queue_.bytes() + lent_; }
  void Drop() {
    queue_.Clear();
    lent_ = 0;
  }

 private:
  void GiveBack();
  StatusOr<Chunk> Take();
  Task<StatusOr<Chunk>> ReadLater();
  Status SetReason(Reason reason, std::string_view detail);

  io::Reactor& reactor_;
  Source& source_;
  Exchange* x_ = nullptr;
  http::h2::ChunkQueue queue_;
  size_t lent_ = 0;  // the chunk that was read last
  io::WaitQueue reader_;
  std::optional<Cancellation> reading_;  // what a Read() waits under
  uint64_t max_ = 0;                     // 0: no bound
  Duration idle_ = kNoDeadline.time_since_epoch();
  MinRate rate_;
  bool asked_ = true;  // the client was told to go on, or did not ask
  bool ended_ = false;
  Reason failure_ = Reason::kNone;
  std::string_view detail_;
};

}  // namespace penstock::downstream
