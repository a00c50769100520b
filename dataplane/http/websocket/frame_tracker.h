#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::http::websocket {

// Follows one direction of a WebSocket far enough to know where a frame begins (RFC 6455 5.2), so that a proxy may put
// its own Close behind a whole one. Reads frame heads and counts over what they carry. The protocol is the two ends'
// business: nothing is checked, and what makes no sense only means that there is no boundary any more.
class FrameTracker {
 public:
  // The next bytes, in pieces of any size.
  void Feed(std::string_view bytes);

  // What was fed is whole frames, none of them a Close: a control frame may follow, also amid a fragmented message
  // (5.4).
  bool MayClose() const { return left_ == 0 && head_size_ == 0 && !closed_; }

 private:
  static constexpr size_t kMaxHead = 14;

  size_t HeadWanted() const;
  void TakeHead();

  std::array<uint8_t, kMaxHead> head_;
  size_t head_size_ = 0;  // bytes of the head at hand; 0: none is
  uint64_t left_ = 0;     // of the frame whose head has passed
  bool closed_ = false;
};

// A Close with 1001 (going away), whole: from a server; from a client, whose frames are masked (5.3), with KEY.
inline constexpr std::string_view kServerGoesAway = "\x88\x02\x03\xe9";
std::array<char, 8> ClientGoesAway(uint32_t key);

}  // namespace penstock::http::websocket
