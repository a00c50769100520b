#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/base/chunk.h"
#include "dataplane/http/h2/error.h"

// What both sides of a connection ask of the protocol library.
namespace penstock::http::h2::library {

inline constexpr int kMaxContinuations = 8;        // per header block
inline constexpr size_t kMaxPending = 1000;        // frames that wait to be sent, content not counted
inline constexpr size_t kMaxPendingAnswers = 100;  // to PING and SETTINGS, of these
inline constexpr size_t kMaxOutput = 128 << 10;    // of one Send(), but for one frame

struct Deleter {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  void operator()(nghttp2_session_callbacks* callbacks) const { nghttp2_session_callbacks_del(callbacks); }
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};
using Session = std::unique_ptr<nghttp2_session, Deleter>;
using Callbacks = std::unique_ptr<nghttp2_session_callbacks, Deleter>;
using Option = std::unique_ptr<nghttp2_option, Deleter>;

// Windows open as content is used; messages, resets and floods are judged by us.
Option MakeOption();

// What the other side is told about an error of the library.
ErrorCode CodeOf(ssize_t library_error);

// A last GOAWAY, made by hand: after a failure in the middle of something the library is not asked any more.
class LastWord {
 public:
  LastWord(int32_t last_stream, ErrorCode code);
  std::string_view bytes() const { return {frame_, sizeof(frame_)}; }

 private:
  char frame_[17];
};

// Writes VALUE over the four bytes of FRAME at AT.
void SetNumber(std::string& frame, size_t at, uint32_t value);

// BYTES, which are a part of INPUT: shared with it, or copied where they would hold much more than they are.
Chunk Slice(BlockPool& blocks, const Chunk& input, std::string_view bytes);

inline std::string_view View(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }
inline bool Ends(const nghttp2_frame& frame) { return frame.hd.flags & NGHTTP2_FLAG_END_STREAM; }

}  // namespace penstock::http::h2::library
