#include "tools/cli/demo_upstream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "dataplane/base/status.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

constexpr size_t kMaxRequestBytes = 1 << 20;

struct Connection {
  int fd = -1;
  bool listens = false;
  size_t service = 0;
  std::string in;
  std::string out;
  bool close_after_out = false;
};

constexpr std::string_view kUsers[] = {"Ada", "Grace", "Alan", "Edsger", "Barbara"};
constexpr std::string_view kProducts[] = {"lamp", "chair", "table"};

DemoResponse AnswerAsUsers(std::string_view path) {
  if (path == "/users" || path == "/users/") {
    std::string list;
    for (size_t i = 0; i < std::size(kUsers); ++i) {
      StrAppend(&list, i == 0 ? "" : ",", "{\"id\":", i + 1, ",\"name\":\"", kUsers[i], "\"}");
    }
    return {200, StrCat("[", list, "]\n")};
  }
  size_t id = 0;
  bool known = ReadNumber(path.substr(path.rfind('/') + 1), &id) && id >= 1 && id <= std::size(kUsers);
  if (!known) return {404, "{\"error\":\"no such user\"}\n"};
  return {200, StrCat("{\"id\":", id, ",\"name\":\"", kUsers[id - 1], "\"}\n")};
}

DemoResponse AnswerAsProducts(std::string_view service) {
  std::string items;
  for (std::string_view product : kProducts) StrAppend(&items, items.empty() ? "" : ",", "\"", product, "\"");
  return {200, StrCat("{\"served_by\":\"", service, "\",\"items\":[", items, "]}\n")};
}

std::string JsonText(std::string_view text) {
  std::string quoted;
  for (char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += absl::ascii_isprint(static_cast<unsigned char>(c)) ? c : '?';
  }
  return quoted;
}

// The length of a chunked body at the start of `bytes`, 0 if it is not whole.
absl::StatusOr<size_t> ChunkedLength(std::string_view bytes) {
  size_t at = 0;
  for (;;) {
    size_t end = bytes.find("\r\n", at);
    if (end == std::string_view::npos) return size_t{0};
    uint64_t size = 0;
    std::string_view digits = bytes.substr(at, std::min(end, bytes.find(';', at)) - at);
    if (!ReadNumber(digits, &size, 16) || size > kMaxRequestBytes) return absl::InvalidArgumentError("bad chunk");
    at = end + 2;
    if (size == 0) break;
    at += size + 2;
    if (at > bytes.size()) return size_t{0};
  }
  for (;;) {  // trailers
    size_t end = bytes.find("\r\n", at);
    if (end == std::string_view::npos) return size_t{0};
    if (end == at) return end + 2;
    at = end + 2;
  }
}

std::string ResponseBytes(std::string_view service, const DemoRequest& request, const DemoResponse& response) {
  bool head = request.method == "HEAD";
  return StrCat("HTTP/1.1 ", response.status,
                response.status == 200   ? " OK"
                : response.status == 404 ? " Not Found"
                                         : " Bad Request",
                "\r\ncontent-type: application/json\r\nx-served-by: ", service,
                "\r\ncontent-length: ", response.body.size(), request.close ? "\r\nconnection: close" : "", "\r\n\r\n",
                head ? "" : response.body);
}

absl::StatusOr<int> ListenOn(const DemoService& service) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(service.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 && listen(fd, 1024) == 0) return fd;
  std::string why = std::strerror(errno);
  close(fd);
  return absl::InvalidArgumentError(
      StrCat("demo upstream ", service.name, ": cannot listen on 127.0.0.1:", service.port, ": ", why));
}

void Accept(const Connection& listener, std::vector<Connection>& connections) {
  for (;;) {
    int fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    Connection connection;
    connection.fd = fd;
    connection.service = listener.service;
    connections.push_back(std::move(connection));
  }
}

// False: the connection is over.
bool Read(Connection& connection) {
  char block[16384];
  ssize_t n = recv(connection.fd, block, sizeof(block), 0);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  connection.in.append(block, static_cast<size_t>(n));
  return n > 0 && connection.in.size() <= kMaxRequestBytes;
}

