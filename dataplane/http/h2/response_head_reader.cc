#include "dataplane/http/h2/response_head_reader.h"

#include <optional>

#include "dataplane/http/content_length.h"
#include "dataplane/http/h2/field_rules.h"

namespace penstock::http::h2 {

void ResponseHeadReader::Begin(const h1::HeadLimits& limits, ResponseHead& head, Arena& arena) {
  *this = {};
  limits_ = limits;
  head_ = &head;
  arena_ = &arena;
  head.Clear();
  head.version = Version::kHttp2;
}

void ResponseHeadReader::Add(std::string_view name, std::string_view value) {
  if (error_ == Error::kNone) error_ = Check(name, value);
}

Error ResponseHeadReader::Check(std::string_view name, std::string_view value) {
  bytes_ += FieldSize(name, value);
  if (bytes_ > limits_.header_bytes) return Error::kHeadersTooLarge;
  if (name.starts_with(':')) return SetStatus(name, value);
  if (++count_ > limits_.header_count) return Error::kTooManyHeaders;
  HeaderId id = FindHeaderId(name);
  Error error = CheckField(id, name, value, Underscores::kAllow);
  if (error != Error::kNone) return error;
  std::string_view kept = id == HeaderId::kOther ? arena_->Copy(name) : HeaderText(id);
  head_->headers.Append(Field(id, kept, arena_->Copy(value)));
  return Error::kNone;
}

Error ResponseHeadReader::SetStatus(std::string_view name, std::string_view value) {
  if (name != ":status" || !head_->headers.empty()) return Error::kPseudoField;
  if (head_->status != 0 || value.size() != 3 || value[0] < '1' || value[0] > '5') return Error::kStatus;
  int status = 0;
  for (char digit : value) {
    if (digit < '0' || digit > '9') return Error::kStatus;
    status = status * 10 + (digit - '0');
  }
  head_->status = status;
  return Error::kNone;
}

Error ResponseHeadReader::End(Method method, bool end_stream) {
  if (error_ != Error::kNone) return error_;
  if (head_->status == 0) return Error::kStatus;
  // RFC 9113 8.6.
  if (head_->status == 101) return Error::kSwitching;
  if (head_->status < 200) return end_stream ? Error::kInformational : Error::kNone;
  return SetFraming(method, end_stream);
}

// RFC 9110 8.6: what Content-Length says of a response that has no content by its kind frames nothing.
Error ResponseHeadReader::SetFraming(Method method, bool end_stream) {
  const Headers& headers = head_->headers;
  std::optional<uint64_t> length;
  if (headers.Has(HeaderId::kContentLength)) {
    if (headers.HasOne(HeaderId::kContentLength)) length = ParseContentLength(headers.Get(HeaderId::kContentLength));
    if (!length.has_value()) return Error::kContentLength;
  }
  if (head_->status == 204) return Error::kNone;
  if (method == Method::kHead || head_->status == 304) {
    head_->declared_length = length;
    return Error::kNone;
  }
  if (end_stream && length.value_or(0) != 0) return Error::kLengthMismatch;
  if (end_stream || length.has_value()) {
    head_->framing = {Framing::Kind::kLength, length.value_or(0)};
  } else {
    head_->framing.kind = Framing::Kind::kChunked;
  }
  return Error::kNone;
}

}  // namespace penstock::http::h2
