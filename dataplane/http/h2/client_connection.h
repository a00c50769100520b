#pragma once

#include <cstdint>
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
#include "dataplane/http/h2/response_head_reader.h"
#include "dataplane/http/h2/response_stream.h"

namespace penstock::http::h2 {

// What a server may do.
struct ClientLimits {
  uint32_t max_concurrent_streams = 100;  // or fewer if the server says so
  uint32_t stream_window_bytes = 64 << 10;
  uint32_t connection_window_bytes = 1 << 20;
  uint32_t glitch_budget = 200;
  uint32_t glitch_refill = 20;  // per second
  h1::HeadLimits head{};        // of responses and their trailers
};

// The client's side of one HTTP/2 connection (RFC 9113), without a socket: is given the bytes that were received, and
// gives events and the bytes to send. The protocol library does frames, compression and windows; what a message may
// hold, and what a server may cost, is decided here. Nothing is pushed. One thread.
class ClientConnection {
 public:
  class Events {
   public:
    // No more requests can begin here: the server said GOAWAY, or has cost too much. Those that run may still end well.
    virtual void OnGoaway() = 0;
    // max_streams() may have changed.
    virtual void OnSettings() = 0;
    // The answer to Ping().
    virtual void OnPong() = 0;

   protected:
    ~Events() = default;
  };

  static constexpr int kMaxInformational = 8;        // heads before the final one
  static constexpr uint32_t kAnswersPerData = 10;    // WINDOW_UPDATE and PING frames for each DATA frame that was sent
  static constexpr uint32_t kLeftoversPerReset = 3;  // frames of a stream that we have reset
  static constexpr int32_t kLastStream = INT32_MAX - 1;  // of a connection; then it needs a successor

  // All outlive it. The preface waits to be sent.
  ClientConnection(Events& events, const Clock& clock, BlockPool& blocks, const ClientLimits& limits);
  ClientConnection(const ClientConnection&) = delete;
  ~ClientConnection();

  // Takes the next bytes. No effect after a failure.
  void Receive(Chunk bytes);
  // Adds to OUT what waits to be sent, up to about library::kMaxOutput. Call again while wants_to_send().
  void Send(Output& out);
  bool wants_to_send() const;

  // Nothing more is to be read or sent: close. After a failure that is so once GOAWAY was given to Send's output.
  bool finished() const;
  // Why the connection failed; kNoError if it did not, or not yet. Its streams hear nothing of that.
  ErrorCode failure() const { return failure_; }

  // The server has said what it takes.
  bool has_settings() const { return had_settings_; }
  // How many streams may run at a time.
  uint32_t max_streams() const;
  bool going_away() const { return going_away_; }

  // --- Requests. No effect on a stream that is closed.

  // Begins a request; END: no content and no trailers follow. False if the head holds a byte that no head may hold, or
  // the connection is at its end; nothing was sent then, and STREAM was not begun. REQUIRES: !going_away().
  bool Begin(ResponseStream& stream, const RequestHead& head, std::string_view scheme, bool end);
  void SendContent(ResponseStream& stream, Chunk content);
  // No more content. TRAILERS live until sent() or Forget; nullptr: none.
  void EndContent(ResponseStream& stream, const Headers* trailers);
  void Reset(ResponseStream& stream, ErrorCode code);

  // BYTES of the response's content were used: the server may send so many more.
  void Consume(ResponseStream& stream, size_t bytes);
  // The stream's object goes away: no more events. REQUIRES: closed(), or Reset() was called.
  void Forget(ResponseStream& stream);

  // --- The connection.

  // The last word to the server is GOAWAY; nothing begins any more.
  void Shutdown();
  void Ping();
  // Ends the connection: the last word is GOAWAY with CODE.
  void Fail(ErrorCode code);

 private:
  struct Callbacks;  // what the library calls
  friend struct Callbacks;

  static library::Callbacks MakeCallbacks();
  static nghttp2_data_provider ContentProvider();
  static bool IsOpen(const ResponseStream& stream) { return !stream.closed_ && !stream.reset_; }

  bool Account(const FrameHeader& frame);
  bool Keeps(ErrorCode wrong);
  bool IsUseless(const FrameHeader& frame);
  bool TakeAnswer();
  bool Charge();
  void AllowAnswers(uint32_t count);
  void AllowLeftovers(uint32_t count);
  void GoAway();

  void OnBeginBlock(const nghttp2_frame& frame);
  bool OnField(std::string_view name, std::string_view value);
  void OnBlock(const nghttp2_frame& frame);
  void OnResponseHead(ResponseStream& stream, bool end);
  void OnData(int32_t id, std::string_view bytes);
  bool TakeContent(ResponseStream& stream, std::string_view bytes);
  bool OnFrame(const nghttp2_frame& frame);
  void OnFrameSent(const nghttp2_frame& frame);
  void OnClosed(int32_t id, ErrorCode code);
  ssize_t OfferContent(int32_t id, size_t most, uint32_t& flags);
  int WriteContent(int32_t id, std::string_view frame_header, size_t size);
  void OfferTrailers(ResponseStream& stream, uint32_t& flags);

  void EndResponse(ResponseStream& stream, bool trailers);
  void Malformed(ResponseStream& stream, Error error);
  void Resume(ResponseStream& stream);
  ResponseStream* Find(int32_t id) const;

  Events& events_;
  const Clock& clock_;
  BlockPool& blocks_;
  const ClientLimits limits_;
  library::Session session_;

  FrameScanner scanner_{0};
  FrameRules rules_;
  GlitchBudget budget_;
  uint32_t answers_left_ = 2 * kAnswersPerData;  // to what we send
  uint32_t leftovers_ = 0;                       // frames for streams that are no more
  uint32_t pings_ = 0;                           // of ours that are not answered
  bool had_settings_ = false;

  Chunk input_;                        // in Receive
  ResponseStream* reading_ = nullptr;  // whose header block is read; nullptr: nobody's
  bool reading_trailers_ = false;
  ResponseHeadReader head_reader_;
  TrailerReader trailer_reader_;
  int continuations_ = 0;
  size_t block_bytes_ = 0;    // decoded
  size_t block_charged_ = 0;  // of these

  Output* output_ = nullptr;  // in Send
  FieldList fields_;
  bool going_away_ = false;
  bool shut_down_ = false;
  int own_goaways_ = 0;  // that wait to be sent; every other one is the library's, about an error
  bool failed_ = false;
  bool last_word_ = false;  // was written
  ErrorCode failure_ = ErrorCode::kNoError;
};

}  // namespace penstock::http::h2