void Answer(Connection& connection, std::string_view service) {
  while (!connection.close_after_out) {
    absl::StatusOr<DemoRequest> request = ParseDemoRequest(connection.in);
    if (!request.ok()) {
      DemoRequest refused;
      refused.close = true;
      connection.out += ResponseBytes(service, refused, {400, "{\"error\":\"bad request\"}\n"});
      connection.close_after_out = true;
      return;
    }
    if (request->length == 0) return;
    connection.out += ResponseBytes(service, *request, DemoAnswer(service, request->method, request->target));
    connection.close_after_out = request->close;
    connection.in.erase(0, request->length);
  }
}

bool Write(Connection& connection) {
  while (!connection.out.empty()) {
    ssize_t n = send(connection.fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    connection.out.erase(0, static_cast<size_t>(n));
  }
  return !connection.close_after_out;
}

}  // namespace

DemoResponse DemoAnswer(std::string_view service, std::string_view method, std::string_view target) {
  std::string_view path = target.substr(0, target.find('?'));
  if (service == "users") return AnswerAsUsers(path);
  if (StartsWith(service, "products")) return AnswerAsProducts(service);
  return {200, StrCat("{\"service\":\"", JsonText(service), "\",\"method\":\"", JsonText(method), "\",\"target\":\"",
                      JsonText(target), "\"}\n")};
}

absl::StatusOr<DemoRequest> ParseDemoRequest(std::string_view bytes) {
  DemoRequest request;
  size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return request;
  std::vector<std::string_view> lines = Split(bytes.substr(0, head), "\r\n");
  std::vector<std::string_view> words = Split(lines[0], " ");
  if (words.size() != 3 || !StartsWith(words[2], "HTTP/1.")) return absl::InvalidArgumentError("not HTTP/1.1");
  size_t length = 0;
  bool chunked = false;
  for (size_t i = 1; i < lines.size(); ++i) {
    std::pair<std::string_view, std::string_view> field = SplitOnce(lines[i], ':');
    std::string_view value = StripWhitespace(field.second);
    if (EqualsIgnoreCase(field.first, "connection")) request.close = EqualsIgnoreCase(value, "close");
    if (EqualsIgnoreCase(field.first, "transfer-encoding")) chunked = true;
    if (!EqualsIgnoreCase(field.first, "content-length")) continue;
    if (!ReadNumber(value, &length) || length > kMaxRequestBytes) return absl::InvalidArgumentError("bad length");
  }
  std::string_view body = bytes.substr(head + 4);
  if (chunked) {
    ASSIGN_OR_RETURN(length, ChunkedLength(body));
    if (length == 0) return request;
  }
  if (body.size() < length) return request;
  request.method = words[0];
  request.target = words[1];
  request.length = head + 4 + length;
  return request;
}

absl::Status ServeDemo(const std::vector<DemoService>& services) {
  std::vector<Connection> connections;
  for (size_t i = 0; i < services.size(); ++i) {
    ASSIGN_OR_RETURN(int fd, ListenOn(services[i]));
    Connection listener;
    listener.fd = fd;
    listener.listens = true;
    listener.service = i;
    connections.push_back(std::move(listener));
  }
  for (;;) {  // until a signal ends the process
    std::vector<pollfd> waits;
    for (const Connection& c : connections) {
      waits.push_back({c.fd, static_cast<short>(c.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
    }
    if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return absl::InternalError(std::strerror(errno));
    for (size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].revents == 0) continue;
      if (connections[i].listens) {
        Accept(Connection(connections[i]), connections);
        continue;
      }
      Connection& c = connections[i];
      bool alive = (waits[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0 || Read(c);
      if (alive) Answer(c, services[c.service].name);
      if (alive) alive = Write(c);
      if (alive) continue;
      close(c.fd);
      c.fd = -1;
    }
    std::erase_if(connections, [](const Connection& c) { return c.fd < 0; });
  }
}

}  // namespace penstock::cli
