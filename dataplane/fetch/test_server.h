// A server for tests of fetches: a thread per connection, blocking sockets and OpenSSL itself. Deliberately none of the
// product's own HTTP and TLS, so that both sides do not share a mistake.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/mutex.h"
#include "dataplane/base/test_certificates.h"

namespace penstock::fetch {

// "200 OK" with this content and its length.
std::string Ok(std::string_view content);

class TestServer {
 public:
  // What to do with a connection when a request's head has come.
  struct Reply {
    enum class Then : uint8_t {
      kClose,
      kReset,
      kStall,  // until the client leaves
    };
    std::string bytes;
    Then then = Then::kClose;
  };
  // CONNECTION counts from 0. Called on any thread.
  using Script = std::function<Reply(int connection)>;

  // At 127.0.0.1 and PORT, 0: a free one. CERTIFICATE: what it shows; null: it speaks in cleartext.
  explicit TestServer(Script script, const TestCertificate* certificate = nullptr, uint16_t port = 0);
  // The same answer to everybody.
  explicit TestServer(std::string bytes, const TestCertificate* certificate = nullptr);
  ~TestServer();
  TestServer(const TestServer&) = delete;

  uint16_t port() const { return port_; }
  // Connections that came, and those of them that are over.
  int connections() const { return connections_.load(); }
  int ended() const { return ended_.load(); }
  // The heads of the requests, as they came.
  std::vector<std::string> requests() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  class Connection;
  struct Tls;

  void Accept();
  void Serve(int fd, int number);
  void Answer(Connection& connection, int number);

  const Script script_;
  const std::unique_ptr<Tls> tls_;
  int fd_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<int> connections_{0};
  std::atomic<int> ended_{0};
  mutable Mutex mutex_;
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> open_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;  // of connections; the acceptor's, then the destructor's
  std::thread acceptor_;
};

// A port of 127.0.0.1 that was free a moment ago.
uint16_t FreePort();

// Calls CONDITION until it is true; false after 20 s.
template <typename Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 10'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

}  // namespace penstock::fetch
