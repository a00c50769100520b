#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "dataplane/base/chunk.h"
#include "dataplane/downstream/min_rate.h"
#include "dataplane/http/h1/chunked.h"
#include "dataplane/http/message.h"
#include "dataplane/io/net/stream.h"

namespace penstock::downstream {

// The response side of an HTTP/1 connection: head, framing and content are staged and leave together, in one system
// call where the socket takes it. Never writes more or less content than the head promised. One response at a time.
class H1Output {
 public:
  H1Output(io::Stream& stream) : stream_(stream) {}

  void Begin(Cancellation& cancellation);
  // After how long without progress, and below which rate, the client is given up.
  void SetPatience(Duration idle, const MinRate& rate) {
    idle_ = idle;
    rate_ = rate;
  }

  // Stages the head. Changes HEAD's framing to what the client understands; CLOSE becomes true where only the end of
  // the connection can end the content. kInternal: the head is not valid, nothing is staged.
  Status Start(http::ResponseHead& head, http::Method method, http::Version client, bool& close);
  // Takes a head back that was only staged. REQUIRES: Start was the last call.
  void Withdraw();
  // Stages content; sends if kMaxStaged is reached.
  Task<Status> Write(Chunk chunk);
  Task<Status> Flush();
  // TRAILERS are sent if the content is chunked; nullptr: none. Ends this side of a tunnel, while the client's goes on.
  Task<Status> End(const http::Headers* trailers);
  // Sends an informational response at once; nothing once the final one has started.
  Task<Status> Informational(const http::ResponseHead& head);
  Task<Status> Continue();

  bool started() const { return started_; }  // the final head is staged or sent
  bool ended() const { return ended_; }      // all of the response is given to the kernel
  // Only the end of the connection ends the content.
  bool until_close() const {
    return framing_.kind == http::Framing::Kind::kUntilClose || framing_.kind == http::Framing::Kind::kTunnel;
  }
  void Drop() { Clear(); }

 private:
  static constexpr size_t kMaxChunks = 8;
  static constexpr size_t kMaxStaged = 64 << 10;
  // Content up to this size is copied behind the head, which is cheaper than a second piece for the kernel.
  static constexpr size_t kMaxCopied = 2 << 10;

  void Stage(std::string_view piece) { pieces_[piece_count_++] = piece; }
  void Keep(Chunk chunk);
  Task<Status> WaitFor(Task<Status> writing, TimePoint began);
  void StageLast(const http::Headers* trailers);
  Task<Status> EndLater(Task<Status> flushing);
  Task<Status> EndTunnel();
  Wait WaitNow() const;
  void Clear();

  io::Stream& stream_;
  Cancellation* cancellation_ = nullptr;
  Duration idle_ = kNoDeadline.time_since_epoch();
  MinRate rate_;

  http::Framing framing_;
  uint64_t left_ = 0;  // of kLength
  bool copy_ = false;  // the head's block has room for all of the content
  bool started_ = false;
  bool writing_ = false;  // a write waits for the client
  bool ended_ = false;

  // Per chunk: its size line, its bytes, the line end; then the last chunk.
  std::array<std::string_view, kMaxChunks * 3 + 2> pieces_;
  size_t piece_count_ = 0;
  size_t staged_bytes_ = 0;
  std::array<Chunk, kMaxChunks> chunks_;
  std::array<std::array<char, http::h1::kMaxChunkHead>, kMaxChunks> size_lines_;
  size_t chunk_count_ = 0;
};

}  // namespace penstock::downstream
