#include "test/support/http_io.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace penstock::test {

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

Connection::~Connection() {
  if (fd_ >= 0) close(fd_);
}

std::optional<Connection> Connection::Dial(const std::string& host, uint16_t port, int timeout_ms) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::nullopt;
  timeval timeout{timeout_ms / 1000, timeout_ms % 1000 * 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    int error = errno;
    close(fd);
    errno = error;
    return std::nullopt;
  }
  return Connection(fd);
}

bool Connection::Fill() {
  char bytes[65536];
  ssize_t got = recv(fd_, bytes, sizeof bytes, 0);
  if (got > 0) {
    buffer_.append(bytes, static_cast<size_t>(got));
    return true;
  }
  failure_ = got == 0 ? "eof" : (errno == EAGAIN || errno == EWOULDBLOCK) ? "timeout" : "reset";
  return false;
}

std::optional<std::string> Connection::ReadUntil(std::string_view end, size_t limit) {
  size_t from = 0;
  while (true) {
    size_t at = buffer_.find(end, from);
    if (at != std::string::npos) {
      std::string result = buffer_.substr(0, at + end.size());
      buffer_.erase(0, at + end.size());
      return result;
    }
    if (buffer_.size() > limit) {
      failure_ = "too long";
      return std::nullopt;
    }
    from = buffer_.size() < end.size() ? 0 : buffer_.size() - end.size() + 1;
    if (!Fill()) return std::nullopt;
  }
}

std::optional<std::string> Connection::ReadExactly(size_t bytes) {
  while (buffer_.size() < bytes) {
    if (!Fill()) return std::nullopt;
  }
  std::string result = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  return result;
}

bool Connection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      failure_ = errno == EAGAIN || errno == EWOULDBLOCK ? "timeout" : "reset";
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool Connection::HasInput() const {
  pollfd events{fd_, POLLIN, 0};
  return !buffer_.empty() || poll(&events, 1, 0) > 0;
}

namespace {

bool ParseHead(std::string_view head, Message& message) {
  size_t line_end = head.find("\r\n");
  message.start_line = std::string(head.substr(0, line_end));
  size_t at = line_end + 2;
  while (at < head.size()) {
    line_end = head.find("\r\n", at);
    std::string_view line = head.substr(at, line_end - at);
    at = line_end + 2;
    if (line.empty()) break;
    size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    std::string& all = message.headers[name];
    all += all.empty() ? std::string(value) : ", " + std::string(value);
  }
  return true;
}

bool ReadChunked(Connection& connection, std::string& body) {
  while (true) {
    std::optional<std::string> line = connection.ReadUntil("\r\n", 4096);
    if (!line) return false;
    size_t size = std::stoul(*line, nullptr, 16);
    if (size == 0) break;
    std::optional<std::string> chunk = connection.ReadExactly(size + 2);
    if (!chunk) return false;
    body.append(*chunk, 0, size);
  }
  while (true) {
    std::optional<std::string> trailer = connection.ReadUntil("\r\n", 65536);
    if (!trailer) return false;
    if (*trailer == "\r\n") return true;
  }
}

bool ReadToEnd(Connection& connection, std::string& body) {
  while (true) {
    std::optional<std::string> byte = connection.ReadExactly(1);
    if (!byte) return connection.failure() == "eof";
    body += *byte;
  }
}

}  // namespace

std::optional<Message> ReadMessage(Connection& connection, bool is_response) {
  std::optional<std::string> head = connection.ReadUntil("\r\n\r\n", 1 << 20);
  if (!head) return std::nullopt;
  Message message;
  if (!ParseHead(*head, message)) return std::nullopt;
  bool bodiless = is_response && (message.status() < 200 || message.status() == 204 || message.status() == 304);
  if (bodiless) return message;
  if (message.Header("transfer-encoding") == "chunked") {
    if (!ReadChunked(connection, message.body)) return std::nullopt;
  } else if (std::string length = message.Header("content-length"); !length.empty()) {
    std::optional<std::string> body = connection.ReadExactly(std::stoul(length));
    if (!body) return std::nullopt;
    message.body = std::move(*body);
  } else if (is_response && !ReadToEnd(connection, message.body)) {
    return std::nullopt;
  }
  return message;
}

}  // namespace penstock::test
