// What ServerConnection does with the events of the protocol library.
#include <algorithm>

#include "dataplane/http/h2/field_rules.h"
#include "dataplane/http/h2/server_connection.h"

namespace penstock::http::h2 {

using library::Ends;

namespace {

// A client may open its windows when it begins a request.
constexpr uint32_t kUpdatesPerRequest = 2;

}  // namespace

RequestStream* ServerConnection::Find(int32_t id) const {
  return static_cast<RequestStream*>(nghttp2_session_get_stream_user_data(session_.get(), id));
}

// A head on a stream that has ended, and that nobody would be asked about again: RFC 9113 5.1 and 5.1.1. False: the
// connection must not go on.
bool ServerConnection::OnBeginFrame(const nghttp2_frame_hd& frame) {
  if (frame.type != NGHTTP2_HEADERS || Find(frame.stream_id) != nullptr) return true;
  StreamHistory::Past past = history_.Of(frame.stream_id);
  bool wrong = past == StreamHistory::Past::kEnded || past == StreamHistory::Past::kSkipped;
  if (wrong) Fail(past == StreamHistory::Past::kEnded ? ErrorCode::kStreamClosed : ErrorCode::kProtocolError);
  return !wrong;
}

// DATA on a stream that is not open: the library drops it without a word, but what has ended is told so (RFC 9113 6.1).
// Whether it has ended depends on what comes in front of it.
void ServerConnection::AnswerStray(int32_t id, size_t before) {
  Give(before);
  if (failed_ || Find(id) != nullptr) return;
  StreamHistory::Past past = history_.Of(id);
  bool ended = past == StreamHistory::Past::kEnded || past == StreamHistory::Past::kSkipped;
  if (!ended) return;
  history_.OnReset(id);
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_STREAM_CLOSED);
}

void ServerConnection::OnBeginBlock(const nghttp2_frame& frame) {
  int32_t id = frame.hd.stream_id;
  reading_ = nullptr;
  block_bytes_ = block_charged_ = 0;
  reading_trailers_ = frame.headers.cat != NGHTTP2_HCAT_REQUEST;
  if (reading_trailers_) {
    RequestStream* stream = Find(id);
    if (stream == nullptr || stream->ignoring_) return;
    trailer_reader_.Begin(limits_.head, stream->Trailers(), stream->Text());
    reading_ = stream;
    return;
  }
  ++streams_;
  history_.OnBegin(id);
  bool room = open_++ < limits_.max_concurrent_streams && id <= last_id_;
  RequestStream* stream = room ? events_.OnRequest() : nullptr;
  if (stream == nullptr) return Refuse(id);
  stream->id_ = id;
  nghttp2_session_set_stream_user_data(session_.get(), id, stream);
  // Streams take turns: none waits until another one's hours of content are over.
  nghttp2_extpri turns{.urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY, .inc = 1};
  nghttp2_session_change_extpri_stream_priority(session_.get(), id, &turns, 1);
  AllowUpdates(kUpdatesPerRequest);
  head_reader_.Begin(limits_.head, extended_connect_, stream->Head(), stream->Text());
  reading_ = stream;
}

void ServerConnection::Refuse(int32_t id) {
  ++refused_;
  Charge();
  history_.OnReset(id);
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
}

// All fields are decoded, wanted or not, or the compression state would be wrong. What that costs beyond one full head
// is charged, and a compression bomb ends its connection.
bool ServerConnection::OnField(std::string_view name, std::string_view value) {
  block_bytes_ += FieldSize(name, value);
  if (block_bytes_ > kMaxOversize * limits_.head.header_bytes) {
    Fail(ErrorCode::kEnhanceYourCalm);
    return false;
  }
  if (block_bytes_ - block_charged_ > limits_.head.header_bytes) {
    block_charged_ = block_bytes_;
    if (!Charge()) return false;
  }
  if (reading_ == nullptr) return true;
  if (reading_trailers_) {
    trailer_reader_.Add(name, value);
  } else {
    head_reader_.Add(name, value);
  }
  return true;
}

void ServerConnection::OnBlock(const nghttp2_frame& frame) {
  if (reading_ == nullptr) return;
  RequestStream& stream = *std::exchange(reading_, nullptr);
  bool end = Ends(frame);
  if (reading_trailers_) {
    // RFC 9113 8.5: behind a CONNECT there is only DATA.
    Error error = end && !stream.connect_ ? trailer_reader_.End() : Error::kTrailers;
    if (error != Error::kNone) return Malformed(stream, error);
    return EndRequest(stream, true);
  }
  Error error = head_reader_.End(end);
  const Framing& framing = stream.Head().framing;
  if (framing.kind == Framing::Kind::kLength) stream.expected_ = framing.length;
  stream.ignoring_ = error != Error::kNone;
  stream.connect_ = !stream.Head().upgrade.empty();
  stream.OnHead(error);
  if (end) EndRequest(stream, false);
}

