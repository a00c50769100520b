#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/http/h2/server_connection.h"

namespace penstock::http::h2::testing {

using FieldTexts = std::vector<std::pair<std::string, std::string>>;

// A GET of "/" at a.test, and whatever is added.
FieldTexts Get(FieldTexts more = {});
FieldTexts Post(FieldTexts more = {});

struct Frame {
  FrameType type{};
  uint8_t flags = 0;
  uint32_t stream = 0;
  std::string payload;
};

std::string Bytes(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload = "");
std::string Bytes(const Frame& frame);
// A header block of literals, without compression.
std::string Block(const FieldTexts& fields);
std::string HeadersFrame(uint32_t stream, uint8_t flags, const FieldTexts& fields);
std::string DataFrame(uint32_t stream, uint8_t flags, std::string_view content);
std::string Number(uint32_t value);  // 4 bytes
std::string Setting(uint16_t id, uint32_t value);

// All whole frames in BYTES.
std::vector<Frame> ParseFrames(std::string_view bytes);

// Understands the header blocks of one connection, in order.
class Decoder {
 public:
  Decoder();
  ~Decoder();
  FieldTexts Decode(std::string_view block);

 private:
  nghttp2_hd_inflater* inflater_ = nullptr;
};

// A stream that writes down what happens.
struct TestStream final : RequestStream {
  RequestHead head;
  Headers trailers;
  Arena arena;
  Error error = Error::kNone;
  Error malformed = Error::kNone;
  std::string content;
  // In order: "head", "end", "trailers", "malformed", "reset N", "sent".
  std::vector<std::string> events;

  RequestHead& Head() override { return head; }
  Headers& Trailers() override { return trailers; }
  Arena& Text() override { return arena; }
  void OnHead(Error why) override;
  void OnContent(Chunk bytes) override { content += bytes.view(); }
  void OnEnd(bool has_trailers) override { events.push_back(has_trailers ? "trailers" : "end"); }
  void OnMalformed(Error why) override;
  void OnReset(ErrorCode code) override;
  void OnTaken() override {}
  void OnSent() override { events.push_back("sent"); }

  bool Saw(std::string_view event) const;
};

// A server whose time stands still, and everything that it was asked and has said.
class TestServer final : public ServerConnection::Events {
 public:
  explicit TestServer(const ServerLimits& limits = {});
  ~TestServer();

  // The preface and an empty SETTINGS.
  void Greet();
  // Gives the server BYTES, and takes what it sends.
  void Receive(std::string_view bytes);
  // Takes what it sends.
  void Flush();

  // The streams in the order of their begin. REQUIRES: there are so many.
  TestStream& stream(size_t i) { return *streams_[i]; }
  size_t streams() const { return streams_.size(); }
  // A whole response.
  void Answer(TestStream& stream, int status, std::string_view content = "", const Headers* trailers = nullptr);

  // Everything that was sent and not taken by this yet.
  std::vector<Frame> TakeSent();
  const std::string& sent() const { return sent_; }
  // The content on STREAM among what TakeSent would give, which it takes.
  std::string TakeSentContent(uint32_t stream);
  // The code of the last GOAWAY, or of the last RST_STREAM of STREAM, among all that TakeSent gave; -1: none.
  int GoawayCode() const { return goaway_; }
  int ResetCode(uint32_t stream) const;

  FakeClock clock;
  BlockPool blocks;
  bool refuse = false;
  int goaways = 0;
  int pongs = 0;
  std::unique_ptr<ServerConnection> connection;

 private:
  RequestStream* OnRequest() override;
  void OnGoaway() override { ++goaways; }
  void OnPong() override { ++pongs; }

  std::vector<std::unique_ptr<TestStream>> streams_;
  std::string sent_;
  int goaway_ = -1;
  std::vector<std::pair<uint32_t, int>> resets_;
};

}  // namespace penstock::http::h2::testing
