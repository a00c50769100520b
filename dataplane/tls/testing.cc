#include "dataplane/tls/testing.h"

#include "dataplane/base/when.h"
#include "dataplane/io/net/connect.h"
#include "dataplane/io/net/listener.h"

namespace penstock::tls {

std::shared_ptr<const KeyPair> PairOf(const TestCertificate& certificate) {
  StatusOr<Certificates> chain = ReadCertificates(certificate.cert, KeyPair::kMaxChain);
  StatusOr<KeyPtr> key = ReadPrivateKey(certificate.key);
  StatusOr<std::shared_ptr<const KeyPair>> pair = KeyPair::Make(*std::move(chain), *std::move(key));
  EXPECT_TRUE(pair.ok()) << pair.status();
  return *pair;
}

std::shared_ptr<const CaBundle> BundleOf(const std::string& pem) { return *CaBundle::Parse(pem); }

TlsTest::TlsTest()
    : reactor_(*io::Reactor::Create({.clock = nullptr, .seed = 1})), tickets_(std::make_shared<TicketKeys>(clock_)) {}

TlsTest::~TlsTest() {
  EXPECT_EQ(reactor_->tasks(), 0u);
  EXPECT_EQ(reactor_->blocks().bytes_in_use(), 0u);
}

ServerOptions TlsTest::Serving(std::vector<std::string> names) {
  ServerOptions options;
  options.name = "shop/web/https";
  options.certificates = {PairOf(ca_.Issue(TestCertificateOptions{.names = std::move(names)}))};
  options.tickets = tickets_;
  return options;
}

ClientOptions TlsTest::Asking(std::string hostname) {
  ClientOptions options;
  options.hostname = std::move(hostname);
  options.ca = {BundleOf(ca_.cert())};
  return options;
}

std::shared_ptr<const ServerContext> TlsTest::Server(ServerOptions options) {
  StatusOr<std::shared_ptr<const ServerContext>> context = ServerContext::Make(std::move(options));
  EXPECT_TRUE(context.ok()) << context.status();
  return *context;
}

std::shared_ptr<const ClientContext> TlsTest::Client(ClientOptions options) {
  StatusOr<std::shared_ptr<const ClientContext>> context = ClientContext::Make(std::move(options));
  EXPECT_TRUE(context.ok()) << context.status();
  return *context;
}

TlsTest::Streams TlsTest::Connected() {
  StatusOr<io::Fd> socket = io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {});
  std::unique_ptr<io::Listener> listener = *io::Listener::Create(*reactor_, *std::move(socket));
  auto [client, server] =
      reactor_->BlockOn(WhenAll(io::Connect(*reactor_, listener->address(), {}), listener->Accept({})));
  EXPECT_TRUE(client.ok() && server.ok());
  return {*std::move(client), *std::move(server)};
}

TlsTest::Ends TlsTest::Shake(std::shared_ptr<const ServerContext> server, std::shared_ptr<const ClientContext> client,
                             ClientSessions* sessions) {
  return Shake(Connected(), std::move(server), std::move(client), sessions);
}

TlsTest::Ends TlsTest::Shake(Streams streams, std::shared_ptr<const ServerContext> server,
                             std::shared_ptr<const ClientContext> client, ClientSessions* sessions) {
  Ends ends;
  ends.server = std::make_unique<TlsStream>(std::move(streams.server), std::move(server));
  ends.client = std::make_unique<TlsStream>(std::move(streams.client), std::move(client), sessions);
  Wait wait{After(reactor_->Now(), std::chrono::seconds(10)), nullptr};
  std::tie(ends.client_status, ends.server_status) =
      reactor_->BlockOn(WhenAll(ends.client->Handshake(wait), ends.server->Handshake(wait)));
  return ends;
}

Status TlsTest::Write(io::Stream& stream, std::string_view text) {
  std::vector<std::string_view> pieces = {text};
  return reactor_->BlockOn(stream.Write(pieces, {}));
}

std::string TlsTest::Read(io::Stream& stream, std::size_t max) {
  Wait wait{After(reactor_->Now(), std::chrono::seconds(10)), nullptr};
  StatusOr<Chunk> chunk = reactor_->BlockOn(stream.Read(max, wait));
  return chunk.ok() ? std::string(chunk->view()) : chunk.status().ToString();
}

Task<std::string> TlsTest::ReadAll(io::Stream& stream, std::size_t size) {
  std::string all;
  while (all.size() < size) {
    StatusOr<Chunk> chunk = co_await stream.Read(BlockPool::kLarge, {});
    if (!chunk.ok() || chunk->empty()) break;
    all.append(chunk->view());
  }
  co_return all;
}

Task<Status> TlsTest::WriteAndEnd(io::Stream& stream, std::vector<std::string_view> pieces) {
  Status written = co_await stream.Write(pieces, {});
  if (!written.ok()) co_return written;
  Status ended = co_await stream.ShutdownWrite({});
  co_return ended;
}

}  // namespace penstock::tls
