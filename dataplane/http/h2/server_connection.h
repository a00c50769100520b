#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/base/chunk.h"
#include "dataplane/base/clock.h"
#include "dataplane/http/h2/error.h"
#include "dataplane/http/h2/field_list.h"
#include "dataplane/http/h2/frame_rules.h"
#include "dataplane/http/h2/frame_scanner.h"
#include "dataplane/http/h2/glitch_budget.h"
#include "dataplane/http/h2/head_reader.h"
#include "dataplane/http/h2/library.h"
#include "dataplane/http/h2/output.h"
#include "dataplane/http/h2/request_stream.h"
#include "dataplane/http/h2/stream_history.h"

namespace penstock::http::h2 {

// What a client may do. Defaults of SECURITY.
struct ServerLimits {
  uint32_t max_concurrent_streams = 100;
  uint32_t stream_window_bytes = 64 << 10;
  uint32_t connection_window_bytes = 1 << 20;
  uint32_t glitch_budget = 200;
  uint32_t glitch_refill = 20;  // per second
  ExtendedConnect extended_connect = ExtendedConnect::kNotOffered;
  HeadLimits head{};
};

// The server's side of one HTTP/2 connection (RFC 9113), without a socket: is given the bytes that were received, and
// gives events and the bytes to send. The protocol library does frames, compression and windows; what a message may
// hold, and what a client may cost, is decided here. One thread.
class ServerConnection {
 public:
  class Events {
   public:
    // A request begins. nullptr: there is no room for it, it is refused (REFUSED_STREAM) and may be sent again.
    virtual RequestStream* OnRequest() = 0;
    // The client will begin no more requests.
    virtual void OnGoaway() = 0;
    // Every Ping() is answered.
    virtual void OnPong() = 0;

   protected:
    ~Events() = default;
  };

  static constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  // HPACK tables and frames stay at what RFC 9113 begins with: 4 KiB and 16 KiB.
  static constexpr int kMaxContinuations = library::kMaxContinuations;
  static constexpr size_t kMaxPending = library::kMaxPending;
  static constexpr size_t kMaxPendingAnswers = library::kMaxPendingAnswers;
  static constexpr size_t kMaxOutput = library::kMaxOutput;
  static constexpr int kUpdateParts = 8;           // of the connection's window, after which it is opened again
  static constexpr size_t kMaxOversize = 4;        // times the limit of a head: more of it is not even read
  static constexpr uint32_t kUpdatesPerData = 10;  // WINDOW_UPDATE frames for each DATA frame that was sent

  // All outlive it. The server's first frames wait to be sent.
  ServerConnection(Events& events, const Clock& clock, BlockPool& blocks, const ServerLimits& limits);
  ServerConnection(const ServerConnection&) = delete;
  ~ServerConnection();

  // From now on the client may ask for extended CONNECT. What was offered stays so (RFC 8441 3).
  void OfferExtendedConnect();

  // Takes the next bytes, the client's preface first. No effect after a failure.
  void Receive(Chunk bytes);
  // Adds to OUT what waits to be sent, up to about kMaxOutput. Call again while wants_to_send().
  void Send(Output& out);
  bool wants_to_send() const;

  // Nothing more is to be read or sent: close. After a failure that is so once GOAWAY was given to Send's output.
  bool finished() const;
  // Why the connection failed (the client broke the protocol or spent its budget); kNoError if it did not, or not yet.
  ErrorCode failure() const { return failure_; }

  // --- Responses. No effect on a stream that is closed.

  // 103 and the like. Both: false if the head holds a byte that no head may hold; nothing was sent then.
  bool SendInformational(RequestStream& stream, const ResponseHead& head);
  // Could this head be sent?
  bool CanSend(const ResponseHead& head) { return fields_.SetResponse(head); }
  // The final head; END: no content and no trailers follow.
  bool SendHead(RequestStream& stream, const ResponseHead& head, bool end);
  void SendContent(RequestStream& stream, Chunk content);
  // No more content. TRAILERS live until OnSent or Forget; nullptr: none.
  void EndContent(RequestStream& stream, const Headers* trailers);
  // What of the response was not given to Send's output yet is dropped: from OnSent on, it is complete.
  void Reset(RequestStream& stream, ErrorCode code);
  // No more content: resets the stream instead of ending it once everything was sent. REQUIRES: the head did not end
  // it.
  void EndWithReset(RequestStream& stream, ErrorCode code);

