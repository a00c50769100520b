// What ClientConnection does with the events of the protocol library.
#include <algorithm>
#include <utility>

#include "dataplane/http/h2/client_connection.h"
#include "dataplane/http/h2/field_rules.h"

namespace penstock::http::h2 {

using library::Ends;

ResponseStream* ClientConnection::Find(int32_t id) const {
  return static_cast<ResponseStream*>(nghttp2_session_get_stream_user_data(session_.get(), id));
}

void ClientConnection::OnBeginBlock(const nghttp2_frame& frame) {
  reading_ = nullptr;
  block_bytes_ = block_charged_ = 0;
  ResponseStream* stream = Find(frame.hd.stream_id);
  if (stream == nullptr || stream->ignoring_) return;
  reading_ = stream;
  reading_trailers_ = stream->head_done_;
  if (reading_trailers_) {
    trailer_reader_.Begin(limits_.head, stream->Trailers(), stream->Text(), Underscores::kAllow);
  } else {
    head_reader_.Begin(limits_.head, stream->Head(), stream->Text());
  }
}

// All fields are decoded, wanted or not, or the compression state would be wrong. What that costs beyond one full head
// is charged, so that a compression bomb ends its connection.
bool ClientConnection::OnField(std::string_view name, std::string_view value) {
  block_bytes_ += FieldSize(name, value);
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

void ClientConnection::OnBlock(const nghttp2_frame& frame) {
  if (reading_ == nullptr) return;
  ResponseStream& stream = *std::exchange(reading_, nullptr);
  if (!reading_trailers_) return OnResponseHead(stream, Ends(frame));
  Error error = Ends(frame) ? trailer_reader_.End() : Error::kTrailers;
  if (error != Error::kNone) return Malformed(stream, error);
  EndResponse(stream, true);
}

void ClientConnection::OnResponseHead(ResponseStream& stream, bool end) {
  Error error = head_reader_.End(stream.method_, end);
  const ResponseHead& head = stream.Head();
  bool informational = error == Error::kNone && head.status < 200;
  if (informational && ++stream.informational_ > kMaxInformational) error = Error::kInformational;
  if (error != Error::kNone) return Malformed(stream, error);
  if (informational) return stream.OnInformational();
  stream.head_done_ = true;
  if (head.framing.kind != Framing::Kind::kChunked) stream.expected_ = head.framing.length;
  stream.OnHead();
  if (end) EndResponse(stream, false);
}

void ClientConnection::OnData(int32_t id, std::string_view bytes) {
  ResponseStream* stream = Find(id);
  if (stream != nullptr && !stream->ignoring_ && TakeContent(*stream, bytes)) return;
  nghttp2_session_consume(session_.get(), id, bytes.size());
}

// False: nobody will consume it.
bool ClientConnection::TakeContent(ResponseStream& stream, std::string_view bytes) {
  stream.content_ += bytes.size();
  bool fits = stream.head_done_ && stream.content_ <= stream.expected_;
  if (!fits) {
    Malformed(stream, stream.head_done_ ? Error::kLengthMismatch : Error::kEarlyContent);
    return false;
  }
  stream.held_ += bytes.size();
  if (stream.held_ > limits_.stream_window_bytes) {
    // The library resets the stream, but gives what came in the same read all the same.
    stream.held_ -= bytes.size();
    stream.ignoring_ = stream.reset_ = true;
    stream.OnReset(ErrorCode::kFlowControlError);
    return false;
  }
  stream.OnContent(library::Slice(blocks_, input_, bytes));
  return true;
}

// False: the connection must not go on.
bool ClientConnection::OnFrame(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      OnBlock(frame);
      return true;
    case NGHTTP2_DATA: {
      ResponseStream* stream = Find(frame.hd.stream_id);
      if (Ends(frame) && stream != nullptr) EndResponse(*stream, false);
      // Nothing but padding; without it, it was charged already.
      bool hollow = frame.hd.length > 0 && frame.hd.length == frame.data.padlen && !Ends(frame);
      return !hollow || Charge();
    }
    case NGHTTP2_SETTINGS:
      if (!(frame.hd.flags & NGHTTP2_FLAG_ACK)) events_.OnSettings();
      return true;
    case NGHTTP2_PING:
      if (frame.hd.flags & NGHTTP2_FLAG_ACK) events_.OnPong();
      return true;
    case NGHTTP2_GOAWAY:
      GoAway();
      return true;
    default:
      return true;
  }
}

void ClientConnection::EndResponse(ResponseStream& stream, bool trailers) {
  if (stream.ignoring_) return;
  if (!stream.head_done_) return Malformed(stream, Error::kEarlyContent);
  bool short_of = stream.expected_ != ResponseStream::kUnknown && stream.content_ != stream.expected_;
  if (short_of) return Malformed(stream, Error::kLengthMismatch);
  stream.received_ = true;
  stream.OnEnd(trailers);
}

void ClientConnection::Malformed(ResponseStream& stream, Error error) {
  if (stream.ignoring_) return;
  Reset(stream, ErrorCode::kProtocolError);
  stream.ignoring_ = true;
  stream.OnMalformed(error);
}

void ClientConnection::OnFrameSent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_DATA && frame.hd.length > 0) AllowAnswers(kAnswersPerData);
  if (frame.hd.type == NGHTTP2_GOAWAY && --own_goaways_ < 0) {
    failure_ = static_cast<ErrorCode>(frame.goaway.error_code);
  }
  ResponseStream* stream = Find(frame.hd.stream_id);
  // Of its own accord the library resets a stream whose window was opened too far. If SETTINGS did that, it is an error
  // of the connection (RFC 9113 6.9.2); else it may be one (5.4.1).
  bool window = frame.hd.type == NGHTTP2_RST_STREAM && frame.rst_stream.error_code == NGHTTP2_FLOW_CONTROL_ERROR;
  if (window && stream != nullptr && !stream->reset_) Fail(ErrorCode::kFlowControlError);
  bool message = frame.hd.type == NGHTTP2_DATA || frame.hd.type == NGHTTP2_HEADERS;
  if (stream == nullptr || !message) return;
  stream->begun_ = true;
  if (!Ends(frame)) return;
  stream->sent_ = true;
  stream->OnTaken();
}

