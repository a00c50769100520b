#include "dataplane/upstream/forward/upstream_response.h"

#include <algorithm>
#include <array>

#include "dataplane/base/check.h"
#include "dataplane/http/h1/writer.h"
#include "dataplane/http/hop_by_hop.h"
#include "dataplane/http/upgrade.h"
#include "dataplane/http/websocket/handshake.h"

namespace penstock::upstream {
namespace {

http::h1::HeadLimits LimitsOf(const snapshot::UpstreamSettings& settings) {
  http::h1::HeadLimits limits;
  limits.header_bytes = settings.max_response_header_bytes;
  limits.header_count = settings.max_response_header_count;
  return limits;
}

}  // namespace

UpstreamResponse::UpstreamResponse(Exchange& x, ViewRef view, std::unique_ptr<Connection> connection, bool reused,
                                   Lease request)
    : Try(x, std::move(view), std::move(request)),
      connection_(std::move(connection)),
      reused_(reused),
      stop_(&x.cancellation()),
      upload_(connection_->stream(), x.request.framing, view_->settings().stream_idle_timeout, &x.cancellation(),
              view_->cluster().cells()),
      parser_(LimitsOf(view_->settings())),
      chunked_(LimitsOf(view_->settings())) {
  view_->cluster().cells().requests_active.Add(1);
}

UpstreamResponse::~UpstreamResponse() { Release(); }

Task<TryResult> UpstreamResponse::Run(ReplayBody* body, InformationalSink* informational, TimePoint deadline,
                                      Duration timeout) {
  Chunk head = SerialiseHead();
  if (head.empty()) return TryResult{Reason::kInternalError, TryResult::Sent::kDoNotRepeat};
  upload_.Start(std::move(head), body, stop_);
  if (upload_.unprocessed() && !upload_.source_failed()) {
    return TryResult{Reason::kUpstreamReset, TryResult::Sent::kNothing};
  }
  asked_ = true;
  return ReadHead(informational, {deadline, timeout, x_.firm_deadline});
}

Chunk UpstreamResponse::SerialiseHead() {
  Block* block = view_->cluster().reactor().blocks().TakeAtLeast(http::h1::HeadSize(x_.request));
  std::size_t size = http::h1::WriteRequestHead(x_.request, false, std::span<char>(block->data(), block->capacity));
  return Chunk::Adopt(block, size);
}

// Informational responses come before the final one (RFC 9110 15.2); a 101 to what was asked for is final.
Task<TryResult> UpstreamResponse::ReadHead(InformationalSink* informational, HeadTime time) {
  int informational_seen = 0;
  x_.response.Clear();
  while (true) {
    http::h1::Progress progress = http::h1::Progress::kNeedMore;
    if (!buffer_.empty()) {
      std::span<char> data(buffer_.mutable_data(), buffer_.size());
      progress = parser_.Parse(data, x_.request.method, x_.response);
    }
    if (progress == http::h1::Progress::kNeedMore) {
      Wait wait{WaitForHead(time, Upload(), view_->cluster().reactor().Now()), &stop_};
      StatusOr<Chunk> bytes = co_await connection_->stream().Read(BlockPool::kMedium, wait);
      Status more = TakeMoreOfHead(std::move(bytes), time);
      if (!more.ok()) co_return AfterReadFailure(more);
      continue;
    }
    if (progress == http::h1::Progress::kError) co_return Invalid(http::h1::Text(parser_.error()));
    if (x_.response.status >= 200) break;
    if (x_.response.status == 101) {
      if (!TakeSwitch()) co_return Invalid("a 101 (Switching Protocols) that was not asked for");
      break;
    }
    if (++informational_seen > kMaxInformational) co_return Invalid("too many informational responses");
    if (informational != nullptr && x_.response.status != 100) {
      Status passed = co_await informational->Send(x_.response);
      if (!passed.ok()) co_return TryResult{Reason::kClientGone, TryResult::Sent::kDoNotRepeat};
    }
    buffer_.RemovePrefix(parser_.consumed());
    parser_.Reset(LimitsOf(view_->settings()));
    x_.response.Clear();
  }
  head_ = buffer_.SplitFront(parser_.consumed());
  head_done_ = true;
  framing_ = x_.response.framing;
  left_ = framing_.length;
  close_ = x_.response.close || framing_.kind == http::Framing::Kind::kUntilClose;
  complete_ = !framing_.HasBody();
  co_return TryResult{};
}

// Only the protocol that this try asked for, and only once it was asked: anything else would put bytes where no rule
// looks.
bool UpstreamResponse::TakeSwitch() {
  http::ResponseHead& head = x_.response;
  if (!upload_.sent() || !http::SwitchesTo(head, x_.request.upgrade)) return false;
  if (x_.request.version == http::Version::kHttp2 && !AcceptsOurKey()) return false;
  head.framing = {http::Framing::Kind::kTunnel};
  head.upgrade = x_.request.upgrade;
  return true;
}

// A client of HTTP/2 made no handshake of its own that it could check (RFC 8441 5.1).
bool UpstreamResponse::AcceptsOurKey() const {
  if (x_.request.upgrade != "websocket") return true;
  std::array<char, http::websocket::kAcceptSize> wanted =
      http::websocket::AcceptOf(x_.request.headers.Get(http::websocket::kKeyField));
  return x_.response.headers.Get(http::websocket::kAcceptField) == std::string_view(wanted.data(), wanted.size());
}

TryResult UpstreamResponse::Invalid(std::string_view detail) {
  x_.detail = detail;
  return {Reason::kUpstreamInvalid, TryResult::Sent::kDoNotRepeat};
}

Body& UpstreamResponse::ResponseBody() {
  if (framing_.kind != http::Framing::Kind::kTunnel) return *this;
  MoveHead();
  return x_.Own<UpstreamTunnel>(x_, view_.Share(), std::move(connection_), std::move(request_), std::move(buffer_));
}

// A tunnel may live for hours: the head moves into the exchange's own memory, out of a block many times as large.
void UpstreamResponse::MoveHead() {
  std::size_t size = head_.size();
  char* copy = x_.arena.Allocate(size);
  std::copy_n(head_.data(), size, copy);
  http::h1::Progress again = parser_.Parse({copy, size}, x_.request.method, x_.response);
  bool switched = again == http::h1::Progress::kDone && TakeSwitch();
  PENSTOCK_CHECK(switched, "equal bytes are an equal head");
  head_.Reset();
}

// Adds what was read to buffer_. OK without bytes: the read timed out, but by now the upstream has more time.
Status UpstreamResponse::TakeMoreOfHead(StatusOr<Chunk> bytes, const HeadTime& time) {
  io::Reactor& reactor = view_->cluster().reactor();
  if (IsTimeout(bytes.status()) && HasMoreTime(time, Upload(), reactor.Now())) return absl::OkStatus();
  if (!bytes.ok()) return bytes.status();
  if (bytes->empty()) return absl::AbortedError("the upstream closed the connection");
  any_byte_ = true;
  if (buffer_.empty()) {
    buffer_ = *std::move(bytes);
  } else {
    buffer_.Append(reactor.blocks(), bytes->view());
  }
  return absl::OkStatus();
}

TryResult UpstreamResponse::AfterReadFailure(const Status& status) {
  if (upload_.source_failed()) return {Reason::kClientGone, TryResult::Sent::kDoNotRepeat};
  if (IsCancelled(status)) return {Reason::kClientGone, TryResult::Sent::kDoNotRepeat};
  if (IsTimeout(status)) return {Reason::kUpstreamTimeout, TryResult::Sent::kPerhaps};
  x_.detail = connection_->stream().refusal();
  if (!x_.detail.empty()) {
    connection_->pool().NoteRefused(x_.detail);
    return {Reason::kUpstreamTlsFailed, TryResult::Sent::kNothing};
  }
  if (upload_.unprocessed()) return {Reason::kUpstreamReset, TryResult::Sent::kNothing};
  bool idle_race = reused_ && !any_byte_;
  return {Reason::kUpstreamReset, idle_race ? TryResult::Sent::kOnIdle : TryResult::Sent::kPerhaps};
}

Task<StatusOr<Chunk>> UpstreamResponse::Read() {
  StatusOr<Chunk> out = Chunk();
  if (TakeBuffered(out)) return out;
  return ReadMore();
}

// Content that is here already, the end, or an error; false if more must be read.
bool UpstreamResponse::TakeBuffered(StatusOr<Chunk>& out) {
  if (stop_.cancelled()) {
    out = absl::CancelledError("nobody wants the rest");
    return true;
  }
  if (complete_) return true;
  if (failed_) {
    out = absl::AbortedError("the response broke off");
    return true;
  }
  if (buffer_.empty()) return false;
  switch (framing_.kind) {
    case http::Framing::Kind::kChunked:
      if (!TakeChunked(out)) return false;
      break;
    case http::Framing::Kind::kLength:
      out = buffer_.SplitFront(std::min<std::uint64_t>(left_, buffer_.size()));
      left_ -= out->size();
      complete_ = left_ == 0;
      break;
    case http::Framing::Kind::kUntilClose:
    case http::Framing::Kind::kTunnel:
    case http::Framing::Kind::kNone:
      out = std::move(buffer_);
      break;
  }
  if (out.ok()) view_->cluster().cells().response_bytes.Add(out->size());
  return true;
}

bool UpstreamResponse::TakeChunked(StatusOr<Chunk>& out) {
  while (!buffer_.empty()) {
    http::h1::ChunkedDecoder::Step step = chunked_.Next(buffer_.view());
    if (step.progress == http::h1::Progress::kError) {
      Status broken = Broken(Reason::kUpstreamAborted, http::h1::Text(chunked_.error()));
      out = absl::DataLossError(broken.message());
      return true;
    }
    Chunk data;
    if (!step.data.empty()) {
      std::size_t before = static_cast<std::size_t>(step.data.data() - buffer_.data());
      data = buffer_.Share();
      data.RemoveSuffix(buffer_.size() - before - step.data.size());
      data.RemovePrefix(before);
    }
    buffer_.RemovePrefix(step.consumed);
    complete_ = step.progress == http::h1::Progress::kDone;
    http::Headers* trailers = complete_ ? chunked_.trailers() : nullptr;
    if (trailers != nullptr) http::StripTrailers(*trailers);
    trailers_ = trailers;
    if (complete_ || !data.empty()) {
      out = std::move(data);
      return true;
    }
  }
  return false;
}

Task<StatusOr<Chunk>> UpstreamResponse::ReadMore() {
  io::Reactor& reactor = view_->cluster().reactor();
  while (true) {
    if (++reads_ % kReadsPerTurn == 0) co_await reactor.Yield();
    bool small = framing_.kind == http::Framing::Kind::kLength && left_ < BlockPool::kMedium;
    Wait wait{After(reactor.Now(), view_->settings().stream_idle_timeout), &stop_};
    StatusOr<Chunk> chunk = co_await connection_->stream().Read(small ? BlockPool::kMedium : BlockPool::kLarge, wait);
    if (!chunk.ok()) {
      if (IsCancelled(chunk.status())) co_return chunk.status();
      bool idle = IsTimeout(chunk.status());
      co_return Broken(idle ? Reason::kUpstreamIdle : Reason::kUpstreamAborted, "the response broke off");
    }
    if (chunk->empty() && framing_.kind != http::Framing::Kind::kUntilClose) {
      co_return Broken(Reason::kUpstreamAborted, "the response ended before its length");
    }
    complete_ = chunk->empty();
    buffer_ = *std::move(chunk);
    StatusOr<Chunk> out = Chunk();
    if (TakeBuffered(out)) co_return out;
  }
}

Task<void> UpstreamResponse::Finish() {
  if (!upload_.running()) {
    Release();
    return Task<void>();
  }
  return StopAndRelease();
}

Task<void> UpstreamResponse::StopAndRelease() {
  close_ = true;
  co_await upload_.Stop();
  Release();
}

// Back to the pool only after a complete exchange that left nothing over.
void UpstreamResponse::Release() {
  if (connection_ == nullptr) return;
  Cluster& cluster = view_->cluster();
  cluster.cells().requests_active.Add(-1);
  bool reuse = head_done_ && complete_ && !close_ && buffer_.empty() && upload_.sent();
  if (reuse) {
    cluster.Reuse(std::move(connection_), view_->settings());
  } else {
    cluster.Discard(std::move(connection_));
  }
  request_.Release();
  buffer_.Reset();
}

}  // namespace penstock::upstream
