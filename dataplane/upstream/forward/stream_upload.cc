#include "dataplane/upstream/forward/stream_upload.h"

namespace penstock::upstream {

void StreamUpload::Start(ReplayBody& body, Cancellation& on_source_failure) {
  body_ = &body;
  run_.Start(Run(&on_source_failure));
}

Task<bool> StreamUpload::Run(Cancellation* on_source_failure) {
  End end = co_await SendBody();
  end_ = end;
  ended_ = reactor_.Now();
  if (end == End::kSourceFailed) on_source_failure->Cancel();
  co_return true;
}

Task<StreamUpload::End> StreamUpload::SendBody() {
  while (!stop_.cancelled()) {
    StatusOr<Chunk> chunk = co_await body_->Read();
    if (!chunk.ok()) co_return stop_.cancelled() ? End::kStopped : End::kSourceFailed;
    bool last = chunk->empty();
    bytes_ += chunk->size();
    bool counted = framing_.kind == http::Framing::Kind::kLength;
    if (counted && (bytes_ > framing_.length || (last && bytes_ < framing_.length))) co_return End::kSourceFailed;
    cells_.request_bytes.Add(chunk->size());
    if (last) {
      connection_.codec().EndContent(stream_, nullptr);
    } else {
      connection_.codec().SendContent(stream_, *std::move(chunk));
    }
    connection_.SendSoon();
    Status room = co_await WaitForRoom(last);
    if (!room.ok()) co_return End::kStopped;
    if (last) co_return End::kSent;
  }
  co_return End::kStopped;
}

// Room for more, or at the end: until everything was sent.
Task<Status> StreamUpload::WaitForRoom(bool last) {
  while (last ? !stream_.sent() : stream_.unsent() > kMaxUnsent) {
    bool over = stream_.closed() || stream_.end() == StreamReceiver::End::kLost;
    if (over) co_return absl::AbortedError("the upstream wants no more");
    io::Waiter waiter(reactor_, stream_.taken(), Wait{After(reactor_.Now(), idle_timeout_), &stop_});
    io::Woke woke = co_await waiter;
    if (woke != io::Woke::kEvent) co_return io::ToStatus(woke, "the upload");
  }
  bool open = last || !stream_.closed();
  co_return open ? absl::OkStatus() : absl::AbortedError("the upstream wants no more");
}

Task<void> StreamUpload::Stop() {
  if (!run_.running()) co_return;
  stop_.Cancel();
  if (body_->reading()) body_->Cancel();
  co_await run_.Join();
}

}  // namespace penstock::upstream
