#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/http/h2/error.h"
#include "dataplane/http/h2/frame_scanner.h"

namespace penstock::http::h2 {

// What RFC 9113 asks of single frames where the protocol library does not look: it skips priorities, of several values
// of a setting it sees the last, it takes CONTINUATION of any size, and it has another word for a frame that is too
// short for its flags. Every failure ends the connection. A value of one connection and direction.
class FrameRules {
 public:
  static constexpr uint32_t kMaxPayload = 16 << 10;  // as long as no SETTINGS of ours say more

  // A frame begins. kNoError: nothing is wrong with it so far.
  ErrorCode Begin(const FrameHeader& frame);
  // The next bytes of the payload of SETTINGS, however they are split.
  ErrorCode TakeSettings(std::string_view payload);

 private:
  std::array<uint8_t, 6> setting_{};
  size_t have_ = 0;  // bytes of it
};

}  // namespace penstock::http::h2
