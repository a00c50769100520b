#include "dataplane/http/h2/testing.h"

#include "dataplane/base/strings.h"

namespace penstock::http::h2::testing {
namespace {

// RFC 7541 5.1, with a prefix of 7 bits that are the whole byte's.
std::string Text(std::string_view text) {
  std::string out;
  size_t n = text.size();
  if (n < 127) {
    out += static_cast<char>(n);
  } else {
    out += '\x7F';
    for (n -= 127; n >= 128; n /= 128) out += static_cast<char>(n % 128 + 128);
    out += static_cast<char>(n);
  }
  return out.append(text);
}

uint32_t ReadNumber(std::string_view bytes) {
  uint32_t value = 0;
  for (char c : bytes.substr(0, 4)) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

}  // namespace

FieldTexts Get(FieldTexts more) {
  FieldTexts fields = {{":method", "GET"}, {":scheme", "http"}, {":authority", "a.test"}, {":path", "/"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

FieldTexts Post(FieldTexts more) {
  FieldTexts fields = Get(std::move(more));
  fields[0].second = "POST";
  return fields;
}

std::string Bytes(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string out = Number(static_cast<uint32_t>(payload.size())).substr(1);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  out += Number(stream);
  return out.append(payload);
}

std::string Bytes(const Frame& frame) { return Bytes(frame.type, frame.flags, frame.stream, frame.payload); }

std::string Block(const FieldTexts& fields) {
  std::string out;
  for (const auto& [name, value] : fields) out.append(1, '\0').append(Text(name)).append(Text(value));
  return out;
}

std::string HeadersFrame(uint32_t stream, uint8_t flags, const FieldTexts& fields) {
  return Bytes(FrameType::kHeaders, flags, stream, Block(fields));
}

std::string DataFrame(uint32_t stream, uint8_t flags, std::string_view content) {
  return Bytes(FrameType::kData, flags, stream, content);
}

std::string Number(uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

std::string Setting(uint16_t id, uint32_t value) { return Number(id).substr(2) + Number(value); }

std::vector<Frame> ParseFrames(std::string_view bytes) {
  std::vector<Frame> frames;
  while (bytes.size() >= FrameHeader::kSize) {
    FrameHeader header;
    auto on_frame = [&header](const FrameHeader& found, size_t) {
      header = found;
      return true;
    };
    FrameScanner(0).Scan(bytes.substr(0, FrameHeader::kSize), on_frame, [](std::string_view) { return true; });
    if (bytes.size() < FrameHeader::kSize + header.length) break;
    std::string_view payload = bytes.substr(FrameHeader::kSize, header.length);
    frames.push_back({header.type, header.flags, header.stream, std::string(payload)});
    bytes.remove_prefix(FrameHeader::kSize + header.length);
  }
  return frames;
}

Decoder::Decoder() { nghttp2_hd_inflate_new(&inflater_); }
Decoder::~Decoder() { nghttp2_hd_inflate_del(inflater_); }

FieldTexts Decoder::Decode(std::string_view block) {
  FieldTexts fields;
  int flags = 0;
  while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
    nghttp2_nv nv;
    flags = 0;
    ssize_t used =
        nghttp2_hd_inflate_hd2(inflater_, &nv, &flags, reinterpret_cast<const uint8_t*>(block.data()), block.size(), 1);
    PENSTOCK_CHECK(used >= 0, "a header block cannot be decoded");
    block.remove_prefix(static_cast<size_t>(used));
    if (flags & NGHTTP2_HD_INFLATE_EMIT) {
      fields.emplace_back(std::string(reinterpret_cast<char*>(nv.name), nv.namelen),
                          std::string(reinterpret_cast<char*>(nv.value), nv.valuelen));
    }
  }
  nghttp2_hd_inflate_end_headers(inflater_);
  return fields;
}

void TestStream::OnHead(Error why) {
  error = why;
  events.push_back("head");
}

void TestStream::OnMalformed(Error why) {
  malformed = why;
  events.push_back("malformed");
}

void TestStream::OnReset(ErrorCode code) { events.push_back(StrCat("reset ", static_cast<uint32_t>(code))); }

bool TestStream::Saw(std::string_view event) const {
  for (const std::string& seen : events) {
    if (seen == event) return true;
  }
  return false;
}

TestServer::TestServer(const ServerLimits& limits)
    : connection(std::make_unique<ServerConnection>(*this, clock, blocks, limits)) {}

TestServer::~TestServer() {
  for (const std::unique_ptr<TestStream>& stream : streams_) connection->Forget(*stream);
  connection.reset();
}

RequestStream* TestServer::OnRequest() {
  if (refuse) return nullptr;
  streams_.push_back(std::make_unique<TestStream>());
  return streams_.back().get();
}

void TestServer::Greet() {
  Receive(std::string(ServerConnection::kPreface) + Bytes(FrameType::kSettings, 0, 0) +
          Bytes(FrameType::kSettings, kAck, 0));
}

void TestServer::Receive(std::string_view bytes) {
  // In pieces as a socket would give them.
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, BlockPool::kMedium);
    connection->Receive(Chunk::Copy(blocks, piece));
    bytes.remove_prefix(piece.size());
  }
  Flush();
}

void TestServer::Flush() {
  while (connection->wants_to_send()) {
    Output out(blocks);
    connection->Send(out);
    if (out.empty()) break;
    for (std::string_view piece : out.pieces()) sent_ += piece;
  }
}

void TestServer::Answer(TestStream& stream, int status, std::string_view content, const Headers* trailers) {
  ResponseHead head;
  head.status = status;
  if (!content.empty()) head.framing = {Framing::Kind::kLength, content.size()};
  bool end = content.empty() && trailers == nullptr;
  PENSTOCK_CHECK(connection->SendHead(stream, head, end), "the head is not valid");
  if (end) return;
  connection->SendContent(stream, Chunk::Copy(blocks, content));
  connection->EndContent(stream, trailers);
}

std::vector<Frame> TestServer::TakeSent() {
  std::vector<Frame> frames = ParseFrames(sent_);
  sent_.clear();
  for (const Frame& frame : frames) {
    if (frame.type == FrameType::kGoaway) goaway_ = static_cast<int>(ReadNumber(frame.payload.substr(4)));
    if (frame.type == FrameType::kRstStream) resets_.emplace_back(frame.stream, ReadNumber(frame.payload));
  }
  return frames;
}

std::string TestServer::TakeSentContent(uint32_t stream) {
  std::string content;
  for (const Frame& frame : TakeSent()) {
    if (frame.type == FrameType::kData && frame.stream == stream) content += frame.payload;
  }
  return content;
}

int TestServer::ResetCode(uint32_t stream) const {
  for (size_t i = resets_.size(); i-- > 0;) {
    if (resets_[i].first == stream) return resets_[i].second;
  }
  return -1;
}

}  // namespace penstock::http::h2::testing
