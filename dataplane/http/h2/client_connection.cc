#include "dataplane/http/h2/client_connection.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace penstock::http::h2 {
namespace {

// What is allowed for nothing, at most.
constexpr uint32_t kMostAllowed = 1000;
// A server may open its windows and ask for an echo when a request begins.
constexpr uint32_t kAnswersPerRequest = 4;

}  // namespace

ClientConnection::ClientConnection(Events& events, const Clock& clock, BlockPool& blocks, const ClientLimits& limits)
    : events_(events),
      clock_(clock),
      blocks_(blocks),
      limits_(limits),
      budget_(limits.glitch_budget, limits.glitch_refill) {
  library::Callbacks callbacks = MakeCallbacks();
  library::Option option = library::MakeOption();
  nghttp2_session* session = nullptr;
  PENSTOCK_CHECK(nghttp2_session_client_new2(&session, callbacks.get(), this, option.get()) == 0, "out of memory");
  session_.reset(session);
  nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.head.header_bytes},
  };
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<int32_t>(limits.connection_window_bytes));
}

ClientConnection::~ClientConnection() = default;

void ClientConnection::Receive(Chunk bytes) {
  if (failed_ || bytes.empty()) return;
  input_ = std::move(bytes);
  bool within = scanner_.Scan(
      input_.view(), [this](const FrameHeader& frame, size_t) { return Account(frame); },
      [this](std::string_view payload) { return Keeps(rules_.TakeSettings(payload)); });
  if (!within) {
    Fail(ErrorCode::kEnhanceYourCalm);
  } else {
    const auto* data = reinterpret_cast<const uint8_t*>(input_.data());
    ssize_t taken = nghttp2_session_mem_recv(session_.get(), data, input_.size());
    if (taken < 0) Fail(library::CodeOf(taken));
    if (nghttp2_session_get_outbound_queue_size(session_.get()) > library::kMaxPending) {
      Fail(ErrorCode::kEnhanceYourCalm);
    }
  }
  input_.Reset();
}

// Sees every frame before the library does. False: the server has had enough patience, or broke a rule.
bool ClientConnection::Account(const FrameHeader& frame) {
  ErrorCode wrong = rules_.Begin(frame);
  // What does not begin with SETTINGS is another protocol, as the library says (RFC 9113 3.4).
  if (had_settings_ && !Keeps(wrong)) return false;
  if (frame.type == FrameType::kContinuation) return ++continuations_ <= library::kMaxContinuations;
  continuations_ = 0;
  if (frame.type == FrameType::kPushPromise) Fail(ErrorCode::kProtocolError);
  return !failed_ && (!IsUseless(frame) || Charge());
}

// Does the frame do no work that the server may want as often as it likes?
bool ClientConnection::IsUseless(const FrameHeader& frame) {
  switch (frame.type) {
    case FrameType::kData:
      return frame.length == 0 && !frame.Has(kEndStream);
    case FrameType::kHeaders:
    case FrameType::kRstStream:
      if (Find(static_cast<int32_t>(frame.stream)) != nullptr) return false;
      if (leftovers_ == 0) return true;
      --leftovers_;
      return false;
    case FrameType::kSettings:
      // The first one is a part of the preface; answers to ours are counted by the library.
      return !frame.Has(kAck) && std::exchange(had_settings_, true);
    case FrameType::kPing:
      if (!frame.Has(kAck)) return !TakeAnswer();
      if (pings_ == 0) return true;
      --pings_;
      return false;
    case FrameType::kWindowUpdate:
      return !TakeAnswer();
    default:
      return true;
  }
}

bool ClientConnection::TakeAnswer() {
  if (answers_left_ == 0) return false;
  --answers_left_;
  return true;
}

bool ClientConnection::Charge() {
  GlitchBudget::Level level = budget_.Charge(clock_.Now());
  if (level == GlitchBudget::Level::kLow) GoAway();
  if (level == GlitchBudget::Level::kSpent) Fail(ErrorCode::kEnhanceYourCalm);
  return level != GlitchBudget::Level::kSpent;
}

