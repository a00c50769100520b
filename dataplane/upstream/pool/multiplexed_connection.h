#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/intrusive_list.h"
#include "dataplane/http/h2/client_connection.h"
#include "dataplane/http/h2/output.h"
#include "dataplane/io/net/stream.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/snapshot/settings.h"
#include "dataplane/upstream/pool/limits.h"

namespace penstock::upstream {

class EndpointPool;

// One request on a MultiplexedConnection, in its list while it runs.
class MultiplexedStream : public http::h2::ResponseStream, public ListNode {
 public:
  // The connection is lost, and with it every stream; WHY is static.
  virtual void OnLost(std::string_view why) = 0;

 protected:
  ~MultiplexedStream() = default;
};

// One HTTP/2 connection to an endpoint, shared by many requests: reads frames, and writes once per turn of the loop
// what all of them have to say. Owned by the coroutine that awaits Run(); in its pool's list while it takes new
// streams.
class MultiplexedConnection final : public ListNode, private http::h2::ClientConnection::Events {
 public:
  // How long the last frames may take to be written; and, where nothing can be written any more, to come.
  static constexpr Duration kLastWordTime = std::chrono::seconds(1);
  // A peer of which streams hear nothing for so long is asked whether it is there. Servers of gRPC end connections that
  // ask more often than every 5 minutes.
  static constexpr Duration kPingAfter = std::chrono::seconds(310);
  static constexpr Duration kPongTime = std::chrono::seconds(20);

  // SLOT counts it against the cluster's limit as long as it lives; from EXPIRES on it takes no new streams; it ends at
  // once when LIFE does.
  MultiplexedConnection(EndpointPool& pool, std::unique_ptr<io::Stream> stream, std::string_view scheme, Lease slot,
                        TimePoint expires, const snapshot::UpstreamSettings& settings, Cancellation& life);
  ~MultiplexedConnection();

  // Serves streams until the connection is over and nobody has a place on it any more.
  Task<void> Run();

  // A place for one more stream is free.
  bool HasRoom() const { return !retired_ && !asked_ && places_ < MostPlaces(); }
  // Nothing is known yet of what the peer takes.
  bool unsettled() const { return !codec_.has_settings(); }
  bool Expired(TimePoint now) const { return now >= expires_; }
  bool idle() const { return places_ == 0; }

  // Takes no new streams; ends when the last one has.
  void Retire();
  // Ends at once and gives its slot back. REQUIRES: idle().
  void CloseNow();

  enum class Begun : std::uint8_t {
    kYes,
    kLost,         // the connection is over
    kInvalidHead,  // it holds a byte that no head may hold
  };
  // Begins a request; END: no content and no trailers follow. Call Leave() at its end. REQUIRES: the caller has a
  // place.
  Begun Begin(MultiplexedStream& stream, const http::RequestHead& head, bool end);
  // The stream is over for its owner: it is reset if it still runs.
  void Leave(MultiplexedStream& stream);

  // For the content of streams; after any call: SendSoon().
  http::h2::ClientConnection& codec() { return codec_; }
  // Writes at the end of this turn of the loop.
  void SendSoon();

  // See io::Stream.
  std::string_view refusal() const { return stream_->refusal(); }

  // Bytes that came so far.
  std::uint64_t received() const { return received_; }

 private:
  friend class StreamPlace;

  struct Writer final : io::Runnable {
    explicit Writer(MultiplexedConnection& self) : self(self) {}
    void Run() override { self.Write(); }
    MultiplexedConnection& self;
  };
  struct Patience final : io::Timer {
    explicit Patience(MultiplexedConnection& self) : self(self) {}
    void OnTimer() override { self.OnPatienceEnd(); }
    MultiplexedConnection& self;
  };

  // A crowd that came before the peer had said how much it takes would be refused.
  std::uint32_t MostPlaces() const { return unsettled() ? 1 : codec_.max_streams(); }
  void TakePlace();
  void FreePlace();
  void BeIdle();
  void BeBusy();
  void End();
  void OnPatienceEnd();
  void GiveUp();

  Task<void> ReadFrames();
  bool IsOver() const;
  void Lose();
  std::string_view WhyLost() const;
  void Write();
  Task<void> FinishWrite(Task<Status> writing);
  void OnWriteFailure();
  void OnWritten(const Status& status);
  Task<void> WaitForLastWord();

  // ClientConnection::Events.
  void OnGoaway() override { Retire(); }
  void OnSettings() override;
  void OnPong() override {}

  EndpointPool& pool_;
  io::Reactor& reactor_;
  std::unique_ptr<io::Stream> stream_;
  const std::string_view scheme_;
  Lease slot_;
  const TimePoint expires_;
  const TimePoint settle_until_;  // then the peer must have said what it takes
  const Duration idle_timeout_;
  const Duration write_timeout_;
  Cancellation& life_;
  http::h2::ClientConnection codec_;
  http::h2::Output output_;
  Cancellation reading_;
  Cancellation writes_;
  IntrusiveList<MultiplexedStream> streams_;
  std::uint32_t places_ = 0;  // given, streams included
  std::uint64_t received_ = 0;
  TimePoint last_received_;
  io::WaitQueue changed_;  // Run waits here
  Writer writer_{*this};
  Patience patience_{*this};
  bool writing_ = false;  // a write waits for the peer
  bool retired_ = false;  // takes no new streams
  bool lost_ = false;     // nothing comes any more
  bool broken_ = false;   // nothing can be written any more
  bool counted_ = false;  // as an idle one
  bool asked_ = false;    // whether the peer is there; nothing came since
  bool silent_ = false;   // it did not say so
};

// A place for one stream on a connection; gives it back when it goes.
class StreamPlace {
 public:
  StreamPlace() = default;
  // REQUIRES: HasRoom().
  explicit StreamPlace(MultiplexedConnection& connection) : connection_(&connection) { connection.TakePlace(); }
  StreamPlace(StreamPlace&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  StreamPlace& operator=(StreamPlace&& other) noexcept {
    Release();
    connection_ = std::exchange(other.connection_, nullptr);
    return *this;
  }
  ~StreamPlace() { Release(); }

  bool ok() const { return connection_ != nullptr; }
  MultiplexedConnection* operator->() const { return connection_; }
  MultiplexedConnection& operator*() const { return *connection_; }
  void Release() {
    if (connection_ != nullptr) std::exchange(connection_, nullptr)->FreePlace();
  }

 private:
  MultiplexedConnection* connection_ = nullptr;
};

}  // namespace penstock::upstream
