// A tiny HTTP/1.1 server for operators: /metrics, /ready, /live and the admin pages, over TCP or a Unix socket. One
// thread, one request per connection, blocking with timeouts; never on a worker. It is not the proxy's HTTP and takes
// nothing that it does not need: no keep-alive, no chunked requests.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"

namespace penstock::telemetry {

struct StatusRequest {
  std::string method;  // GET (HEAD comes as GET), POST
  std::string path;    // without the query
  std::string query;   // without "?"
  std::string body;    // at most StatusServer::kMaxBodyBytes
};

struct StatusReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// One page. HANDLER runs on the server's thread.
struct StatusPage {
  std::string method;
  std::string path;
  std::string help;  // one line, shown at "/"
  std::function<StatusReply(const StatusRequest&)> handler;
};

class StatusServer {
 public:
  static constexpr size_t kMaxHeadBytes = 16 << 10;
  static constexpr size_t kMaxBodyBytes = 1 << 20;
  static constexpr int kTimeoutMs = 5000;  // for the whole request, and again for the reply

  // Binds "ADDRESS:PORT" ("[::1]:0", port 0: any) or "unix:PATH" (made with mode 0600; a socket that nobody serves is
  // replaced) and starts the thread. Error: the address is wrong or taken.
  static absl::StatusOr<std::unique_ptr<StatusServer>> Start(std::string_view address, std::vector<StatusPage> pages);

  // Stops accepting, waits for the running request (at most about kTimeoutMs), removes the Unix socket.
  ~StatusServer();

  uint16_t port() const { return port_; }  // 0 for a Unix socket

 private:
  StatusServer(int fd, uint16_t port, std::string unix_path, std::vector<StatusPage> pages);

  void Run();
  void Serve(int fd);
  StatusReply Route(const StatusRequest& request);

  const int fd_;
  const uint16_t port_;
  const std::string unix_path_;
  const std::vector<StatusPage> pages_;
  int stop_fd_;
  std::thread thread_;
};

}  // namespace penstock::telemetry
