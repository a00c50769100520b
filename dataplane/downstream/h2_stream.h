#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/intrusive_list.h"
#include "dataplane/downstream/h2_body.h"
#include "dataplane/downstream/min_rate.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/http/h2/request_stream.h"
#include "dataplane/http/h2/server_connection.h"
#include "dataplane/io/reactor/waiter.h"
#include "dataplane/proxy/server_stream.h"

namespace penstock::downstream {

class Connection;

// One request of a connection that speaks HTTP/2, and its response. Made and owned by the session, worker thread.
//
// How it ends: a response that is complete before its request is followed by RST_STREAM NO_ERROR, one to a malformed
// request by PROTOCOL_ERROR instead of its end; a response that breaks off is INTERNAL_ERROR, or CANCEL where the
// client was too slow to take it. A tunnel (RFC 8441: a response of 200 to an extended CONNECT) ends its side by
// END_STREAM, and is broken off by CANCEL.
class H2Stream final : public ListNode,
                       public proxy::ServerStream,
                       public http::h2::RequestStream,
                       private H2Body::Source {
 public:
  // What it needs of its session.
  class Owner {
   public:
    virtual http::h2::ServerConnection& codec() = 0;
    // Sends what is pending at the end of the turn.
    virtual void SendSoon() = 0;
    // The connection is of no use for more requests.
    virtual void EndSoon() = 0;
    // The stream's response is in the output at hand: call OnWritten when the client's kernel has it.
    virtual void OnResponseEnds() = 0;

   protected:
    ~Owner() = default;
  };

  // Write() waits where so much content of a response is unsent, and more is to come: with the chunk behind it, a
  // client whose window is closed makes us hold about 64 KiB.
  static constexpr size_t kMaxUnsent = 4 << 10;
  // How long the last bytes of a tunnel that ends from here may take.
  static constexpr Duration kFarewellTime = std::chrono::seconds(1);

  // Begins an exchange. All outlive it.
  H2Stream(Owner& owner, Connection& connection, const snapshot::ClientSettings& defaults);
  ~H2Stream() override;

  // The head is complete, or refused: it can be handled.
  bool ready() const { return head_done_; }
  // From now on HandleRequest has it.
  void OnHandled() { handled_ = true; }
  // The output with the end of the response was given to the kernel.
  void OnWritten();
  // The connection is over: nothing can be delivered any more.
  void OnLost();
  // HandleRequest is done with it: resets what is not complete, and gives back the connection's window.
  void Finish();

  // proxy::ServerStream.
  Exchange& exchange() override { return *exchange_; }
  proxy::Place& place() override;
  std::string_view scheme() const override;
  void Apply(const snapshot::ClientSettings& settings) override;
  void AllowRareContent() override { body_.AllowRareContent(); }
  Task<Status> WriteInformational(const http::ResponseHead& head) override;
  // CLOSE: only where the client must connect anew; where a request ends is never in doubt here.
  Status StartResponse(bool close) override;
  void WithdrawResponse() override { staged_ = false; }
  Task<Status> Write(Chunk chunk) override;
  Task<Status> Flush() override;
  Task<Status> End(const http::Headers* trailers) override;
  void Abort() override;
  bool gone() const override { return gone_; }

 private:
  // http::h2::RequestStream.
  http::RequestHead& Head() override { return exchange_->request; }
  http::Headers& Trailers() override;
  Arena& Text() override { return exchange_->arena; }
  void OnHead(http::h2::Error error) override;
  void OnContent(Chunk content) override;
  void OnEnd(bool trailers) override;
  void OnMalformed(http::h2::Error error) override;
  void OnReset(http::h2::ErrorCode code) override;
  void OnTaken() override;
  void OnSent() override;
  // H2Body::Source.
  void OnUsed(size_t bytes) override;
  Task<Status> SendContinue() override;

  void Refuse(Reason reason, std::string_view detail);
  void BeginTunnel();
  void SendStaged();
  Task<Status> WaitUntilTaken();
  Task<Status> WaitUntilWritten();
  Wait WaitNow() const;
  bool SaysFarewell() const;

  Owner& owner_;
  Connection& connection_;
  io::Reactor& reactor_;
  Cancellation request_;
  H2Body body_;
  ExchangePool::Lease exchange_;
  http::Headers* trailers_ = nullptr;  // of the request, the exchange's: checked, and dropped

  // Of the response.
  http::Framing framing_;
  uint64_t left_ = 0;  // of kLength
  Duration idle_ = kNoDeadline.time_since_epoch();
  MinRate rate_;
  io::WaitQueue writer_;

  bool head_done_ = false;
  bool handled_ = false;    // HandleRequest has it
  bool malformed_ = false;  // the request is
  bool connect_ = false;    // it is an extended CONNECT
  bool tunnel_ = false;     // and was granted
  bool staged_ = false;     // the response's head waits for what comes behind it
  bool started_ = false;    // it was given to the codec
  bool ended_ = false;      // and its end with it
  bool sent_all_ = false;   // all of the response is in an output
  bool written_ = false;    // and with the kernel
  bool gone_ = false;
};

}  // namespace penstock::downstream
