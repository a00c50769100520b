#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/http/h2/testing.h"
#include "test/integration/http1/test_gateway.h"

namespace penstock::test {

using http::h2::FrameType;
using http::h2::testing::FieldTexts;

constexpr uint8_t kEndHeaders = http::h2::kEndHeaders;
constexpr uint8_t kEndStream = http::h2::kEndStream;
constexpr uint8_t kWhole = kEndHeaders | kEndStream;

// A client of HTTP/2 on the gateway's reactor that does what it is told, right or wrong, and writes down what comes.
class H2Client {
 public:
  struct Response {
    std::vector<FieldTexts> sections;  // informational heads, the head, the trailers, in order
    std::string content;
    bool ended = false;  // END_STREAM
    int reset = -1;      // the code

    // Of the last section that has a status; 0: none.
    int status() const;
    std::string Get(std::string_view name) const;  // of that section; "" if there is none
    bool done() const { return ended || reset >= 0; }
  };
  struct Goaway {
    uint32_t last;
    int code;
  };

  // Connects and sends the preface with SETTINGS.
  explicit H2Client(TestGateway& gateway, const std::string& settings = "");
  // The same on STREAM, a connection to the gateway.
  H2Client(TestGateway& gateway, std::unique_ptr<io::Stream> stream, const std::string& settings = "");
  ~H2Client();

  void Send(std::string_view bytes) { gateway_.WriteTo(*stream_, bytes); }
  // Begins a request; END: it has no content. Returns its stream.
  uint32_t Ask(const FieldTexts& fields, bool end = true);
  // A request that is answered.
  Response Get(const FieldTexts& more = {});
  Response& response(uint32_t stream) { return responses_[stream]; }
  // What WINDOW_UPDATE frames have added to a stream's first window (0: the connection's).
  size_t granted(uint32_t stream) { return granted_[stream]; }
  // Runs the loop until the response is complete, or far too long.
  Response& Await(uint32_t stream);
  bool RunUntil(const std::function<bool()>& done) { return gateway_.RunUntil(done); }

  // What the gateway's SETTINGS said last of NAME; 0: nothing.
  uint32_t setting(uint16_t name) { return settings_[name]; }
  // The gateway has ended the connection.
  bool ended() const { return ended_; }
  const std::vector<Goaway>& goaways() const { return goaways_; }
  int pings = 0;             // of the gateway's
  int reads = 0;             // pieces that came from the socket
  bool open_windows = true;  // as content comes
  bool answer_pings = true;
  bool read = true;  // what comes; must be set back to true before the end

 private:
  static Task<void> Pump(H2Client& self);
  std::string Take(const http::h2::testing::Frame& frame);
  std::string TakeSettings(std::string_view payload);
  std::string TakeBlock(uint32_t stream, std::string_view payload, uint8_t flags);

  TestGateway& gateway_;
  std::unique_ptr<io::Stream> stream_;
  Cancellation life_;
  http::h2::testing::Decoder decoder_;
  std::string input_;
  std::string block_;
  bool block_ends_stream_ = false;
  std::map<uint32_t, Response> responses_;
  std::map<uint32_t, size_t> granted_;
  std::map<uint16_t, uint32_t> settings_;
  std::vector<Goaway> goaways_;
  uint32_t next_ = 1;
  bool ended_ = false;
  bool pumping_ = true;
};

}  // namespace penstock::test
