#include "dataplane/http/h2/library.h"

#include <algorithm>

#include "dataplane/base/check.h"
#include "dataplane/http/h2/frame_scanner.h"

namespace penstock::http::h2::library {
namespace {

// A head that is sent was bounded when it came in; this only says that the library needs no limit of its own.
constexpr size_t kMaxSentBlock = 4 << 20;
// Content below this, or below this part of what it came with, is copied, so that little of it does not hold the whole
// block that it was read into.
constexpr size_t kMinShared = 4 << 10;
constexpr size_t kMinPart = 4;

}  // namespace

Option MakeOption() {
  nghttp2_option* option = nullptr;
  PENSTOCK_CHECK(nghttp2_option_new(&option) == 0, "out of memory");
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_http_messaging(option, 1);
  nghttp2_option_set_stream_reset_rate_limit(option, UINT32_MAX, UINT32_MAX);
  // The library counts a CONTINUATION again for every piece that its header came in.
  nghttp2_option_set_max_continuations(option, (kMaxContinuations + 1) * FrameHeader::kSize);
  nghttp2_option_set_max_outbound_ack(option, kMaxPendingAnswers);
  nghttp2_option_set_max_send_header_block_length(option, kMaxSentBlock);
  return Option(option);
}

ErrorCode CodeOf(ssize_t library_error) {
  switch (library_error) {
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
      return ErrorCode::kProtocolError;
    case NGHTTP2_ERR_FLOODED:
    case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
      return ErrorCode::kEnhanceYourCalm;
    default:
      return ErrorCode::kInternalError;
  }
}

LastWord::LastWord(int32_t last_stream, ErrorCode code) : frame_{0, 0, 8, static_cast<char>(FrameType::kGoaway)} {
  for (int i = 0; i < 4; ++i) {
    frame_[FrameHeader::kSize + i] = static_cast<char>(static_cast<uint32_t>(last_stream) >> (24 - 8 * i));
    frame_[FrameHeader::kSize + 4 + i] = static_cast<char>(static_cast<uint32_t>(code) >> (24 - 8 * i));
  }
}

void SetNumber(std::string& frame, size_t at, uint32_t value) {
  for (size_t i = 0; i < sizeof(value); ++i) frame[at + i] = static_cast<char>(value >> (24 - 8 * i));
}

Chunk Slice(BlockPool& blocks, const Chunk& input, std::string_view bytes) {
  if (bytes.size() < std::max(kMinShared, input.size() / kMinPart)) return Chunk::Copy(blocks, bytes);
  Chunk slice = input.Share();
  slice.RemovePrefix(static_cast<size_t>(bytes.data() - input.data()));
  slice.RemoveSuffix(slice.size() - bytes.size());
  return slice;
}

}  // namespace penstock::http::h2::library
