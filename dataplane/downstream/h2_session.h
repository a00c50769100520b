#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/downstream/connection.h"
#include "dataplane/downstream/h2_stream.h"
#include "dataplane/http/h2/output.h"
#include "dataplane/http/h2/server_connection.h"
#include "dataplane/io/reactor/waiter.h"

namespace penstock::downstream {

// One client connection that speaks HTTP/2: reads frames, has every request handled beside the others, and writes once
// per turn of the loop what all of them have to say. Holds no block and no Exchange while it is idle. Lives while it
// serves.
class H2Session final : public Session,
                        private H2Stream::Owner,
                        private http::h2::ServerConnection::Events,
                        private io::Runnable {
 public:
  // An unanswered PING ends the connection after this.
  static constexpr Duration kPingTimeout = std::chrono::seconds(20);
  // How long the last frames may take to be written, and what the client still sends is read off for so that they are
  // not lost to a reset (RFC 9113 5.4.1).
  static constexpr Duration kLingerTime = std::chrono::seconds(2);
  static constexpr uint64_t kMaxLinger = 1 << 20;

  // CONNECTION outlives it.
  explicit H2Session(Connection& connection);
  ~H2Session();

  // Serves the connection until it ends, or must be closed.
  Task<void> Serve();

  // "Begin no more requests soon", then "none any more", and the end once all are answered.
  void OnDrain() override;

 private:
  // Every patience with the connection as a whole; with one stream: H2Body, H2Stream.
  struct Patience final : io::Timer {
    explicit Patience(H2Session& self) : self(self) {}
    void OnTimer() override { self.OnTimer(); }
    H2Session& self;
  };

  Task<void> ReadFrames();
  void Receive(Chunk bytes);
  void HandleArrived();
  void CountRequests();
  Task<void> Handle(std::unique_ptr<H2Stream> stream);
  void OnStreamEnd();
  bool IsOver() const;

  // Runnable: at the end of a turn.
  void Run() override;
  void Write();
  Task<void> FinishWrite(Task<Status> writing);
  void OnWritten(const Status& status);

  void CountFailure();
  Task<void> End();
  Task<void> WaitForStreams();
  Task<void> WaitForLastWords(TimePoint until);

  void OnTimer();
  TimePoint NextPatience() const;
  void WatchTime();
  TimePoint HeaderDeadline() const;
  TimePoint PingTime() const;
  void Ping();
  void RefreshDefaults();
  bool MayServeMore() const;

  // H2Stream::Owner.
  http::h2::ServerConnection& codec() override { return codec_; }
  void SendSoon() override;
  void OnResponseEnds() override { responses_end_ = true; }
  void EndSoon() override { OnDrain(); }
  // ServerConnection::Events.
  http::h2::RequestStream* OnRequest() override;
  void OnGoaway() override { SendSoon(); }
  void OnPong() override;

  Connection& connection_;
  Downstream& downstream_;
  io::Stream& stream_;
  io::Reactor& reactor_;
  Cancellation reading_;
  http::h2::ServerConnection codec_;
  http::h2::Output output_;
  snapshot::ClientSettings defaults_;  // of the place, until a request's host names its listener
  uint64_t defaults_serial_ = 0;

  std::vector<std::unique_ptr<H2Stream>> arrived_;  // not handled yet
  IntrusiveList<H2Stream> streams_;                 // all
  uint32_t live_ = 0;                               // of these
  uint32_t requests_ = 0;
  uint32_t counted_requests_ = 0;
  uint64_t counted_refused_ = 0;
  io::WaitQueue changed_;  // End waits here

  Patience patience_{*this};
  TimePoint patience_ends_ = kNoDeadline;  // as armed
  TimePoint idle_deadline_;                // while there is no stream
  TimePoint last_received_;
  TimePoint pong_deadline_ = kNoDeadline;  // of a PING that is not answered
  TimePoint shutdown_at_ = kNoDeadline;    // when the drain's second step is due

  bool writing_ = false;        // a write waits for the client
  bool responses_end_ = false;  // some response ends with the output at hand
  bool draining_ = false;
  bool too_slow_ = false;    // the client was, with a head
  bool broken_ = false;      // nothing can be written any more
  bool peer_ended_ = false;  // nothing more will be read
};

}  // namespace penstock::downstream
