#include "dataplane/http/h1/chunked.h"

#include <algorithm>

#include "dataplane/base/ascii.h"
#include "dataplane/base/byte_scan.h"

namespace penstock::http::h1 {

ChunkedDecoder::Step ChunkedDecoder::Next(std::string_view input) {
  size_t i = 0;
  while (i < input.size()) {
    char c = input[i];
    switch (state_) {
      case State::kSize:
        if (!TakeSizeByte(c)) return Fail(error_, i);
        ++i;
        break;
      case State::kExtension:
        if (!TakeExtensionByte(c)) return Fail(error_, i);
        ++i;
        break;
      case State::kSizeLf:
        if (c != '\n') return Fail(Error::kChunk, i);
        ++i;
        state_ = left_ == 0 ? State::kTrailers : State::kData;
        break;
      case State::kData: {
        size_t run = static_cast<size_t>(std::min<uint64_t>(left_, input.size() - i));
        left_ -= run;
        if (left_ == 0) state_ = State::kDataCr;
        return {Progress::kNeedMore, i + run, input.substr(i, run)};
      }
      case State::kDataCr:
        if (c != '\r') return Fail(Error::kChunk, i);
        ++i;
        state_ = State::kDataLf;
        break;
      case State::kDataLf:
        if (c != '\n') return Fail(Error::kChunk, i);
        ++i;
        state_ = State::kSize;
        has_digit_ = false;
        line_bytes_ = 0;
        break;
      case State::kTrailers:
        return TakeTrailers(input.substr(i), i);
      case State::kDone:
        return {Progress::kDone, i, {}};
    }
  }
  return {state_ == State::kDone ? Progress::kDone : Progress::kNeedMore, i, {}};
}

void ChunkedDecoder::Reset(const HeadLimits& limits) {
  limits_ = limits;
  fields_ = FieldParser(limits, FieldParser::Underscores::kAllow);
  state_ = State::kSize;
  error_ = Error::kNone;
  has_digit_ = false;
  line_bytes_ = extension_bytes_ = 0;
  left_ = 0;
  trailer_text_.clear();
  trailers_.reset();
}

bool ChunkedDecoder::TakeSizeByte(char c) {
  error_ = Error::kChunk;
  if (++line_bytes_ > kMaxSizeLine) return false;
  int digit = HexValue(c);
  if (digit >= 0) {
    if (left_ > UINT64_MAX >> 4) {
      error_ = Error::kChunkTooLarge;
      return false;
    }
    left_ = left_ << 4 | static_cast<uint64_t>(digit);
    has_digit_ = true;
    return true;
  }
  if (!has_digit_) return false;
  if (c == '\r') state_ = State::kSizeLf;
  if (c == ';') state_ = State::kExtension;
  return c == '\r' || c == ';';
}

bool ChunkedDecoder::TakeExtensionByte(char c) {
  if (c == '\r') {
    state_ = State::kSizeLf;
    return true;
  }
  error_ = Error::kChunkExtension;
  if (++line_bytes_ > kMaxSizeLine || ++extension_bytes_ > kMaxExtensionBytes) return false;
  error_ = Error::kChunk;
  return !byte_scan::LineControl::IsIn(static_cast<uint8_t>(c));
}

ChunkedDecoder::Step ChunkedDecoder::TakeTrailers(std::string_view input, size_t consumed) {
  // Nearly always there are none: then nothing is copied.
  if (trailer_text_.empty() && input.starts_with("\r\n")) {
    state_ = State::kDone;
    return {Progress::kDone, consumed + 2, {}};
  }
  if (trailers_ == nullptr) trailers_ = std::make_unique<Headers>();
  size_t before = trailer_text_.size();
  size_t taken = std::min(input.size(), size_t{limits_.header_bytes} + 2 - before);
  const char* old = trailer_text_.data();
  trailer_text_.append(input.data(), taken);
  if (old != trailer_text_.data()) {
    fields_.Restart();
    trailers_->Clear();
  }
  Progress progress = fields_.Parse({trailer_text_.data(), trailer_text_.size()}, *trailers_);
  if (progress == Progress::kError) return Fail(Error::kTrailer, consumed);
  if (progress == Progress::kNeedMore) return {progress, consumed + taken, {}};
  state_ = State::kDone;
  if (trailers_->empty()) trailers_.reset();
  return {Progress::kDone, consumed + fields_.consumed() - before, {}};
}

size_t WriteChunkHead(uint64_t size, char* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  int nibbles = (64 - __builtin_clzll(size) + 3) / 4;
  for (int i = nibbles; i-- > 0; size >>= 4) out[i] = kDigits[size & 15];
  out[nibbles] = '\r';
  out[nibbles + 1] = '\n';
  return static_cast<size_t>(nibbles) + 2;
}

}  // namespace penstock::http::h1
