#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::http::h2 {

enum class FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kRstStream = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoaway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,  // everything above is an extension
};

enum FrameFlag : uint8_t { kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8, kPriorityFlag = 32 };

struct FrameHeader {
  static constexpr size_t kSize = 9;

  uint32_t length = 0;
  FrameType type{};
  uint8_t flags = 0;
  uint32_t stream = 0;

  bool Has(FrameFlag flag) const { return flags & flag; }
};

// Finds the header of every frame in a connection's bytes, however they are split: what is counted here is counted for
// every frame, also for those that the protocol library drops without a word. Looks at no payload but that of SETTINGS.
class FrameScanner {
 public:
  // SKIP: bytes before the first frame (a client's preface).
  explicit FrameScanner(size_t skip) : payload_(skip) {}

  // Calls ON_FRAME(header, before) for every frame whose header is complete within BYTES, of which BEFORE come before
  // it; and ON_SETTINGS(bytes) for what comes of the payload of SETTINGS. They return false to stop: then nothing
  // behind that is looked at, and Scan returns false.
  template <typename OnFrame, typename OnSettings>
  bool Scan(std::string_view bytes, OnFrame on_frame, OnSettings on_settings);

  // The last frame is complete, and nothing of the next one is there.
  bool between_frames() const { return payload_ == 0 && have_ == 0; }

 private:
  static FrameHeader Parse(const char* p) {
    auto byte = [p](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(p[i])); };
    return {.length = byte(0) << 16 | byte(1) << 8 | byte(2),
            .type = static_cast<FrameType>(byte(3)),
            .flags = static_cast<uint8_t>(byte(4)),
            .stream = (byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8)) & 0x7FFF'FFFF};
  }

  size_t payload_;         // still to come of what is skipped
  bool settings_ = false;  // it is SETTINGS' own
  size_t have_ = 0;
  char header_[FrameHeader::kSize];
};

template <typename OnFrame, typename OnSettings>
bool FrameScanner::Scan(std::string_view bytes, OnFrame on_frame, OnSettings on_settings) {
  const char* begin = bytes.data();
  while (!bytes.empty()) {
    size_t skip = std::min(payload_, bytes.size());
    if (settings_ && !on_settings(bytes.substr(0, skip))) return false;
    payload_ -= skip;
    bytes.remove_prefix(skip);
    size_t before = static_cast<size_t>(bytes.data() - begin);
    size_t take = std::min(FrameHeader::kSize - have_, bytes.size());
    std::copy_n(bytes.data(), take, header_ + have_);
    have_ += take;
    bytes.remove_prefix(take);
    if (have_ < FrameHeader::kSize) return true;
    FrameHeader header = Parse(header_);
    have_ = 0;
    payload_ = header.length;
    settings_ = header.type == FrameType::kSettings;
    if (!on_frame(header, before)) return false;
  }
  return true;
}

}  // namespace penstock::http::h2
