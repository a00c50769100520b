#include "dataplane/fetch/response_reader.h"

#include <algorithm>

namespace penstock::fetch {
namespace {

using http::Framing;
using http::h1::Progress;

Status Invalid(http::h1::Error error) {
  return absl::DataLossError(StrCat("the answer is not valid HTTP: ", http::h1::Text(error)));
}

std::string SizeText(size_t bytes) {
  constexpr size_t kMebi = 1 << 20;
  constexpr size_t kKibi = 1 << 10;
  if (bytes > 0 && bytes % kMebi == 0) return StrCat(bytes / kMebi, " MiB");
  if (bytes > 0 && bytes % kKibi == 0) return StrCat(bytes / kKibi, " KiB");
  return StrCat(bytes, " bytes");
}

bool IsEncoded(const http::Headers& headers) {
  bool encoded = false;
  for (const http::Field& field : headers) {
    if (field.name() != "content-encoding") continue;
    http::ForEachListItem(field.value(), [&](std::string_view coding) {
      encoded = !http::EqualsLower(coding, "identity");
      return !encoded;
    });
    if (encoded) return true;
  }
  return false;
}

}  // namespace

Status ResponseReader::Take(std::string_view bytes) {
  if (done_) return absl::OkStatus();
  if (head_done_) return ReadContent(bytes);
  received_.append(bytes);
  RETURN_IF_ERROR(ReadHead());
  if (!head_done_) return absl::OkStatus();
  RETURN_IF_ERROR(CheckHead());
  left_ = head_.framing.length;
  return ReadContent(std::string_view(received_).substr(parser_.consumed()));
}

// Informational answers come before the final one (RFC 9110 15.2); 101 is final, and was not asked for.
Status ResponseReader::ReadHead() {
  while (true) {
    Progress progress = parser_.Parse({received_.data(), received_.size()}, http::Method::kGet, head_);
    if (progress == Progress::kError) return Invalid(parser_.error());
    if (progress == Progress::kNeedMore) return absl::OkStatus();
    if (head_.status >= 200 || head_.status == 101) break;
    if (++informational_ > kMaxInformational) return absl::DataLossError("too many informational answers");
    received_.erase(0, parser_.consumed());
    parser_.Reset(http::h1::HeadLimits{});
    head_.Clear();
  }
  head_done_ = true;
  return absl::OkStatus();
}

Status ResponseReader::CheckHead() const {
  bool redirect = head_.status >= 300 && head_.status < 400;
  if (redirect) {
    return absl::FailedPreconditionError(StrCat("answered ", head_.status, "; redirects are not followed"));
  }
  if (head_.status != 200) return absl::FailedPreconditionError(StrCat("answered ", head_.status));
  if (IsEncoded(head_.headers)) return absl::FailedPreconditionError("answered with a content-encoding");
  if (head_.framing.kind == Framing::Kind::kLength && head_.framing.length > max_bytes_) return TooLarge();
  return absl::OkStatus();
}

Status ResponseReader::ReadContent(std::string_view bytes) {
  switch (head_.framing.kind) {
    case Framing::Kind::kChunked:
      return ReadChunks(bytes);
    case Framing::Kind::kUntilClose:
      return Add(bytes);
    case Framing::Kind::kLength:
    case Framing::Kind::kNone:
    case Framing::Kind::kTunnel:
      break;
  }
  bytes = bytes.substr(0, std::min<uint64_t>(left_, bytes.size()));
  left_ -= bytes.size();
  done_ = left_ == 0;
  return Add(bytes);
}

Status ResponseReader::ReadChunks(std::string_view bytes) {
  while (!bytes.empty() && !done_) {
    http::h1::ChunkedDecoder::Step step = chunked_.Next(bytes);
    if (step.progress == Progress::kError) return Invalid(chunked_.error());
    RETURN_IF_ERROR(Add(step.data));
    bytes.remove_prefix(step.consumed);
    done_ = step.progress == Progress::kDone;
  }
  return absl::OkStatus();
}

Status ResponseReader::Add(std::string_view content) {
  if (content.size() > max_bytes_ - content_.size()) return TooLarge();
  content_.append(content);
  return absl::OkStatus();
}

Status ResponseReader::TooLarge() const {
  return absl::ResourceExhaustedError(StrCat("larger than ", SizeText(max_bytes_)));
}

Status ResponseReader::End() {
  if (done_) return absl::OkStatus();
  if (received_.empty()) return absl::DataLossError("closed the connection without an answer");
  if (!head_done_ || head_.framing.kind != Framing::Kind::kUntilClose) {
    return absl::DataLossError("the answer broke off");
  }
  done_ = true;
  return absl::OkStatus();
}

}  // namespace penstock::fetch
