// For tests of handshakes: two ends over a real connection on one reactor.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/test_certificates.h"
#include "dataplane/io/net/tcp_stream.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/tls/tls_stream.h"

namespace penstock::tls {

std::shared_ptr<const KeyPair> PairOf(const TestCertificate& certificate);
std::shared_ptr<const CaBundle> BundleOf(const std::string& pem);

class TlsTest : public ::testing::Test {
 protected:
  struct Streams {
    std::unique_ptr<io::Stream> client;
    std::unique_ptr<io::Stream> server;
  };
  struct Ends {
    std::unique_ptr<TlsStream> client;
    std::unique_ptr<TlsStream> server;
    Status client_status;
    Status server_status;

    bool ok() const { return client_status.ok() && server_status.ok(); }
  };

  TlsTest();
  ~TlsTest() override;

  // A server with a certificate of ca_ for these names, and a client that trusts ca_ and asks for HOSTNAME.
  ServerOptions Serving(std::vector<std::string> names = {"DNS:a.test"});
  ClientOptions Asking(std::string hostname = "a.test");
  static std::shared_ptr<const ServerContext> Server(ServerOptions options);
  static std::shared_ptr<const ClientContext> Client(ClientOptions options);

  Streams Connected();
  // Both ends' handshakes, run until both have ended. SESSIONS: the client's.
  Ends Shake(std::shared_ptr<const ServerContext> server, std::shared_ptr<const ClientContext> client,
             ClientSessions* sessions = nullptr);
  Ends Shake(ServerOptions server, ClientOptions client) {
    return Shake(Server(std::move(server)), Client(std::move(client)));
  }
  Ends Shake(Streams streams, std::shared_ptr<const ServerContext> server, std::shared_ptr<const ClientContext> client,
             ClientSessions* sessions = nullptr);

  Status Write(io::Stream& stream, std::string_view text);
  // What one Read gives, or its error as text.
  std::string Read(io::Stream& stream, std::size_t max = BlockPool::kLarge);
  // Reads until SIZE bytes or an end have come.
  static Task<std::string> ReadAll(io::Stream& stream, std::size_t size);
  static Task<Status> WriteAndEnd(io::Stream& stream, std::vector<std::string_view> pieces);

  TestCa ca_;
  SystemClock clock_;
  std::unique_ptr<io::Reactor> reactor_;
  std::shared_ptr<TicketKeys> tickets_;
};

}  // namespace penstock::tls
