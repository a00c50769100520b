#include "dataplane/http/h2/client_testing.h"

#include "dataplane/base/strings.h"

namespace penstock::http::h2::testing {
namespace {

int ReadNumber(std::string_view bytes) {
  uint32_t value = 0;
  for (char c : bytes.substr(0, 4)) value = value << 8 | static_cast<uint8_t>(c);
  return static_cast<int>(value);
}

}  // namespace

void TestResponse::OnInformational() { events.push_back(StrCat(head.status)); }
void TestResponse::OnReset(ErrorCode code) { events.push_back(StrCat("reset ", static_cast<uint32_t>(code))); }
void TestResponse::OnMalformed(Error why) {
  malformed = why;
  events.push_back("malformed");
}

bool TestResponse::Saw(std::string_view event) const {
  for (const std::string& seen : events) {
    if (seen == event) return true;
  }
  return false;
}

void FillRequest(RequestHead& head, Method method) {
  head.method = method;
  head.method_text = MethodText(method);
  head.authority = "a.test";
  head.path = "/";
}

TestClient::TestClient(const ClientLimits& limits)
    : connection(std::make_unique<ClientConnection>(*this, clock, blocks, limits)) {}

TestClient::~TestClient() {
  for (const std::unique_ptr<TestResponse>& stream : streams_) connection->Forget(*stream);
  connection.reset();
}

TestResponse& TestClient::Ask(Method method, bool end) {
  RequestHead head;
  FillRequest(head, method);
  return Ask(head, end);
}

TestResponse& TestClient::Ask(const RequestHead& head, bool end) {
  streams_.push_back(std::make_unique<TestResponse>());
  TestResponse& stream = *streams_.back();
  PENSTOCK_CHECK(connection->Begin(stream, head, "http", end), "the request cannot begin");
  Flush();
  return stream;
}

void TestClient::Greet(std::string_view settings) {
  Receive(Bytes(FrameType::kSettings, 0, 0, settings) + Bytes(FrameType::kSettings, kAck, 0));
}

void TestClient::Receive(std::string_view bytes) {
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, BlockPool::kMedium);
    connection->Receive(Chunk::Copy(blocks, piece));
    bytes.remove_prefix(piece.size());
  }
  Flush();
}

void TestClient::Flush() {
  while (connection->wants_to_send()) {
    Output out(blocks);
    connection->Send(out);
    if (out.empty()) break;
    for (std::string_view piece : out.pieces()) sent_ += piece;
  }
}

std::string TestClient::TakeBytes() { return std::exchange(sent_, {}); }

std::vector<Frame> TestClient::TakeSent() {
  std::string bytes = TakeBytes();
  size_t skip = std::exchange(had_preface_, true) ? 0 : ServerConnection::kPreface.size();
  std::vector<Frame> frames = ParseFrames(std::string_view(bytes).substr(skip));
  for (const Frame& frame : frames) {
    if (frame.type == FrameType::kGoaway) goaway_ = ReadNumber(frame.payload.substr(4));
    if (frame.type == FrameType::kRstStream) resets_.emplace_back(frame.stream, ReadNumber(frame.payload));
  }
  return frames;
}

int TestClient::ResetCode(uint32_t stream) const {
  for (size_t i = resets_.size(); i-- > 0;) {
    if (resets_[i].first == stream) return resets_[i].second;
  }
  return -1;
}

std::string TestClient::SentContent(uint32_t stream) {
  std::string content;
  for (const Frame& frame : TakeSent()) {
    if (frame.type == FrameType::kData && frame.stream == stream) content += frame.payload;
  }
  return content;
}

}  // namespace penstock::http::h2::testing
