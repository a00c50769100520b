#include "dataplane/upstream/forward/request_upload.h"

#include "dataplane/http/h1/chunked.h"
#include "dataplane/http/h1/writer.h"
#include "dataplane/io/reactor/reactor.h"

namespace penstock::upstream {

// A request without content costs no coroutine if the socket takes its head at once, as it nearly always does.
void RequestUpload::Start(Chunk head, ReplayBody* body, Cancellation& on_source_failure) {
  head_ = std::move(head);
  head_piece_ = {head_.view()};
  body_ = body;
  if (body != nullptr) {
    run_.Start(Run(&on_source_failure));
    return;
  }
  Task<Status> write = SendHead();
  if (!write.ready()) {
    run_.Start(FinishHead(std::move(write)));
    return;
  }
  head_sent_ = std::move(write).TakeReady().ok();
  SetEnd(head_sent_ ? End::kSent : End::kWriteFailed);
}

Task<bool> RequestUpload::FinishHead(Task<Status> write) {
  Status sent = co_await std::move(write);
  head_sent_ = sent.ok();
  SetEnd(head_sent_ ? End::kSent : End::kWriteFailed);
  co_return true;
}

Task<bool> RequestUpload::Run(Cancellation* on_source_failure) {
  End end = co_await SendBody();
  SetEnd(end);
  if (end == End::kSourceFailed) on_source_failure->Cancel();
  co_return true;
}

// The head goes out together with the first content if that is at hand, alone if it is not.
Task<RequestUpload::End> RequestUpload::SendBody() {
  while (!stop_.cancelled()) {
    Task<StatusOr<Chunk>> read = body_->Read();
    if (!read.ready() && !head_sent_) {
      Status sent = co_await SendHead();
      if (!sent.ok()) co_return End::kWriteFailed;
      head_sent_ = true;
    }
    StatusOr<Chunk> chunk = co_await std::move(read);
    if (!chunk.ok()) co_return stop_.cancelled() ? End::kWriteFailed : End::kSourceFailed;
    bool last = chunk->empty();
    bytes_ += chunk->size();
    bool counted = framing_.kind == http::Framing::Kind::kLength;
    if (counted && (bytes_ > framing_.length || (last && bytes_ < framing_.length))) co_return End::kSourceFailed;
    Task<Status> send = last ? SendLast() : SendPiece(chunk->view());
    Status sent = co_await std::move(send);
    if (!sent.ok()) co_return End::kWriteFailed;
    head_sent_ = true;
    if (last) co_return End::kSent;
  }
  co_return End::kWriteFailed;
}

Task<Status> RequestUpload::SendHead() { return stream_.Write(head_piece_, wait()); }

Task<Status> RequestUpload::SendPiece(std::string_view data) {
  char size[http::h1::kMaxChunkHead];
  bool chunked = framing_.kind == http::Framing::Kind::kChunked;
  std::size_t digits = chunked ? http::h1::WriteChunkHead(data.size(), size) : 0;
  std::array<std::string_view, 4> pieces = {head_sent_ ? std::string_view() : head_.view(),
                                            std::string_view(size, digits), data,
                                            chunked ? http::h1::kChunkEnd : std::string_view()};
  Status sent = co_await stream_.Write(pieces, wait());
  if (sent.ok()) cells_.request_bytes.Add(data.size());
  co_return sent;
}

Task<Status> RequestUpload::SendLast() {
  bool chunked = framing_.kind == http::Framing::Kind::kChunked;
  std::string_view end = chunked ? http::h1::kLastChunk : std::string_view();
  std::array<std::string_view, 2> pieces = {head_sent_ ? std::string_view() : head_.view(), end};
  Status sent = co_await stream_.Write(pieces, wait());
  co_return sent;
}

void RequestUpload::SetEnd(End end) {
  end_ = end;
  ended_ = stream_.reactor().Now();
  if (end == End::kSent) head_.Reset();
}

Task<void> RequestUpload::Stop() {
  if (!run_.running()) return Task<void>();
  return StopRunning();
}

Task<void> RequestUpload::StopRunning() {
  stop_.Cancel();
  if (body_ != nullptr && body_->reading()) body_->Cancel();
  co_await run_.Join();
}

Wait RequestUpload::wait() { return Wait{After(stream_.reactor().Now(), idle_timeout_), &stop_}; }

}  // namespace penstock::upstream
