#include "dataplane/http/h2/server_connection.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace penstock::http::h2 {
namespace {

constexpr uint32_t kMostUpdates = 1000;
constexpr uint32_t kNoLimit = UINT32_MAX;

}  // namespace

ServerConnection::ServerConnection(Events& events, const Clock& clock, BlockPool& blocks, const ServerLimits& limits)
    : events_(events),
      clock_(clock),
      blocks_(blocks),
      limits_(limits),
      extended_connect_(limits.extended_connect),
      budget_(limits.glitch_budget, limits.glitch_refill) {
  library::Callbacks callbacks = MakeCallbacks();
  library::Option option = library::MakeOption();
  nghttp2_session* session = nullptr;
  PENSTOCK_CHECK(nghttp2_session_server_new2(&session, callbacks.get(), this, option.get()) == 0, "out of memory");
  session_.reset(session);
  WriteSettings();
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<int32_t>(limits.connection_window_bytes));
}

ServerConnection::~ServerConnection() = default;

// RFC 9113 5.1.2: a stream too many is an error of that stream. The library would end the connection, so that only the
// client is told the limit, and OnBeginBlock keeps it.
void ServerConnection::WriteSettings() {
  // RFC 9218 2.1: no client's priorities of RFC 7540 are kept, and so none can be churned.
  nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kNoLimit},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits_.stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits_.head.header_bytes},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
  };
  size_t left_out = extended_connect_ == ExtendedConnect::kOffered ? 0 : 1;
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings, std::size(settings) - left_out);
  const uint8_t* data = nullptr;
  ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
  PENSTOCK_CHECK(size > 0, "out of memory");
  first_frame_ = library::View(data, static_cast<size_t>(size));
  library::SetNumber(first_frame_, FrameHeader::kSize + sizeof(uint16_t), limits_.max_concurrent_streams);
}

void ServerConnection::OfferExtendedConnect() {
  if (std::exchange(extended_connect_, ExtendedConnect::kOffered) == ExtendedConnect::kOffered) return;
  nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1}};
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
}

void ServerConnection::Receive(Chunk bytes) {
  if (failed_ || bytes.empty()) return;
  input_ = std::move(bytes);
  given_ = 0;
  bool within = scanner_.Scan(
      input_.view(), [this](const FrameHeader& frame, size_t before) { return Account(frame, before); },
      [this](std::string_view payload) { return Keeps(rules_.TakeSettings(payload)); });
  if (!within) {
    Fail(ErrorCode::kEnhanceYourCalm);
  } else {
    if (block_ends_ && scanner_.between_frames()) block_began_ = kNoDeadline;
    Give(input_.size());
    OpenWindow();
    if (nghttp2_session_get_outbound_queue_size(session_.get()) > kMaxPending) Fail(ErrorCode::kEnhanceYourCalm);
  }
  input_.Reset();
}

// Gives the library what it was not given of the first SIZE bytes of the input.
void ServerConnection::Give(size_t size) {
  if (failed_ || size <= given_) return;
  const auto* data = reinterpret_cast<const uint8_t*>(input_.data());
  ssize_t taken = nghttp2_session_mem_recv(session_.get(), data + given_, size - given_);
  given_ = size;
  if (taken < 0) Fail(library::CodeOf(taken));
}

// Sees every frame before the library does, with BEFORE bytes of the input in front of it. False: the client has had
// enough patience, or broke a rule.
bool ServerConnection::Account(const FrameHeader& frame, size_t before) {
  FollowBlock(frame);
  bool stray = frame.type == FrameType::kData && Find(static_cast<int32_t>(frame.stream)) == nullptr;
  if (stray) AnswerStray(static_cast<int32_t>(frame.stream), before);
  if (failed_) return false;
  ErrorCode wrong = rules_.Begin(frame);
  // What does not begin with SETTINGS is another protocol, as the library says (RFC 9113 3.4).
  if (had_settings_ && !Keeps(wrong)) return false;
  if (frame.type == FrameType::kContinuation) return ++continuations_ <= kMaxContinuations;
  continuations_ = 0;
  return !IsUseless(frame) || Charge();
}

void ServerConnection::FollowBlock(const FrameHeader& frame) {
  bool first = frame.type == FrameType::kHeaders;
  if (first) block_began_ = clock_.Now();
  block_ends_ = frame.Has(kEndHeaders) || !(first || frame.type == FrameType::kContinuation);
}

// Does the frame do no work that the client may want as often as it likes?
bool ServerConnection::IsUseless(const FrameHeader& frame) {
  switch (frame.type) {
    case FrameType::kData:
      return frame.length == 0 && !frame.Has(kEndStream);
    case FrameType::kHeaders:
      return frame.stream > static_cast<uint32_t>(last_id_);
    case FrameType::kSettings:
      // The first one is a part of the preface; answers to ours are counted by the library.
      return !frame.Has(kAck) && std::exchange(had_settings_, true);
    case FrameType::kPing:
      if (!frame.Has(kAck) || pings_ == 0) return true;
      --pings_;
      return false;
    case FrameType::kWindowUpdate:
      if (updates_left_ == 0) return true;
      --updates_left_;
      return false;
    default:
      return true;
  }
}

bool ServerConnection::Charge(uint32_t cost) {
  GlitchBudget::Level level = budget_.Charge(clock_.Now(), cost);
  if (level == GlitchBudget::Level::kLow) Shutdown(ErrorCode::kEnhanceYourCalm);
  if (level == GlitchBudget::Level::kSpent) Fail(ErrorCode::kEnhanceYourCalm);
  return level != GlitchBudget::Level::kSpent;
}

