#include "dataplane/server/testing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

extern char** environ;

namespace penstock::server {
namespace {

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return name;
}

uint16_t PortOf(int fd) {
  sockaddr_in name{};
  socklen_t length = sizeof name;
  getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length);
  return ntohs(name.sin_port);
}

int BindAny() {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name = Loopback(0);
  bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name);
  return fd;
}

void SetTimeout(int fd) {
  timeval timeout{20, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
}

void SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

bool ReadSome(int fd, std::string& buffer) {
  char bytes[16384];
  ssize_t n = recv(fd, bytes, sizeof bytes, 0);
  if (n <= 0) return false;
  buffer.append(bytes, static_cast<size_t>(n));
  return true;
}

}  // namespace

TestProcess::TestProcess(const std::vector<std::string>& arguments, const std::string& log) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  if (posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
  posix_spawn_file_actions_destroy(&actions);
}

TestProcess::~TestProcess() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  Wait();
}

void TestProcess::Signal(int signal) const { kill(pid_, signal); }

int TestProcess::Wait() {
  int status = 0;
  if (pid_ <= 0 || waitpid(pid_, &status, 0) != pid_) return -1;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TestUpstream::TestUpstream() : fd_(BindAny()), port_(PortOf(fd_)) {
  listen(fd_, 64);
  acceptor_ = std::thread(&TestUpstream::Run, this);
}

TestUpstream::~TestUpstream() {
  stop_.store(true);
  close(ConnectTo(port_));
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  close(fd_);
}

void TestUpstream::Run() {
  while (true) {
    int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    if (stop_.load()) {
      close(fd);
      return;
    }
    connections_.fetch_add(1);
    threads_.emplace_back(&TestUpstream::Serve, this, fd);
  }
}

// Requests without content only.
void TestUpstream::Serve(int fd) {
  timeval timeout{0, 100'000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  std::string buffer;
  while (!stop_.load()) {
    size_t end = buffer.find("\r\n\r\n");
    if (end == std::string::npos) {
      if (!ReadSome(fd, buffer) && errno != EAGAIN) break;
      continue;
    }
    std::string line = buffer.substr(0, buffer.find("\r\n"));
    buffer.erase(0, end + 4);
    if (line.find("/slow") != std::string::npos) SleepMs(700);
    std::string body = "asked: " + line;
    SendAll(fd, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  close(fd);
}

int ConnectTo(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name = Loopback(port);
  if (connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0) {
    close(fd);
    return -1;
  }
  SetTimeout(fd);
  return fd;
}

int ConnectToSocket(const std::string& path) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path.c_str(), sizeof name.sun_path - 1);
  if (connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0) {
    close(fd);
    return -1;
  }
  SetTimeout(fd);
  return fd;
}

std::string SendAndReadAll(int fd, const std::string& bytes) {
  if (fd < 0) return "";
  SendAll(fd, bytes);
  std::string answer;
  while (ReadSome(fd, answer)) {
  }
  close(fd);
  return answer;
}

std::string SendAndReadOne(int fd, const std::string& bytes) {
  SendAll(fd, bytes);
  std::string answer;
  while (true) {
    size_t end = answer.find("\r\n\r\n");
    if (end != std::string::npos) {
      size_t at = answer.find("ontent-length: ");
      if (at == std::string::npos) at = answer.find("ontent-Length: ");
      size_t length = at == std::string::npos ? 0 : std::strtoul(answer.c_str() + at + 15, nullptr, 10);
      if (answer.size() >= end + 4 + length) return answer;
    }
    if (!ReadSome(fd, answer)) return "";
  }
}

std::string Get(uint16_t port, const std::string& host, const std::string& path) {
  return SendAndReadAll(ConnectTo(port),
                        "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
}

std::string Page(const std::string& socket, const std::string& method, const std::string& path,
                 const std::string& body) {
  return SendAndReadAll(ConnectToSocket(socket), method + " " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                                                     std::to_string(body.size()) + "\r\n\r\n" + body);
}

uint16_t FreePort() {
  int fd = BindAny();
  uint16_t port = PortOf(fd);
  close(fd);
  return port;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteFile(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

void SleepMs(int ms) { usleep(static_cast<useconds_t>(ms) * 1000); }

}  // namespace penstock::server
