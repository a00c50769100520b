#include "dataplane/fetch/test_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "dataplane/base/check.h"
#include "dataplane/base/strings.h"

namespace penstock::fetch {
namespace {

int Listen(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  bool listens = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 && listen(fd, 64) == 0;
  PENSTOCK_CHECK(listens, "the test's server cannot listen");
  return fd;
}

uint16_t PortOf(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

std::string Ok(std::string_view content) {
  return StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", content.size(), "\r\n\r\n", content);
}

uint16_t FreePort() {
  int fd = Listen(0);
  uint16_t port = PortOf(fd);
  close(fd);
  return port;
}

struct TestServer::Tls {
  explicit Tls(const TestCertificate& certificate) : context(SSL_CTX_new(TLS_server_method())) {
    BIO* cert = BIO_new_mem_buf(certificate.cert.data(), static_cast<int>(certificate.cert.size()));
    BIO* key = BIO_new_mem_buf(certificate.key.data(), static_cast<int>(certificate.key.size()));
    X509* leaf = PEM_read_bio_X509(cert, nullptr, nullptr, nullptr);
    EVP_PKEY* pair = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
    bool used = SSL_CTX_use_certificate(context, leaf) == 1 && SSL_CTX_use_PrivateKey(context, pair) == 1;
    PENSTOCK_CHECK(used, "the test's certificate cannot be used");
    X509_free(leaf);
    EVP_PKEY_free(pair);
    BIO_free(cert);
    BIO_free(key);
    // Writing to a client that has left ends in an error, not in a signal.
    signal(SIGPIPE, SIG_IGN);
  }
  ~Tls() { SSL_CTX_free(context); }
  Tls(const Tls&) = delete;

  SSL_CTX* context;
};

class TestServer::Connection {
 public:
  Connection(int fd, const Tls* tls) : fd_(fd) {
    if (tls == nullptr) return;
    ssl_ = SSL_new(tls->context);
    SSL_set_fd(ssl_, fd);
  }
  ~Connection() { SSL_free(ssl_); }
  Connection(const Connection&) = delete;

  bool Begin() { return ssl_ == nullptr || SSL_accept(ssl_) == 1; }
  int Read(char* bytes, int size) {
    return ssl_ != nullptr ? SSL_read(ssl_, bytes, size)
                           : static_cast<int>(recv(fd_, bytes, static_cast<size_t>(size), 0));
  }
  void Write(std::string_view bytes) {
    while (!bytes.empty()) {
      int size = static_cast<int>(bytes.size());
      int sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), size)
                                 : static_cast<int>(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // The end of our bytes; then waits for the client's, so that nothing is reset.
  void End() {
    if (ssl_ != nullptr) SSL_shutdown(ssl_);
    shutdown(fd_, SHUT_WR);
    WaitForClient();
  }
  void Reset() {
    linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  void WaitForClient() {
    char bytes[512];
    while (Read(bytes, sizeof(bytes)) > 0) {
    }
  }

 private:
  const int fd_;
  SSL* ssl_ = nullptr;
};

TestServer::TestServer(Script script, const TestCertificate* certificate, uint16_t port)
    : script_(std::move(script)), tls_(certificate == nullptr ? nullptr : std::make_unique<Tls>(*certificate)) {
  fd_ = Listen(port);
  port_ = PortOf(fd_);
  acceptor_ = std::thread(&TestServer::Accept, this);
}

TestServer::TestServer(std::string bytes, const TestCertificate* certificate)
    : TestServer([bytes = std::move(bytes)](int) { return Reply{bytes}; }, certificate) {}

TestServer::~TestServer() {
  stop_ = true;
  shutdown(fd_, SHUT_RDWR);
  acceptor_.join();
  close(fd_);
  {
    MutexLock lock(&mutex_);
    for (int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
}

std::vector<std::string> TestServer::requests() const {
  MutexLock lock(&mutex_);
  return requests_;
}

void TestServer::Accept() {
  while (!stop_) {
    int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    {
      MutexLock lock(&mutex_);
      open_.push_back(fd);
    }
    threads_.emplace_back(&TestServer::Serve, this, fd, connections_++);
  }
}

void TestServer::Serve(int fd, int number) {
  {
    Connection connection(fd, tls_.get());
    if (connection.Begin()) Answer(connection, number);
    ERR_clear_error();
  }
  {
    MutexLock lock(&mutex_);
    std::erase(open_, fd);
  }
  close(fd);
  ++ended_;
}

void TestServer::Answer(Connection& connection, int number) {
  std::string request;
  char bytes[4096];
  while (request.find("\r\n\r\n") == std::string::npos) {
    int got = connection.Read(bytes, sizeof(bytes));
    if (got <= 0) return;
    request.append(bytes, static_cast<size_t>(got));
  }
  {
    MutexLock lock(&mutex_);
    requests_.push_back(std::move(request));
  }
  Reply reply = script_(number);
  connection.Write(reply.bytes);
  if (reply.then == Reply::Then::kClose) connection.End();
  if (reply.then == Reply::Then::kReset) connection.Reset();
  if (reply.then == Reply::Then::kStall) connection.WaitForClient();
}

}  // namespace penstock::fetch