void ServerConnection::AllowUpdates(uint32_t count) { updates_left_ = std::min(updates_left_ + count, kMostUpdates); }

void ServerConnection::Send(Output& out) {
  output_ = &out;
  out.Append(std::string_view(std::exchange(first_frame_, {})));
  while (!failed_ && out.bytes() < kMaxOutput) {
    const uint8_t* data = nullptr;
    ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
    if (size < 0) Fail(library::CodeOf(size));
    if (size <= 0) break;
    out.Append(library::View(data, static_cast<size_t>(size)));
  }
  output_ = nullptr;
  if (failed_ && !last_word_) WriteLastWord(out);
}

void ServerConnection::WriteLastWord(Output& out) {
  out.Append(library::LastWord(nghttp2_session_get_last_proc_stream_id(session_.get()), failure_).bytes());
  last_word_ = true;
}

bool ServerConnection::wants_to_send() const {
  if (failed_) return !last_word_;
  return !first_frame_.empty() || nghttp2_session_want_write(session_.get()) != 0;
}

bool ServerConnection::finished() const {
  return !wants_to_send() && (failed_ || nghttp2_session_want_read(session_.get()) == 0);
}

bool ServerConnection::SendInformational(RequestStream& stream, const ResponseHead& head) {
  if (!fields_.SetResponse(head)) return false;
  if (IsOpen(stream)) {
    nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream.id_, nullptr, fields_.data(), fields_.size(),
                           nullptr);
  }
  return true;
}

bool ServerConnection::SendHead(RequestStream& stream, const ResponseHead& head, bool end) {
  if (!fields_.SetResponse(head)) return false;
  if (!IsOpen(stream)) return true;
  nghttp2_data_provider content = ContentProvider();
  int error =
      nghttp2_submit_response(session_.get(), stream.id_, fields_.data(), fields_.size(), end ? nullptr : &content);
  if (error != 0) Reset(stream, ErrorCode::kInternalError);
  return true;
}

void ServerConnection::SendContent(RequestStream& stream, Chunk content) {
  if (!IsOpen(stream) || content.empty()) return;
  stream.unsent_.Push(blocks_, std::move(content));
  Resume(stream);
}

void ServerConnection::EndContent(RequestStream& stream, const Headers* trailers) {
  if (!IsOpen(stream)) return;
  stream.ending_ = true;
  stream.trailers_ = trailers;
  Resume(stream);
}

void ServerConnection::EndWithReset(RequestStream& stream, ErrorCode code) {
  if (!IsOpen(stream)) return;
  stream.reset_after_ = code;
  EndContent(stream, nullptr);
}

void ServerConnection::Resume(RequestStream& stream) {
  if (!std::exchange(stream.deferred_, false)) return;
  nghttp2_session_resume_data(session_.get(), stream.id_);
}

void ServerConnection::Reset(RequestStream& stream, ErrorCode code) {
  if (!IsOpen(stream)) return;
  stream.reset_ = true;
  stream.ignoring_ = true;
  history_.OnReset(stream.id_);
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id_, static_cast<uint32_t>(code));
}

// The connection's window is given back even where the stream is no more.
void ServerConnection::Consume(RequestStream& stream, size_t bytes) {
  if (bytes == 0) return;
  held_ -= bytes;
  nghttp2_session_consume(session_.get(), stream.id_, bytes);
  OpenWindow();
}

// The library gives the connection's window back by halves: while requests hold more than half of it that nobody takes,
// it would give back nothing to the others.
void ServerConnection::OpenWindow() {
  size_t used = static_cast<size_t>(nghttp2_session_get_effective_recv_data_length(session_.get()));
  size_t due = used - std::min(used, held_);
  if (due < limits_.connection_window_bytes / kUpdateParts) return;
  nghttp2_submit_window_update(session_.get(), NGHTTP2_FLAG_NONE, 0, static_cast<int32_t>(due));
}

void ServerConnection::Forget(RequestStream& stream) {
  if (stream.id_ == 0 || stream.closed_) return;
  if (reading_ == &stream) reading_ = nullptr;
  nghttp2_session_set_stream_user_data(session_.get(), stream.id_, nullptr);
  stream.closed_ = true;
  stream.unsent_.Clear();
}

bool ServerConnection::IsOpen(const RequestStream& stream) { return !stream.closed_ && !stream.reset_; }

void ServerConnection::AnnounceShutdown() {
  if (shut_down_) return;
  ++own_goaways_;
  nghttp2_submit_shutdown_notice(session_.get());
}

void ServerConnection::Shutdown(ErrorCode code) {
  if (shut_down_) return;
  shut_down_ = true;
  ++own_goaways_;
  last_id_ = nghttp2_session_get_last_proc_stream_id(session_.get());
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, last_id_, static_cast<uint32_t>(code), nullptr, 0);
}

void ServerConnection::Ping() {
  ++pings_;
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
}

bool ServerConnection::Keeps(ErrorCode wrong) {
  if (wrong == ErrorCode::kNoError) return true;
  Fail(wrong);
  return false;
}

void ServerConnection::Fail(ErrorCode code) {
  if (failed_) return;
  failed_ = true;
  failure_ = code;
}

}  // namespace penstock::http::h2
