#include "test/integration/http2/h2_client.h"

#include <gtest/gtest.h>

namespace penstock::test {
namespace {

namespace h2 = http::h2::testing;

uint32_t ReadNumber(std::string_view bytes) {
  uint32_t value = 0;
  for (char c : bytes.substr(0, 4)) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

}  // namespace

int H2Client::Response::status() const {
  std::string text = Get(":status");
  return text.empty() ? 0 : std::stoi(text);
}

std::string H2Client::Response::Get(std::string_view name) const {
  for (size_t i = sections.size(); i-- > 0;) {
    if (sections[i].empty() || sections[i][0].first != ":status") continue;
    for (const auto& [field, value] : sections[i]) {
      if (field == name) return value;
    }
    return "";
  }
  return "";
}

H2Client::H2Client(TestGateway& gateway, const std::string& settings)
    : H2Client(gateway, gateway.Connect(), settings) {}

H2Client::H2Client(TestGateway& gateway, std::unique_ptr<io::Stream> stream, const std::string& settings)
    : gateway_(gateway), stream_(std::move(stream)) {
  Send(std::string(http::h2::ServerConnection::kPreface) + h2::Bytes(FrameType::kSettings, 0, 0, settings));
  gateway_.reactor().Spawn(Pump(*this));
}

H2Client::~H2Client() {
  read = true;
  life_.Cancel();
  EXPECT_TRUE(gateway_.RunUntil([this] { return !pumping_; }));
}

uint32_t H2Client::Ask(const FieldTexts& fields, bool end) {
  uint32_t stream = next_;
  next_ += 2;
  Send(h2::HeadersFrame(stream, end ? kWhole : kEndHeaders, fields));
  return stream;
}

H2Client::Response H2Client::Get(const FieldTexts& more) { return Await(Ask(h2::Get(more))); }

H2Client::Response& H2Client::Await(uint32_t stream) {
  EXPECT_TRUE(RunUntil([&] { return responses_[stream].done() || ended_; })) << "no response on stream " << stream;
  return responses_[stream];
}

Task<void> H2Client::Pump(H2Client& self) {
  Wait wait{kNoDeadline, &self.life_};
  while (true) {
    while (!self.read && !self.life_.cancelled()) co_await self.gateway_.reactor().Yield();
    StatusOr<Chunk> bytes = co_await self.stream_->Read(BlockPool::kLarge, wait);
    if (!bytes.ok() || bytes->empty()) {
      self.ended_ = !IsCancelled(bytes.status());
      break;
    }
    ++self.reads;
    self.input_ += bytes->view();
    std::string answer;
    size_t taken = 0;
    for (const h2::Frame& frame : h2::ParseFrames(self.input_)) {
      taken += http::h2::FrameHeader::kSize + frame.payload.size();
      answer += self.Take(frame);
    }
    self.input_.erase(0, taken);
    if (answer.empty()) continue;
    std::string_view pieces[] = {answer};
    Status written = co_await self.stream_->Write(pieces, wait);
    (void)written;
  }
  self.pumping_ = false;
}

// Returns what is to be answered.
std::string H2Client::Take(const h2::Frame& frame) {
  bool ack = frame.flags & http::h2::kAck;
  switch (frame.type) {
    case FrameType::kSettings:
      return ack ? "" : TakeSettings(frame.payload);
    case FrameType::kPing:
      pings += !ack;
      return ack || !answer_pings ? "" : h2::Bytes(FrameType::kPing, http::h2::kAck, 0, frame.payload);
    case FrameType::kHeaders:
      block_.clear();
      block_ends_stream_ = frame.flags & kEndStream;
      return TakeBlock(frame.stream, frame.payload, frame.flags);
    case FrameType::kContinuation:
      return TakeBlock(frame.stream, frame.payload, frame.flags);
    case FrameType::kRstStream:
      responses_[frame.stream].reset = static_cast<int>(ReadNumber(frame.payload));
      return "";
    case FrameType::kWindowUpdate:
      granted_[frame.stream] += ReadNumber(frame.payload);
      return "";
    case FrameType::kGoaway:
      goaways_.push_back({ReadNumber(frame.payload), static_cast<int>(ReadNumber(frame.payload.substr(4)))});
      return "";
    case FrameType::kData: {
      Response& response = responses_[frame.stream];
      response.content += frame.payload;
      response.ended = frame.flags & kEndStream;
      if (!open_windows || frame.payload.empty()) return "";
      std::string more = h2::Number(static_cast<uint32_t>(frame.payload.size()));
      std::string stream = response.ended ? "" : h2::Bytes(FrameType::kWindowUpdate, 0, frame.stream, more);
      return h2::Bytes(FrameType::kWindowUpdate, 0, 0, more) + stream;
    }
    default:
      return "";
  }
}

std::string H2Client::TakeSettings(std::string_view payload) {
  for (; payload.size() >= 6; payload.remove_prefix(6)) {
    auto name = static_cast<uint16_t>(static_cast<uint8_t>(payload[0]) << 8 | static_cast<uint8_t>(payload[1]));
    settings_[name] = ReadNumber(payload.substr(2));
  }
  return h2::Bytes(FrameType::kSettings, http::h2::kAck, 0);
}

std::string H2Client::TakeBlock(uint32_t stream, std::string_view payload, uint8_t flags) {
  block_ += payload;
  if (!(flags & kEndHeaders)) return "";
  Response& response = responses_[stream];
  response.sections.push_back(decoder_.Decode(block_));
  response.ended = block_ends_stream_;
  return "";
}

}  // namespace penstock::test
