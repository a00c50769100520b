#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/strings.h"
#include "test/integration/http1/test_gateway.h"

namespace penstock::test {

inline constexpr char kAsk[] =
    "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
inline constexpr char kSwitch[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
// "/ws" may switch to websocket, "/plain" to nothing; "/admin" is refused.
inline constexpr char kRules[] =
    "rules { matches { prefix: '/ws' } forward { clusters { cluster: 'up' weight: 1 } upgrades: 'websocket' } }"
    "rules { matches { prefix: '/plain' } forward { clusters { cluster: 'up' weight: 1 } } }"
    "rules { matches { prefix: '/admin' } static_reply { status: 403 body: 'no' } }";

// Accepts connections and leaves the rest to the test.
class RawUpstream {
 public:
  explicit RawUpstream(TestGateway& gateway);
  ~RawUpstream();

  uint16_t port() const { return listener_->address().port(); }
  size_t connections() const { return connections_; }
  // The next connection, which must come; null if it does not.
  std::unique_ptr<io::TcpStream> Take();

 private:
  static Task<void> AcceptAll(RawUpstream& self);

  TestGateway& gateway_;
  std::unique_ptr<io::Listener> listener_;
  std::vector<std::unique_ptr<io::TcpStream>> waiting_;
  size_t connections_ = 0;
};

// Both ends of what goes through the gateway.
struct Pair {
  std::unique_ptr<io::TcpStream> client;
  std::unique_ptr<io::TcpStream> upstream;
};

// BYTES may be more than STREAM takes before STOP.
Task<void> WriteAll(io::TcpStream& stream, std::string_view bytes, Cancellation& stop);

class TunnelTest : public ::testing::Test {
 protected:
  explicit TunnelTest(const Clock* clock = nullptr) : gateway(clock) {}

  void Serve(const std::string& client_settings = "") { gateway.ServeShop(upstream.port(), kRules, client_settings); }

  // A connection that asked with ASK, whose upstream has read the request's head (into `asked`) and not answered.
  Pair Ask(std::string_view ask = kAsk);
  // A tunnel that is open.
  Pair Open();

  // A message's head, and nothing of what is behind it.
  std::string ReadHead(io::TcpStream& stream);
  // COUNT bytes off STREAM; fewer if it ends.
  std::string Read(io::TcpStream& stream, size_t count);
  void Write(io::TcpStream& stream, std::string_view bytes) { gateway.WriteTo(stream, bytes); }
  void End(io::TcpStream& stream);
  // Nothing has come that was not read, the end neither.
  bool Silent(io::TcpStream& stream);
  // How STREAM ends, after what is still to come: "" cleanly, else the error's code.
  std::string EndOf(io::TcpStream& stream);
  // Lets everything that can happen now happen.
  void Settle() {
    for (int i = 0; i < 50; ++i) gateway.reactor().Turn(Duration(0));
  }
  bool Idle() {
    return gateway.RunUntil([&] { return gateway.downstream().connections() == 0; });
  }

  TestGateway gateway;
  RawUpstream upstream{gateway};
  std::string asked;
};

}  // namespace penstock::test