void ServerConnection::OnData(int32_t id, std::string_view bytes) {
  RequestStream* stream = Find(id);
  if (stream != nullptr && !stream->ignoring_) {
    stream->content_ += bytes.size();
    if (stream->content_ <= stream->expected_) {
      held_ += bytes.size();
      return stream->OnContent(library::Slice(blocks_, input_, bytes));
    }
    Malformed(*stream, Error::kLengthMismatch);
  }
  nghttp2_session_consume(session_.get(), id, bytes.size());
}

// False: the connection must not go on.
bool ServerConnection::OnFrame(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      OnBlock(frame);
      return true;
    case NGHTTP2_DATA: {
      RequestStream* stream = Find(frame.hd.stream_id);
      if (Ends(frame) && stream != nullptr) EndRequest(*stream, false);
      // Nothing but padding; without it, it was charged already.
      bool hollow = frame.hd.length > 0 && frame.hd.length == frame.data.padlen && !Ends(frame);
      return !hollow || Charge();
    }
    case NGHTTP2_RST_STREAM: {
      RequestStream* stream = Find(frame.hd.stream_id);
      bool early = stream != nullptr && !stream->sent_;
      if (!early || resets_.Take(clock_.Now(), streams_)) return true;
      Fail(ErrorCode::kEnhanceYourCalm);
      return false;
    }
    case NGHTTP2_PING:
      if (frame.hd.flags & NGHTTP2_FLAG_ACK && pings_ == 0) events_.OnPong();
      return true;
    case NGHTTP2_GOAWAY:
      events_.OnGoaway();
      return true;
    default:
      return true;
  }
}

void ServerConnection::EndRequest(RequestStream& stream, bool trailers) {
  stream.received_ = true;
  if (stream.ignoring_) return;
  bool short_of = stream.expected_ != RequestStream::kUnknown && stream.content_ != stream.expected_;
  if (short_of) return Malformed(stream, Error::kLengthMismatch);
  stream.OnEnd(trailers);
}

void ServerConnection::Malformed(RequestStream& stream, Error error) {
  if (std::exchange(stream.ignoring_, true)) return;
  stream.OnMalformed(error);
}

void ServerConnection::OnFrameSent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_DATA && frame.hd.length > 0) AllowUpdates(kUpdatesPerData);
  // Who was refused was charged for asking.
  bool refused = frame.hd.type == NGHTTP2_RST_STREAM && frame.rst_stream.error_code == NGHTTP2_REFUSED_STREAM;
  if (frame.hd.type == NGHTTP2_RST_STREAM && !refused) Charge();
  // Of its own accord the library resets a stream whose window SETTINGS opened too far (RFC 9113 6.9.2: an error of the
  // connection), or that got more than its window (6.9.1).
  bool window = frame.hd.type == NGHTTP2_RST_STREAM && frame.rst_stream.error_code == NGHTTP2_FLOW_CONTROL_ERROR;
  if (window && history_.Of(frame.hd.stream_id) != StreamHistory::Past::kReset) Fail(ErrorCode::kFlowControlError);
  if (frame.hd.type == NGHTTP2_GOAWAY && --own_goaways_ < 0) failure_ = static_cast<ErrorCode>(frame.goaway.error_code);
  bool reset = frame.hd.type == NGHTTP2_RST_STREAM;
  bool ends = (frame.hd.type == NGHTTP2_DATA || frame.hd.type == NGHTTP2_HEADERS) && Ends(frame);
  RequestStream* stream = ends || reset ? Find(frame.hd.stream_id) : nullptr;
  if (stream == nullptr || (reset && !stream->reset_after_.has_value())) return;
  stream->sent_ = true;
  stream->OnSent();
}

void ServerConnection::OnClosed(int32_t id, ErrorCode code) {
  --open_;
  RequestStream* stream = Find(id);
  if (stream == nullptr) return;
  if (reading_ == stream) reading_ = nullptr;
  stream->closed_ = true;
  stream->unsent_.Clear();
  bool complete = stream->received_ && stream->sent_;
  if (!complete && !stream->reset_) stream->OnReset(code);
}

