#include "dataplane/telemetry/scrape/status_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "dataplane/base/ip_address.h"
#include "dataplane/base/status.h"

namespace penstock::telemetry {
namespace {

using Clock = std::chrono::steady_clock;

struct Bound {
  int fd;
  uint16_t port;
  std::string unix_path;
};

Status BindError(std::string_view address, int error) {
  std::string hint = error == EADDRINUSE ? "; another process listens there: choose another address or stop it" : "";
  return absl::FailedPreconditionError(StrCat("cannot listen at ", address, ": ", std::strerror(error), hint));
}

// A socket file that refuses connections was left behind by a process that is gone.
bool IsAbandoned(const sockaddr_un& name) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int result = connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name);
  bool refused = result != 0 && errno == ECONNREFUSED;
  close(fd);
  return refused;
}

StatusOr<Bound> BindUnix(std::string_view address, std::string_view path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path) {
    return absl::InvalidArgumentError(
        StrCat("the path of the socket ", address, " must have 1 to ", sizeof name.sun_path - 1, " bytes"));
  }
  std::memcpy(name.sun_path, path.data(), path.size());
  if (IsAbandoned(name)) unlink(name.sun_path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return BindError(address, errno);
  fchmod(fd, 0600);  // the mode that bind gives the file: nobody else can connect in between
  if (bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 || chmod(name.sun_path, 0600) != 0 ||
      listen(fd, 64) != 0) {
    int error = errno;
    close(fd);
    return BindError(address, error);
  }
  return Bound{fd, 0, std::string(path)};
}

StatusOr<sockaddr_storage> ParseAddress(std::string_view address, socklen_t& length) {
  auto wrong = [&] {
    return absl::InvalidArgumentError(
        StrCat("\"", address, "\" is not ADDRESS:PORT, like 127.0.0.1:9464 or [::1]:9464"));
  };
  size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  std::string_view host = address.substr(0, colon);
  std::string_view digits = address.substr(colon + 1);
  uint16_t port = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) return wrong();
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  StatusOr<IpAddress> ip = IpAddress::Parse(host);
  if (!ip.ok()) return wrong();
  sockaddr_storage storage{};
  if (ip->is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, ip->bytes().data(), 4);
    length = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, ip->bytes().data(), 16);
    length = sizeof v6;
  }
  return storage;
}

StatusOr<Bound> BindTcp(std::string_view address) {
  socklen_t length = 0;
  ASSIGN_OR_RETURN(sockaddr_storage name, ParseAddress(address, length));
  int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return BindError(address, errno);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (name.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, reinterpret_cast<sockaddr*>(&name), length) != 0 || listen(fd, 64) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0) {
    int error = errno;
    close(fd);
    return BindError(address, error);
  }
  // The port stands at the same place in both families.
  return Bound{fd, ntohs(reinterpret_cast<sockaddr_in&>(name).sin_port), ""};
}

// Waits until FD is ready or the time is over.
bool WaitFor(int fd, short events, Clock::time_point until) {
  while (true) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    pollfd poll_fd{fd, events, 0};
    int n = poll(&poll_fd, 1, static_cast<int>(left));
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

// Appends what has come; false at the end, on an error, or when the time is over.
bool ReadMore(int fd, Clock::time_point until, std::string& buffer) {
  if (!WaitFor(fd, POLLIN, until)) return false;
  char bytes[8192];
  ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (n <= 0) return n < 0 && (errno == EAGAIN || errno == EINTR);
  buffer.append(bytes, static_cast<size_t>(n));
  return true;
}

void WriteAll(int fd, std::string_view bytes, Clock::time_point until) {
  while (!bytes.empty() && WaitFor(fd, POLLOUT, until)) {
    ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return;
    if (n > 0) bytes.remove_prefix(static_cast<size_t>(n));
  }
}

// The value of header NAME (lower case) in HEAD; "" if it is not there.
std::string_view Header(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    size_t colon = line.find(':');
    if (colon != name.size() || !absl::EqualsIgnoreCase(ToAbsl(line.substr(0, colon)), ToAbsl(name))) continue;
    return ToStd(absl::StripAsciiWhitespace(ToAbsl(line.substr(colon + 1))));
  }
  return {};
}

enum class Parsed { kOk, kGone, kBad, kTooLarge };

// "METHOD SP target SP HTTP/1.x CRLF ..."
Parsed ParseHead(std::string_view head, StatusRequest& request, size_t& body_bytes) {
  std::string_view line = head.substr(0, head.find("\r\n"));
  size_t first = line.find(' ');
  size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last <= first || line.substr(last + 1, 7) != "HTTP/1.") return Parsed::kBad;
  std::string_view target = line.substr(first + 1, last - first - 1);
  request.method = line.substr(0, first);
  size_t question = target.find('?');
  request.path = target.substr(0, question);
  request.query = question == std::string_view::npos ? "" : target.substr(question + 1);
  if (!Header(head, "transfer-encoding").empty()) return Parsed::kBad;
  std::string_view length = Header(head, "content-length");
  auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), body_bytes);
  if (!length.empty() && (error != std::errc() || end != length.data() + length.size())) return Parsed::kBad;
  return body_bytes > StatusServer::kMaxBodyBytes ? Parsed::kTooLarge : Parsed::kOk;
}

