// An upstream for tests: answers every request with a JSON body that repeats what it saw, and counts.
//
//   upstream NAME PORT [PORT ...]      prints "ready" when all ports listen; ends on SIGTERM or closed stdin
//
// Paths: /bytes/N answers N bytes; /slow/MS answers after MS; anything else echoes. Every answer carries x-upstream:
// NAME:PORT. `GET /_counts` answers {"requests":N,"connections":N} (of all ports; itself not counted).
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "test/support/http_io.h"

namespace penstock::test {
namespace {

std::atomic<uint64_t> requests{0};
std::atomic<uint64_t> connections{0};

std::string Escape(const std::string& text) {
  std::string out;
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c < 0x20) {
      char code[8];
      snprintf(code, sizeof code, "\\u%04x", c);
      out += code;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

std::string Echo(const Message& request, const std::string& name) {
  std::string body = "{\"upstream\":\"" + name + "\",\"line\":\"" + Escape(request.start_line) + "\",\"headers\":{";
  const char* comma = "";
  for (const auto& [header, value] : request.headers) {
    body += comma + ("\"" + Escape(header) + "\":\"" + Escape(value) + "\"");
    comma = ",";
  }
  return body + "},\"bytes\":" + std::to_string(request.body.size()) + "}";
}

std::string Answer(const Message& request, const std::string& name) {
  size_t from = request.start_line.find(' ') + 1;
  std::string path = request.start_line.substr(from, request.start_line.find(' ', from) - from);
  std::string body;
  if (path == "/_counts") {
    body = "{\"requests\":" + std::to_string(requests) + ",\"connections\":" + std::to_string(connections) + "}";
  } else if (path.rfind("/bytes/", 0) == 0) {
    body.assign(std::stoul(path.substr(7)), 'x');
  } else {
    if (path.rfind("/slow/", 0) == 0) usleep(static_cast<useconds_t>(std::stoul(path.substr(6)) * 1000));
    body = Echo(request, name);
  }
  if (path != "/_counts") ++requests;
  std::string head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-upstream: " + name +
                     "\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n";
  return request.start_line.rfind("HEAD ", 0) == 0 ? head : head + body;
}

void Serve(int fd, std::string name) {
  Connection connection(fd);
  bool counted = false;
  while (true) {
    std::optional<Message> request = ReadMessage(connection, /*is_response=*/false);
    if (!request) return;
    bool own = request->start_line.find(" /_counts ") != std::string::npos;
    if (!own && !counted) {
      ++connections;
      counted = true;
    }
    if (!connection.Write(Answer(*request, name))) return;
    if (request->Header("connection") == "close") return;
  }
}

void Accept(int listener, std::string name) {
  while (true) {
    int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::thread(Serve, fd, name).detach();
  }
}

int Listen(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 1024) != 0) {
    perror(("upstream: port " + std::to_string(port)).c_str());
    return -1;
  }
  return fd;
}

int Main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  for (int i = 2; i < argc; ++i) {
    int listener = Listen(static_cast<uint16_t>(std::stoi(argv[i])));
    if (listener < 0) return 1;
    std::thread(Accept, listener, std::string(argv[1]) + ":" + argv[i]).detach();
  }
  printf("ready\n");
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  _exit(0);
}

}  // namespace
}  // namespace penstock::test

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: upstream NAME PORT [PORT ...]\n");
    return 2;
  }
  return penstock::test::Main(argc, argv);
}
