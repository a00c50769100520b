// For tests: a real server, and one that misbehaves.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "dataplane/io/net/listener.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/redis/dial.h"

namespace penstock::redis {

// A redis-server process on a unix socket in a directory of its own, which goes with it.
class RedisServer {
 public:
  // Has started when this returns. ARGUMENTS are the server's own ("--requirepass", "x").
  explicit RedisServer(std::vector<std::string> arguments = {});
  RedisServer(const RedisServer&) = delete;
  ~RedisServer();

  std::string address() const { return "unix:" + directory_ + "/socket"; }
  const std::string& directory() const { return directory_; }
  ServerOptions options() const;

  // As kill -9, and on the same socket again.
  void Kill();
  void Start();
  // As SIGSTOP and SIGCONT.
  void Pause() const;
  void Continue() const;

 private:
  std::string directory_;
  std::vector<std::string> arguments_;
  pid_t pid_ = -1;
};

// Answers PING, and whatever else it is sent first with the same bytes; then closes, if it should. On the client's
// reactor.
class FakeServer {
 public:
  enum class Then { kStays, kCloses };

  FakeServer(io::Reactor& reactor, std::string greeting, std::string answer, Then then = Then::kStays);
  FakeServer(const FakeServer&) = delete;
  ~FakeServer();

  ServerOptions options() const;
  int connections() const { return connections_; }

 private:
  Task<void> Accept();
  Task<void> Serve(std::unique_ptr<io::TcpStream> stream);

  io::Reactor& reactor_;
  const std::string greeting_;
  const std::string answer_;
  const Then then_;
  Cancellation life_;
  std::unique_ptr<io::Listener> listener_;
  int connections_ = 0;
  int running_ = 0;
};

// A TCP port that nobody has at the moment.
std::uint16_t FreePort();

}  // namespace penstock::redis
