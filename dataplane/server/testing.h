// For tests of the whole binary: a process, an upstream, HTTP over blocking sockets. Deliberately none of the product's
// own HTTP, so that both sides do not share a mistake.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace penstock::server {

// A child process of the test; killed when it goes out of scope.
class TestProcess {
 public:
  // Standard error and output go to the file LOG.
  TestProcess(const std::vector<std::string>& arguments, const std::string& log);
  ~TestProcess();
  TestProcess(const TestProcess&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  // Waits for its end; the exit code, or minus the signal.
  int Wait();

 private:
  pid_t pid_ = -1;
};

// Answers every request on its connections with 200 and a body that says what it was asked.
class TestUpstream {
 public:
  TestUpstream();
  ~TestUpstream();
  uint16_t port() const { return port_; }
  int connections() const { return connections_.load(); }

 private:
  void Run();
  void Serve(int fd);

  int fd_;
  uint16_t port_;
  std::atomic<int> connections_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// A connected socket; -1 if nobody is there.
int ConnectTo(uint16_t port);
int ConnectToSocket(const std::string& path);

// Sends BYTES over FD and reads until the peer closes. Closes FD.
std::string SendAndReadAll(int fd, const std::string& bytes);

// One response with a Content-Length from FD, which stays open; "" if the peer closed.
std::string SendAndReadOne(int fd, const std::string& bytes);

// GET with "Connection: close".
std::string Get(uint16_t port, const std::string& host, const std::string& path);
// A page of the admin socket.
std::string Page(const std::string& socket, const std::string& method, const std::string& path,
                 const std::string& body = "");

// A port that was free a moment ago.
uint16_t FreePort();

// Calls CONDITION until it is true; false after 20 s.
template <typename Condition>
bool Eventually(Condition condition);

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& bytes);

void SleepMs(int ms);

template <typename Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    SleepMs(10);
  }
  return false;
}

}  // namespace penstock::server