void ClientConnection::OnClosed(int32_t id, ErrorCode code) {
  ResponseStream* stream = Find(id);
  if (stream == nullptr) return;
  if (reading_ == stream) reading_ = nullptr;
  bool refused = !stream->begun_ || (code == ErrorCode::kRefusedStream && !stream->head_done_);
  stream->closed_ = true;
  stream->unsent_.Clear();
  bool over = stream->received_ || stream->reset_ || stream->ignoring_;
  if (!over && refused) stream->OnRefused();
  if (!over && !refused) stream->OnReset(code);
  stream->OnTaken();
}

// How many bytes of content the next DATA frame can have, at most MOST; or that there are none now.
ssize_t ClientConnection::OfferContent(int32_t id, size_t most, uint32_t& flags) {
  ResponseStream* stream = Find(id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  size_t size = std::min(most, stream->unsent_.bytes());
  if (size == 0 && !stream->ending_) {
    stream->deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  if (size > 0) flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (stream->ending_ && size == stream->unsent_.bytes()) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream->trailers_ != nullptr) OfferTrailers(*stream, flags);
  }
  return static_cast<ssize_t>(size);
}

void ClientConnection::OfferTrailers(ResponseStream& stream, uint32_t& flags) {
  bool any = fields_.SetTrailers(*stream.trailers_) && fields_.size() > 0;
  if (!any) return;
  int error = nghttp2_submit_trailer(session_.get(), stream.id_, fields_.data(), fields_.size());
  if (error == 0) flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
}

int ClientConnection::WriteContent(int32_t id, std::string_view frame_header, size_t size) {
  ResponseStream* stream = Find(id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  output_->Append(frame_header);
  while (size > 0) {
    Chunk piece = stream->unsent_.Pop(size);
    size -= piece.size();
    output_->Append(std::move(piece));
  }
  stream->OnTaken();
  return output_->bytes() >= library::kMaxOutput ? NGHTTP2_ERR_PAUSE : 0;
}

// --- The library's own shape of all that.

struct ClientConnection::Callbacks {
  static ClientConnection& Of(void* connection) { return *static_cast<ClientConnection*>(connection); }
  static int Result(bool go_on) { return go_on ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE; }

  static int BeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    Of(self).OnBeginBlock(*frame);
    return 0;
  }
  static int Header(nghttp2_session*, const nghttp2_frame*, const uint8_t* name, size_t name_size, const uint8_t* value,
                    size_t value_size, uint8_t, void* self) {
    return Result(Of(self).OnField(library::View(name, name_size), library::View(value, value_size)));
  }
  static int DataChunk(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* self) {
    Of(self).OnData(id, library::View(data, size));
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
    return Of(self).WriteContent(frame->hd.stream_id, library::View(header, FrameHeader::kSize), size);
  }
};

library::Callbacks ClientConnection::MakeCallbacks() {
  nghttp2_session_callbacks* made = nullptr;
  PENSTOCK_CHECK(nghttp2_session_callbacks_new(&made) == 0, "out of memory");
  nghttp2_session_callbacks_set_on_begin_headers_callback(made, Callbacks::BeginHeaders);
  nghttp2_session_callbacks_set_on_header_callback(made, Callbacks::Header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, Callbacks::DataChunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, Callbacks::FrameReceived);
  nghttp2_session_callbacks_set_on_frame_send_callback(made, Callbacks::FrameSent);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, Callbacks::Closed);
  nghttp2_session_callbacks_set_send_data_callback(made, Callbacks::SendContent);
  return library::Callbacks(made);
}

nghttp2_data_provider ClientConnection::ContentProvider() {
  return {.source = {.ptr = nullptr}, .read_callback = Callbacks::ReadContent};
}

}  // namespace penstock::http::h2