// How many bytes of content the next DATA frame can have, at most MOST; or that there are none now.
ssize_t ServerConnection::OfferContent(int32_t id, size_t most, uint32_t& flags) {
  RequestStream* stream = Find(id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  size_t size = std::min(most, stream->unsent_.bytes());
  if (size == 0 && !stream->ending_) {
    stream->deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  if (size == 0 && stream->reset_after_.has_value()) {
    Reset(*stream, *stream->reset_after_);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  if (size > 0) flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (stream->ending_ && size == stream->unsent_.bytes() && !stream->reset_after_.has_value()) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream->trailers_ != nullptr) OfferTrailers(*stream, flags);
  }
  return static_cast<ssize_t>(size);
}

void ServerConnection::OfferTrailers(RequestStream& stream, uint32_t& flags) {
  bool any = fields_.SetTrailers(*stream.trailers_) && fields_.size() > 0;
  if (!any) return;
  int error = nghttp2_submit_trailer(session_.get(), stream.id_, fields_.data(), fields_.size());
  if (error == 0) flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
}

int ServerConnection::WriteContent(int32_t id, std::string_view frame_header, size_t size) {
  RequestStream* stream = Find(id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  output_->Append(frame_header);
  while (size > 0) {
    Chunk piece = stream->unsent_.Pop(size);
    size -= piece.size();
    output_->Append(std::move(piece));
  }
  stream->OnTaken();
  return output_->bytes() >= kMaxOutput ? NGHTTP2_ERR_PAUSE : 0;
}

// --- The library's own shape of all that.

struct ServerConnection::Callbacks {
  static ServerConnection& Of(void* connection) { return *static_cast<ServerConnection*>(connection); }
  static std::string_view Text(const uint8_t* data, size_t size) { return library::View(data, size); }
  static int Result(bool go_on) { return go_on ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE; }

  static int BeginFrame(nghttp2_session*, const nghttp2_frame_hd* frame, void* self) {
    return Result(Of(self).OnBeginFrame(*frame));
  }
  // The library resets the stream, or ends the connection.
  static int Invalid(nghttp2_session*, const nghttp2_frame* frame, int, void* self) {
    if (frame->hd.stream_id != 0) Of(self).history_.OnReset(frame->hd.stream_id);
    return 0;
  }
  static int BeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    Of(self).OnBeginBlock(*frame);
    return Result(!Of(self).failed_);
  }
  static int Header(nghttp2_session*, const nghttp2_frame*, const uint8_t* name, size_t name_size, const uint8_t* value,
                    size_t value_size, uint8_t, void* self) {
    return Result(Of(self).OnField(Text(name, name_size), Text(value, value_size)));
  }
  static int DataChunk(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* self) {
    Of(self).OnData(id, Text(data, size));
    return 0;
  }
  static int FrameReceived(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    return Result(Of(self).OnFrame(*frame));
  }
  static int FrameSent(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    Of(self).OnFrameSent(*frame);
    return 0;
  }
  static int Closed(nghttp2_session*, int32_t id, uint32_t code, void* self) {
    Of(self).OnClosed(id, static_cast<ErrorCode>(code));
    return 0;
  }
  static ssize_t ReadContent(nghttp2_session*, int32_t id, uint8_t*, size_t most, uint32_t* flags, nghttp2_data_source*,
                             void* self) {
    return Of(self).OfferContent(id, most, *flags);
  }
  static int SendContent(nghttp2_session*, nghttp2_frame* frame, const uint8_t* header, size_t size,
                         nghttp2_data_source*, void* self) {
    return Of(self).WriteContent(frame->hd.stream_id, Text(header, FrameHeader::kSize), size);
  }
};

library::Callbacks ServerConnection::MakeCallbacks() {
  nghttp2_session_callbacks* made = nullptr;
  PENSTOCK_CHECK(nghttp2_session_callbacks_new(&made) == 0, "out of memory");
  nghttp2_session_callbacks_set_on_begin_frame_callback(made, Callbacks::BeginFrame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, Callbacks::Invalid);
  nghttp2_session_callbacks_set_on_begin_headers_callback(made, Callbacks::BeginHeaders);
  nghttp2_session_callbacks_set_on_header_callback(made, Callbacks::Header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, Callbacks::DataChunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, Callbacks::FrameReceived);
  nghttp2_session_callbacks_set_on_frame_send_callback(made, Callbacks::FrameSent);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, Callbacks::Closed);
  nghttp2_session_callbacks_set_send_data_callback(made, Callbacks::SendContent);
  return library::Callbacks(made);
}

nghttp2_data_provider ServerConnection::ContentProvider() {
  return {.source = {.ptr = nullptr}, .read_callback = Callbacks::ReadContent};
}

}  // namespace penstock::http::h2