  // BYTES of what OnContent gave were used: the client may send so many more.
  void Consume(RequestStream& stream, size_t bytes);
  // The stream's object goes away: no more events. REQUIRES: closed(), or Reset() was called.
  void Forget(RequestStream& stream);

  // --- The connection.

  // "Begin no more requests soon" (RFC 9113 6.8); the ones on their way are still served.
  void AnnounceShutdown();
  // No request that has not begun by now will be served.
  void Shutdown(ErrorCode code);
  bool shut_down() const { return shut_down_; }
  void Ping();

  // Requests that were refused for want of room.
  uint64_t refused() const { return refused_; }
  // The client's preface came with its SETTINGS: it speaks HTTP/2.
  bool greeted() const { return had_settings_; }
  // When the header block that is not complete yet began; kNoDeadline if there is none.
  TimePoint header_block_began() const { return block_began_; }
  // Ends the connection: the last word is GOAWAY with CODE.
  void Fail(ErrorCode code);

 private:
  struct Callbacks;  // what the library calls
  friend struct Callbacks;

  static library::Callbacks MakeCallbacks();
  static nghttp2_data_provider ContentProvider();
  static bool IsOpen(const RequestStream& stream);

  void Give(size_t size);
  bool Account(const FrameHeader& frame, size_t before);
  void AnswerStray(int32_t id, size_t before);
  bool Keeps(ErrorCode wrong);
  bool IsUseless(const FrameHeader& frame);
  void FollowBlock(const FrameHeader& frame);
  bool Charge(uint32_t cost = 1);
  void AllowUpdates(uint32_t count);
  void OpenWindow();

  bool OnBeginFrame(const nghttp2_frame_hd& frame);
  void OnBeginBlock(const nghttp2_frame& frame);
  bool OnField(std::string_view name, std::string_view value);
  void OnBlock(const nghttp2_frame& frame);
  void OnData(int32_t id, std::string_view bytes);
  bool OnFrame(const nghttp2_frame& frame);
  void OnFrameSent(const nghttp2_frame& frame);
  void OnClosed(int32_t id, ErrorCode code);
  ssize_t OfferContent(int32_t id, size_t most, uint32_t& flags);
  int WriteContent(int32_t id, std::string_view frame_header, size_t size);
  void OfferTrailers(RequestStream& stream, uint32_t& flags);

  void WriteSettings();
  void Refuse(int32_t id);
  void EndRequest(RequestStream& stream, bool trailers);
  void Malformed(RequestStream& stream, Error error);
  void Resume(RequestStream& stream);
  RequestStream* Find(int32_t id) const;
  void WriteLastWord(Output& out);

  Events& events_;
  const Clock& clock_;
  BlockPool& blocks_;
  const ServerLimits limits_;
  ExtendedConnect extended_connect_;
  library::Session session_;

  FrameScanner scanner_{kPreface.size()};
  FrameRules rules_;
  GlitchBudget budget_;
  ResetLimit resets_;
  StreamHistory history_;
  std::string first_frame_;  // SETTINGS, until it is sent
  uint64_t streams_ = 0;     // requests so far
  uint64_t refused_ = 0;
  size_t held_ = 0;    // content of requests that was not given back
  uint32_t open_ = 0;  // of these, refused ones included until the client is told
  uint32_t updates_left_ = kUpdatesPerData;
  uint32_t pings_ = 0;  // of ours that are not answered
  bool had_settings_ = false;

  Chunk input_;                       // in Receive
  size_t given_ = 0;                  // of it, to the library
  RequestStream* reading_ = nullptr;  // whose header block is read; nullptr: nobody's
  bool reading_trailers_ = false;
  RequestHeadReader head_reader_;
  TrailerReader trailer_reader_;
  TimePoint block_began_ = kNoDeadline;
  bool block_ends_ = false;  // with the frame at hand
  int continuations_ = 0;
  size_t block_bytes_ = 0;    // decoded
  size_t block_charged_ = 0;  // of these

  Output* output_ = nullptr;  // in Send
  FieldList fields_;
  bool shut_down_ = false;
  int own_goaways_ = 0;          // that wait to be sent; every other one is the library's, about an error
  int32_t last_id_ = INT32_MAX;  // the highest stream that will be served
  bool failed_ = false;
  bool last_word_ = false;  // was written
  ErrorCode failure_ = ErrorCode::kNoError;
};

}  // namespace penstock::http::h2
