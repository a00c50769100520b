#include "dataplane/downstream/h1_output.h"

#include "dataplane/http/h1/writer.h"
#include "dataplane/http/hop_by_hop.h"
#include "dataplane/io/reactor/reactor.h"

namespace penstock::downstream {
namespace {

// A head in a block of its own with room for MORE bytes; empty if it is not valid.
Chunk Serialise(BlockPool& blocks, const http::ResponseHead& head, bool close, size_t more = 0) {
  size_t room = http::h1::HeadSize(head);
  Block* block = blocks.TakeAtLeast(room + more);
  return Chunk::Adopt(block, http::h1::WriteResponseHead(head, close, {block->data(), room}));
}

}  // namespace

void H1Output::Begin(Cancellation& cancellation) {
  Clear();
  cancellation_ = &cancellation;
  framing_ = {};
  left_ = 0;
  started_ = ended_ = false;
}

Status H1Output::Start(http::ResponseHead& head, http::Method method, http::Version client, bool& close) {
  using Kind = http::Framing::Kind;
  bool unbounded = head.framing.kind == Kind::kChunked || head.framing.kind == Kind::kUntilClose;
  if (unbounded) head.framing.kind = client == http::Version::kHttp11 ? Kind::kChunked : Kind::kUntilClose;
  close |= head.framing.kind == Kind::kUntilClose || head.framing.kind == Kind::kTunnel;
  if (writing_) return absl::UnavailableError("the client takes nothing");
  copy_ = head.framing.kind == Kind::kLength && head.framing.length <= kMaxCopied;
  Chunk bytes = Serialise(stream_.reactor().blocks(), head, close, copy_ ? head.framing.length : 0);
  if (bytes.empty()) return absl::InternalError("the response's head holds a byte that no head may hold");
  framing_ = method == http::Method::kHead ? http::Framing() : head.framing;
  left_ = framing_.length;
  started_ = true;
  Stage(bytes.view());
  Keep(std::move(bytes));
  return absl::OkStatus();
}

void H1Output::Withdraw() {
  Clear();
  started_ = false;
}

Task<Status> H1Output::Write(Chunk chunk) {
  if (framing_.kind == http::Framing::Kind::kNone)
    return Status(absl::InternalError("content where there must be none"));
  if (framing_.kind == http::Framing::Kind::kLength) {
    if (chunk.size() > left_) return Status(absl::InternalError("more content than the head promised"));
    left_ -= chunk.size();
    if (copy_ && piece_count_ == 1 && chunk_count_ == 1) {
      chunks_[0].Append(stream_.reactor().blocks(), chunk.view());
      pieces_[0] = chunks_[0].view();
      staged_bytes_ += chunk.size();
      return Status();
    }
    Stage(chunk.view());
  } else if (until_close()) {
    Stage(chunk.view());
  } else {
    char* line = size_lines_[chunk_count_].data();
    Stage({line, http::h1::WriteChunkHead(chunk.size(), line)});
    Stage(chunk.view());
    Stage(http::h1::kChunkEnd);
  }
  Keep(std::move(chunk));
  // One place is left for trailers.
  if (chunk_count_ + 1 < kMaxChunks && staged_bytes_ < kMaxStaged) return Status();
  return Flush();
}

Task<Status> H1Output::Flush() {
  if (piece_count_ == 0) return Status();
  // Only a client that does not even take "100 Continue" gets here while that is still on its way.
  if (writing_) return Status(absl::UnavailableError("the client takes nothing"));
  TimePoint began = stream_.reactor().Now();
  Task<Status> writing = stream_.Write({pieces_.data(), piece_count_}, WaitNow());
  if (!writing.ready()) return WaitFor(std::move(writing), began);
  Status status = std::move(writing).TakeReady();
  rate_.Moved(staged_bytes_, Duration(0));
  Clear();
  return status;
}

Task<Status> H1Output::End(const http::Headers* trailers) {
  if (framing_.kind == http::Framing::Kind::kLength && left_ != 0) {
    return Status(absl::InternalError("less content than the head promised"));
  }
  if (framing_.kind == http::Framing::Kind::kChunked) StageLast(trailers);
  if (framing_.kind == http::Framing::Kind::kTunnel) return EndTunnel();
  Task<Status> flushing = Flush();
  if (!flushing.ready()) return EndLater(std::move(flushing));
  Status status = std::move(flushing).TakeReady();
  ended_ = status.ok();
  return status;
}

void H1Output::StageLast(const http::Headers* trailers) {
  Chunk bytes;
  if (trailers != nullptr) {
    http::Headers clean;
    clean.CopyFrom(*trailers);
    http::StripTrailers(clean);
    size_t room = http::h1::FieldsSize(clean) + 8;
    Block* block = stream_.reactor().blocks().TakeAtLeast(room);
    bytes = Chunk::Adopt(block, http::h1::WriteTrailers(clean, {block->data(), room}));
  }
  if (bytes.empty()) bytes = Chunk::Static(http::h1::kLastChunk);
  Stage(bytes.view());
  Keep(std::move(bytes));
}

Task<Status> H1Output::EndLater(Task<Status> flushing) {
  Status status = co_await std::move(flushing);
  ended_ = status.ok();
  co_return status;
}

Task<Status> H1Output::EndTunnel() {
  Status flushed = co_await Flush();
  if (!flushed.ok()) co_return flushed;
  ended_ = true;
  Status ended = co_await stream_.ShutdownWrite(WaitNow());
  co_return ended;
}

Task<Status> H1Output::Informational(const http::ResponseHead& head) {
  if (started_ || writing_) return Status();
  Chunk bytes = Serialise(stream_.reactor().blocks(), head, false);
  if (bytes.empty()) return Status();
  Stage(bytes.view());
  Keep(std::move(bytes));
  return Flush();
}

Task<Status> H1Output::Continue() {
  if (started_ || writing_) return Status();
  Stage(http::h1::kContinue);
  return Flush();
}

Task<Status> H1Output::WaitFor(Task<Status> writing, TimePoint began) {
  writing_ = true;
  Status status = co_await std::move(writing);
  writing_ = false;
  rate_.Moved(staged_bytes_, stream_.reactor().Now() - began);
  Clear();
  co_return status;
}

Wait H1Output::WaitNow() const {
  TimePoint now = stream_.reactor().Now();
  return Wait{After(now, idle_), cancellation_}.Until(rate_.Deadline(now));
}

void H1Output::Keep(Chunk chunk) {
  staged_bytes_ += chunk.size();
  chunks_[chunk_count_++] = std::move(chunk);
}

void H1Output::Clear() {
  for (size_t i = 0; i < chunk_count_; ++i) chunks_[i].Reset();
  chunk_count_ = piece_count_ = staged_bytes_ = 0;
}

}  // namespace penstock::downstream