Parsed ReadRequest(int fd, StatusRequest& request) {
  auto until = Clock::now() + std::chrono::milliseconds(StatusServer::kTimeoutMs);
  std::string buffer;
  size_t head_end = std::string::npos;
  while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (buffer.size() > StatusServer::kMaxHeadBytes) return Parsed::kTooLarge;
    if (!ReadMore(fd, until, buffer)) return Parsed::kGone;
  }
  size_t body_bytes = 0;
  std::string_view head = std::string_view(buffer).substr(0, head_end + 2);
  Parsed parsed = ParseHead(head, request, body_bytes);
  if (parsed != Parsed::kOk) return parsed;
  if (Header(head, "expect") == "100-continue") WriteAll(fd, "HTTP/1.1 100 Continue\r\n\r\n", until);
  while (buffer.size() < head_end + 4 + body_bytes) {
    if (!ReadMore(fd, until, buffer)) return Parsed::kGone;
  }
  request.body = buffer.substr(head_end + 4, body_bytes);
  return Parsed::kOk;
}

std::string_view Phrase(int status) {
  struct Row {
    int status;
    std::string_view phrase;
  };
  constexpr Row kPhrases[] = {{200, "OK"},
                              {400, "Bad Request"},
                              {404, "Not Found"},
                              {405, "Method Not Allowed"},
                              {413, "Content Too Large"},
                              {503, "Service Unavailable"}};
  for (const Row& row : kPhrases) {
    if (row.status == status) return row.phrase;
  }
  return "Status";
}

std::string Serialize(const StatusReply& reply, bool with_body) {
  std::string out =
      StrCat("HTTP/1.1 ", reply.status, " ", Phrase(reply.status), "\r\ncontent-type: ", reply.content_type,
             "\r\ncontent-length: ", reply.body.size(),
             "\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n");
  if (with_body) out += reply.body;
  return out;
}

}  // namespace

StatusOr<std::unique_ptr<StatusServer>> StatusServer::Start(std::string_view address, std::vector<StatusPage> pages) {
  constexpr std::string_view kUnix = "unix:";
  StatusOr<Bound> bound =
      address.starts_with(kUnix) ? BindUnix(address, address.substr(kUnix.size())) : BindTcp(address);
  if (!bound.ok()) return bound.status();
  return std::unique_ptr<StatusServer>(
      new StatusServer(bound->fd, bound->port, std::move(bound->unix_path), std::move(pages)));
}

StatusServer::StatusServer(int fd, uint16_t port, std::string unix_path, std::vector<StatusPage> pages)
    : fd_(fd),
      port_(port),
      unix_path_(std::move(unix_path)),
      pages_(std::move(pages)),
      stop_fd_(eventfd(0, EFD_CLOEXEC)),
      thread_(&StatusServer::Run, this) {}

StatusServer::~StatusServer() {
  uint64_t one = 1;
  [[maybe_unused]] ssize_t n = write(stop_fd_, &one, sizeof one);
  thread_.join();
  close(fd_);
  close(stop_fd_);
  if (!unix_path_.empty()) unlink(unix_path_.c_str());
}

void StatusServer::Run() {
  while (true) {
    pollfd fds[2] = {{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents != 0) return;
    int client = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) {
      poll(nullptr, 0, 100);  // out of descriptors: the connection waits in the queue, and so do we
      continue;
    }
    Serve(client);
    close(client);
  }
}

void StatusServer::Serve(int fd) {
  StatusRequest request;
  Parsed parsed = ReadRequest(fd, request);
  if (parsed == Parsed::kGone) return;
  bool head_only = request.method == "HEAD";
  StatusReply reply;
  if (parsed == Parsed::kBad) {
    reply = {400, reply.content_type, "not a request that this server takes\n"};
  } else if (parsed == Parsed::kTooLarge) {
    reply = {413, reply.content_type, "the request is too large\n"};
  } else {
    if (head_only) request.method = "GET";
    reply = Route(request);
  }
  WriteAll(fd, Serialize(reply, !head_only), Clock::now() + std::chrono::milliseconds(kTimeoutMs));
  shutdown(fd, SHUT_WR);  // what the client still sends must not reset what it has not read yet
  std::string rest;
  while (rest.size() <= kMaxBodyBytes && ReadMore(fd, Clock::now() + std::chrono::milliseconds(200), rest)) {
  }
}

StatusReply StatusServer::Route(const StatusRequest& request) {
  bool known_path = false;
  for (const StatusPage& page : pages_) {
    if (page.path != request.path) continue;
    known_path = true;
    if (page.method == request.method) return page.handler(request);
  }
  StatusReply reply;
  if (known_path) {
    reply.status = 405;
    reply.body = "this page takes another method\n";
  }
  if (!known_path && request.path != "/") reply.status = 404;
  for (const StatusPage& page : pages_) {
    reply.body += StrCat(page.method, " ", page.path, "  ", page.help, "\n");
  }
  return reply;
}

}  // namespace penstock::telemetry
