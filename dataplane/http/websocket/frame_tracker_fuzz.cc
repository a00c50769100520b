// Where frames end does not depend on how the bytes were split, and is what a reader of whole frames finds.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "dataplane/http/websocket/frame_tracker.h"

namespace {

using penstock::http::websocket::FrameTracker;

uint8_t At(std::string_view bytes, size_t i) { return static_cast<uint8_t>(bytes[i]); }

// The frame at the front of BYTES: its length; nullopt if it is not whole.
std::optional<uint64_t> FrameLength(std::string_view bytes) {
  if (bytes.size() < 2) return std::nullopt;
  uint64_t length = At(bytes, 1) & 127;
  uint64_t head = 2;
  if (length == 126) {
    if (bytes.size() < 4) return std::nullopt;
    length = static_cast<uint64_t>(At(bytes, 2)) << 8 | At(bytes, 3);
    head = 4;
  } else if (length == 127) {
    if (bytes.size() < 10) return std::nullopt;
    length = 0;
    for (size_t i = 2; i < 10; ++i) length = length << 8 | At(bytes, i);
    head = 10;
  }
  if (At(bytes, 1) & 128) head += 4;
  if (bytes.size() < head || bytes.size() - head < length) return std::nullopt;
  return head + length;
}

bool MayClose(std::string_view bytes) {
  while (!bytes.empty()) {
    std::optional<uint64_t> length = FrameLength(bytes);
    if (!length.has_value() || (At(bytes, 0) & 15) == 8) return false;
    bytes.remove_prefix(static_cast<size_t>(*length));
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  size_t piece = data[0] % 16 + 1;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  FrameTracker tracker;
  for (size_t at = 0; at < bytes.size(); at += piece) tracker.Feed(bytes.substr(at, piece));
  if (tracker.MayClose() != MayClose(bytes)) std::abort();
  return 0;
}