void ClientConnection::AllowAnswers(uint32_t count) { answers_left_ = std::min(answers_left_ + count, kMostAllowed); }
void ClientConnection::AllowLeftovers(uint32_t count) { leftovers_ = std::min(leftovers_ + count, kMostAllowed); }

void ClientConnection::GoAway() {
  if (!std::exchange(going_away_, true)) events_.OnGoaway();
}

void ClientConnection::Send(Output& out) {
  output_ = &out;
  while (!failed_ && out.bytes() < library::kMaxOutput) {
    const uint8_t* data = nullptr;
    ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
    if (size < 0) Fail(library::CodeOf(size));
    if (size <= 0) break;
    out.Append(library::View(data, static_cast<size_t>(size)));
  }
  output_ = nullptr;
  if (!failed_ || last_word_) return;
  out.Append(library::LastWord(0, failure_).bytes());
  last_word_ = true;
}

bool ClientConnection::wants_to_send() const {
  return failed_ ? !last_word_ : nghttp2_session_want_write(session_.get()) != 0;
}

bool ClientConnection::finished() const {
  return !wants_to_send() && (failed_ || nghttp2_session_want_read(session_.get()) == 0);
}

uint32_t ClientConnection::max_streams() const {
  uint32_t theirs = nghttp2_session_get_remote_settings(session_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return std::min(theirs, limits_.max_concurrent_streams);
}

bool ClientConnection::Begin(ResponseStream& stream, const RequestHead& head, std::string_view scheme, bool end) {
  if (!fields_.SetRequest(head, scheme)) return false;
  nghttp2_data_provider content = ContentProvider();
  int32_t id = nghttp2_submit_request(session_.get(), nullptr, fields_.data(), fields_.size(), end ? nullptr : &content,
                                      &stream);
  if (id < 0) return false;
  stream.id_ = id;
  stream.method_ = head.method;
  stream.ending_ = end;
  AllowAnswers(kAnswersPerRequest);
  // What a server says about a stream that has ended for us: that it wants no more of the request (RFC 9113 8.1).
  AllowLeftovers(1);
  if (id >= kLastStream) GoAway();
  return true;
}

void ClientConnection::SendContent(ResponseStream& stream, Chunk content) {
  if (!IsOpen(stream) || content.empty()) return;
  stream.unsent_.Push(blocks_, std::move(content));
  Resume(stream);
}

void ClientConnection::EndContent(ResponseStream& stream, const Headers* trailers) {
  if (!IsOpen(stream)) return;
  stream.ending_ = true;
  stream.trailers_ = trailers;
  Resume(stream);
}

void ClientConnection::Resume(ResponseStream& stream) {
  if (!std::exchange(stream.deferred_, false)) return;
  nghttp2_session_resume_data(session_.get(), stream.id_);
}

void ClientConnection::Reset(ResponseStream& stream, ErrorCode code) {
  if (stream.id_ == 0 || !IsOpen(stream)) return;
  stream.reset_ = true;
  stream.ignoring_ = true;
  AllowLeftovers(kLeftoversPerReset);
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id_, static_cast<uint32_t>(code));
}

// The connection's window is given back even where the stream is no more.
void ClientConnection::Consume(ResponseStream& stream, size_t bytes) {
  if (bytes == 0) return;
  stream.held_ -= bytes;
  nghttp2_session_consume(session_.get(), stream.id_, bytes);
}

void ClientConnection::Forget(ResponseStream& stream) {
  if (stream.id_ == 0 || stream.closed_) return;
  if (reading_ == &stream) reading_ = nullptr;
  nghttp2_session_set_stream_user_data(session_.get(), stream.id_, nullptr);
  stream.closed_ = true;
  stream.unsent_.Clear();
}

void ClientConnection::Shutdown() {
  if (std::exchange(shut_down_, true)) return;
  going_away_ = true;
  ++own_goaways_;
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
}

void ClientConnection::Ping() {
  ++pings_;
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
}

bool ClientConnection::Keeps(ErrorCode wrong) {
  if (wrong == ErrorCode::kNoError) return true;
  Fail(wrong);
  return false;
}

void ClientConnection::Fail(ErrorCode code) {
  if (failed_) return;
  failed_ = true;
  failure_ = code;
}

}  // namespace penstock::http::h2
