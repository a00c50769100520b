#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "dataplane/downstream/connection.h"
#include "dataplane/downstream/h1_body.h"
#include "dataplane/downstream/h1_output.h"
#include "dataplane/http/h1/head_parser.h"
#include "dataplane/proxy/server_stream.h"

namespace penstock::downstream {

// One client connection that speaks HTTP/1: reads a head, has the request handled, and again, one request at a time
// (pipelined bytes wait in `input_`). Holds no block and no Exchange while it is idle.
class H1Session final : public Session, public proxy::ServerStream, private io::Stream::Watcher, private Continuer {
 public:
  // What is read off and thrown away so that a connection can go on, or so that the last response is not lost to a
  // reset.
  static constexpr uint64_t kMaxDrain = 64 << 10;
  static constexpr Duration kDrainTime = std::chrono::seconds(5);
  static constexpr Duration kLingerTime = std::chrono::seconds(2);

  // CONNECTION outlives it.
  explicit H1Session(Connection& connection);
  ~H1Session() override;

  // Serves the connection until it ends, or must be closed.
  Task<void> Serve();

  // Answers end the connection from now on; an idle one is closed after Downstream::kIdleInDrain.
  void OnDrain() override;

  // ServerStream.
  Exchange& exchange() override { return *exchange_; }
  proxy::Place& place() override { return connection_.place(); }
  std::string_view scheme() const override { return connection_.scheme(); }
  void Apply(const snapshot::ClientSettings& settings) override;
  void AllowRareContent() override {}
  Task<Status> WriteInformational(const http::ResponseHead& head) override { return output_.Informational(head); }
  Status StartResponse(bool close) override;
  void WithdrawResponse() override { output_.Withdraw(); }
  Task<Status> Write(Chunk chunk) override { return output_.Write(std::move(chunk)); }
  Task<Status> Flush() override { return output_.Flush(); }
  Task<Status> End(const http::Headers* trailers) override {
    return output_.End(accepts_trailers_ ? trailers : nullptr);
  }
  void Abort() override;
  bool gone() const override { return gone_ || stream_.gone(); }

 private:
  // The patience with a client before and between requests.
  struct IdleTimer final : io::Timer {
    explicit IdleTimer(H1Session& self) : self(self) {}
    void OnTimer() override { self.OnDrainTimer(); }
    H1Session& self;
  };

  enum class Next : uint8_t { kRequest, kClose };

  Task<Next> ReadRequest();
  Task<Next> ReadHead();
  Task<Next> ReadRestOfHead();
  Task<bool> ReadMoreOfHead();
  void BeginExchange();
  void FollowGeneration();
  http::h1::Progress ParseHead();
  void MoveHead();
  void Refuse(Reason reason, std::string_view detail);
  Task<bool> FinishRequest();
  Task<bool> DrainAndForget();
  bool Forget(bool usable);
  Task<bool> DrainContent();
  void BeginTunnel();
  bool MayDrain() const;
  bool LastRequest() const;
  void OnDrainTimer();

  // Stream::Watcher: nothing is read while a response is being made, so this is how a client that left is noticed.
  void OnReadable() override {}
  void OnGone() override;
  // Continuer.
  Task<Status> SendContinue() override { return output_.Continue(); }

  Connection& connection_;
  Downstream& downstream_;
  io::Stream& stream_;

  Cancellation idle_;                    // waiting for a request
  std::optional<Cancellation> request_;  // the request at hand
  IdleTimer drain_timer_{*this};
  TimePoint idle_deadline_;  // for the first byte of the next request
  TimePoint head_deadline_;
  uint32_t requests_ = 0;
  uint32_t max_requests_ = 0;

  Chunk input_;  // read, but not taken
  Chunk head_;   // of the request at hand
  http::h1::RequestParser parser_;
  ExchangePool::Lease exchange_;
  H1Body body_;
  H1Output output_;
  snapshot::ClientSettings defaults_;  // of the place, until a request's host names its listener
  uint64_t defaults_serial_ = 0;       // of the generation that they are from (Proxy::serial); 0: none

  bool waiting_ = true;  // for the first byte of a request
  bool close_ = false;   // after the response at hand
  bool aborted_ = false;
  bool linger_ = false;  // the client may still be sending: end gently
  bool gone_ = false;
  bool accepts_trailers_ = false;
};

}  // namespace penstock::downstream
