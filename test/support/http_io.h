#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::test {

// Blocking HTTP/1.1 for test parties: deliberately none of the product's own code, so that both sides of a test do not
// share a mistake. Not for untrusted input. One thread per connection.

// A connected socket with a read buffer.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  Connection(Connection&& other) noexcept : fd_(other.fd_), buffer_(std::move(other.buffer_)) { other.fd_ = -1; }
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  // Connects to HOST:PORT (IPv4 literal); nullopt and errno otherwise.
  static std::optional<Connection> Dial(const std::string& host, uint16_t port, int timeout_ms);

  // Bytes up to and including `end`; nullopt at end of stream, timeout or reset (see `failure`).
  std::optional<std::string> ReadUntil(std::string_view end, size_t limit);
  std::optional<std::string> ReadExactly(size_t bytes);
  bool Write(std::string_view bytes);
  // Something to read, or the peer has closed.
  bool HasInput() const;
  // "eof", "reset", "timeout": why the last call failed.
  const std::string& failure() const { return failure_; }
  bool buffered() const { return !buffer_.empty(); }
  int fd() const { return fd_; }

 private:
  bool Fill();

  int fd_ = -1;
  std::string buffer_;
  std::string failure_;
};

struct Message {
  std::string start_line;
  std::map<std::string, std::string> headers;  // names in lower case; values of equal names joined with ", "
  std::string body;

  std::string Header(const std::string& name) const {
    auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
  int status() const { return start_line.size() > 12 ? std::stoi(start_line.substr(9, 3)) : 0; }
};

// Reads one message, head and body (Content-Length, chunked, or until close for responses without either).
std::optional<Message> ReadMessage(Connection& connection, bool is_response);

}  // namespace penstock::test
