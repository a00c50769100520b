#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/exchange/exchange.h"
#include "dataplane/http/h2/chunk_queue.h"
#include "dataplane/io/reactor/waiter.h"
#include "dataplane/upstream/pool/multiplexed_connection.h"

namespace penstock::upstream {

// What has come on one stream and was not used yet: at most the stream's window of content.
class StreamReceiver final : public MultiplexedStream {
 public:
  enum class End : std::uint8_t {
    kNone,
    kComplete,
    kRefused,    // the upstream has not begun to work on the request
    kReset,      // by the upstream
    kMalformed,  // detail() says how
    kLost,       // the connection
  };

  // Heads go into x.response.
  StreamReceiver(Exchange& x, BlockPool& blocks) : x_(x), blocks_(blocks), head_(&x.response) {}

  // Heads before the final one are wanted, but for 100, which this hop makes itself.
  void set_keep_informational(bool keep) { keep_informational_ = keep; }
  // The next informational head; null if there is none.
  const http::ResponseHead* TakeInformational();
  // The final head is there, in x.response once all informational ones were taken.
  bool head_done() const { return head_done_; }
  void ShowFinalHead();

  http::h2::ChunkQueue& content() { return content_; }
  // As it ended; what came before is still in content().
  End end() const { return end_; }
  std::string_view detail() const { return detail_; }
  // The trailer section of a complete response; null if it had none.
  const http::Headers* trailers() const { return has_trailers_ ? trailers_ : nullptr; }

  // Woken when any of the above changes.
  io::WaitQueue& arrived() { return arrived_; }
  // Woken when content of the request was taken, and at the stream's end.
  io::WaitQueue& taken() { return taken_; }

 private:
  http::ResponseHead& Head() override { return *head_; }
  http::Headers& Trailers() override;
  Arena& Text() override { return x_.arena; }
  void OnInformational() override;
  void OnHead() override;
  void OnContent(Chunk content) override;
  void OnEnd(bool trailers) override;
  void OnTaken() override { taken_.WakeAll(); }
  void OnRefused() override { EndAs(End::kRefused, "the upstream refused the stream"); }
  void OnReset(http::h2::ErrorCode code) override;
  void OnMalformed(http::h2::Error error) override { EndAs(End::kMalformed, http::h2::Text(error)); }
  void OnLost(std::string_view why) override;
  void EndAs(End end, std::string_view detail);

  Exchange& x_;
  BlockPool& blocks_;
  bool keep_informational_ = false;
  http::ResponseHead* head_;  // that is read
  bool head_done_ = false;
  std::vector<const http::ResponseHead*> informational_;
  std::size_t next_informational_ = 0;
  http::h2::ChunkQueue content_;
  http::Headers* trailers_ = nullptr;
  bool has_trailers_ = false;
  End end_ = End::kNone;
  std::string_view detail_;
  io::WaitQueue arrived_;
  io::WaitQueue taken_;
};

}  // namespace penstock::upstream
