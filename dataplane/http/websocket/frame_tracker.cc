#include "dataplane/http/websocket/frame_tracker.h"

#include <algorithm>

namespace penstock::http::websocket {
namespace {

constexpr uint8_t kOpcode = 0x0F;
constexpr uint8_t kClose = 8;
constexpr uint8_t kMasked = 0x80;
constexpr uint8_t kLength = 0x7F;
constexpr uint8_t kLength16 = 126;
constexpr uint8_t kLength64 = 127;

}  // namespace

void FrameTracker::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (left_ > 0) {
      size_t n = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
      left_ -= n;
      bytes.remove_prefix(n);
      continue;
    }
    head_[head_size_++] = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (head_size_ == HeadWanted()) TakeHead();
  }
}

// As far as the bytes at hand tell: two of them tell all.
size_t FrameTracker::HeadWanted() const {
  if (head_size_ < 2) return 2;
  uint8_t length = head_[1] & kLength;
  size_t more = length == kLength64 ? 8 : length == kLength16 ? 2 : 0;
  return 2 + more + ((head_[1] & kMasked) ? 4 : 0);
}

void FrameTracker::TakeHead() {
  uint8_t length = head_[1] & kLength;
  size_t digits = length == kLength64 ? 8 : length == kLength16 ? 2 : 0;
  left_ = digits == 0 ? length : 0;
  for (size_t i = 0; i < digits; ++i) left_ = left_ << 8 | head_[2 + i];
  closed_ |= (head_[0] & kOpcode) == kClose;
  head_size_ = 0;
}

std::array<char, 8> ClientGoesAway(uint32_t key) {
  std::array<char, 8> frame = {'\x88', '\x82', 0, 0, 0, 0, '\x03', '\xe9'};
  for (size_t i = 0; i < 4; ++i) frame[2 + i] = static_cast<char>(key >> (8 * i));
  for (size_t i = 0; i < 2; ++i) frame[6 + i] ^= frame[2 + i];
  return frame;
}

}  // namespace penstock::http::websocket
