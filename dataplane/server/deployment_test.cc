// Workers and what brings generations to them, in this process.
#include "dataplane/server/deployment.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

#include "dataplane/base/test_certificates.h"
#include "dataplane/server/testing.h"
#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/testing.h"
#include "proto/penstock/xds/v1/ticket_keys.pb.h"

namespace penstock::server {
namespace {

using snapshot::ResourceProblem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kWorkers = 2;

std::vector<ResourceProblem> ApplyListener(Deployment& deployment, std::string_view name, uint16_t port) {
  snapshot::Delta delta{{snapshot::testing::Listener(name, StrCat("port: ", port))}, {}, {}};
  return deployment.Apply(delta,
                          deployment.running() == nullptr ? Deployment::Start::kEmpty : Deployment::Start::kRunning);
}

class DeploymentTest : public testing::Test {
 protected:
  DeploymentTest()
      : registry_({.workers = kWorkers, .max_series = 100, .reasons = {}}),
        access_log_(*telemetry::AccessLog::Open({""}, registry_)),
        limits_(kWorkers) {
    WorkerShared shared{registry_, *access_log_, limits_, connections_};
    for (int i = 0; i < kWorkers; ++i) workers_.push_back(*Worker::Start(shared, i, 0));
    deployment_ = std::make_unique<Deployment>(workers_, downstream::ListenSet(kWorkers, "127.0.0.1"), registry_,
                                               nullptr, log_, clock_);
  }
  ~DeploymentTest() override {
    workers_.clear();
    deployment_.reset();
  }

  telemetry::Registry registry_;
  std::unique_ptr<telemetry::AccessLog> access_log_;
  upstream::ProcessLimits limits_;
  downstream::ConnectionLimit connections_{100};
  telemetry::Log log_{telemetry::LogLevel::kError};
  SystemClock clock_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Deployment> deployment_;
};

TEST_F(DeploymentTest, NamesTheListenerTheAddressAndTheHolderOfAPortInUse) {
  TestUpstream stranger;
  std::vector<ResourceProblem> problems = ApplyListener(*deployment_, "shop/gw/http", stranger.port());
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].type_url(), snapshot::kListenerType);
  EXPECT_EQ(problems[0].name(), "shop/gw/http");
  EXPECT_EQ(problems[0].code(), "E301");
  EXPECT_THAT(problems[0].reason(), HasSubstr(StrCat("127.0.0.1:", stranger.port())));
  EXPECT_THAT(problems[0].reason(), HasSubstr(StrCat("(pid ", getpid(), ")")));
  EXPECT_EQ(deployment_->running(), nullptr);
}

TEST_F(DeploymentTest, NamesBothListenersThatAreOneAddress) {
  uint16_t port = FreePort();
  ASSERT_TRUE(ApplyListener(*deployment_, "shop/gw/http", port).empty());
  snapshot::Delta delta{
      {snapshot::testing::Listener("shop/other/http", StrCat("port: ", port, " addresses: '127.0.0.1'"))}, {}, {}};
  std::vector<ResourceProblem> problems = deployment_->Apply(delta, Deployment::Start::kRunning);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].name(), "shop/other/http");
  EXPECT_THAT(problems[0].reason(), HasSubstr("shop/gw/http"));
}

TEST_F(DeploymentTest, ServesAGenerationOnAllWorkersAndGivesTheOneBeforeBack) {
  uint16_t first = FreePort(), second = FreePort();
  ASSERT_TRUE(ApplyListener(*deployment_, "shop/gw/http", first).empty());
  EXPECT_THAT(Get(first, "x", "/"), StartsWith("HTTP/1.1 404"));
  ASSERT_TRUE(ApplyListener(*deployment_, "shop/gw/http", second).empty());
  EXPECT_THAT(Get(second, "x", "/"), StartsWith("HTTP/1.1 404"));
  EXPECT_TRUE(Eventually([&] { return ConnectTo(first) == -1; }));
  EXPECT_TRUE(Eventually([&] { return !deployment_->Reclaim(); }));
}

TEST_F(DeploymentTest, RefusesACertificateThatCannotBeUsedAndServesOn) {
  uint16_t port = FreePort(), secure = FreePort();
  ASSERT_TRUE(ApplyListener(*deployment_, "shop/gw/http", port).empty());
  TestCa ca;
  TestCertificate good = ca.Issue(TestCertificateOptions{.names = {"DNS:a.test"}});
  TestCertificate other = ca.Issue(TestCertificateOptions{.names = {"DNS:a.test"}});
  auto https = [&](const std::string& key) {
    return snapshot::Delta{{snapshot::testing::Secret("shop/cert", {{"tls.crt", good.cert}, {"tls.key", key}}),
                            snapshot::testing::Listener("shop/gw/https", StrCat("protocol: HTTPS port: ", secure,
                                                                                " tls { certificates: 'shop/cert' }"))},
                           {},
                           {}};
  };
  std::vector<ResourceProblem> problems = deployment_->Apply(https(other.key), Deployment::Start::kRunning);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].code(), "E303");
  EXPECT_EQ(problems[0].type_url(), snapshot::kSecretType);
  EXPECT_EQ(problems[0].name(), "shop/cert");
  EXPECT_EQ(problems[0].field_path(), "data.tls.key");
  EXPECT_EQ(problems[0].reason(), "key does not match certificate");
  EXPECT_EQ(ConnectTo(secure), -1);
  EXPECT_THAT(Get(port, "x", "/"), StartsWith("HTTP/1.1 404"));
  EXPECT_TRUE(deployment_->Apply(https(good.key), Deployment::Start::kRunning).empty());
  EXPECT_NE(deployment_->Lease()->tls.FindServer("shop/gw/https"), nullptr);
  EXPECT_THAT(Get(port, "x", "/"), StartsWith("HTTP/1.1 404"));
}

// Bytes of a penstock.xds.v1.TicketKeys whose current key is called 16 times NAME.
std::string TicketKeysNamed(char name) {
  xds::v1::TicketKeys keys;
  for (auto* key : {keys.mutable_current(), keys.mutable_next()}) {
    key->set_name(std::string(16, name));
    key->set_cipher(std::string(32, 'c'));
    key->set_mac(std::string(32, 'm'));
  }
  keys.set_sealing_since_unix_ms(1'767'225'600'000);
  return keys.SerializeAsString();
}

TEST_F(DeploymentTest, TakesTicketKeysWithoutAGenerationAndWithoutMakingContextsAnew) {
  EXPECT_EQ(registry_.process().ticket_key_since.Read(), 0);
  ASSERT_TRUE(deployment_->InstallTicketKeys(TicketKeysNamed('a')).empty()) << "before the first generation";
  TestCa ca;
  TestCertificate certificate = ca.Issue(TestCertificateOptions{.names = {"DNS:a.test"}});
  snapshot::Delta https{
      {snapshot::testing::Secret("shop/cert", {{"tls.crt", certificate.cert}, {"tls.key", certificate.key}}),
       snapshot::testing::Listener("shop/gw/https",
                                   StrCat("protocol: HTTPS port: ", FreePort(), " tls { certificates: 'shop/cert' }"))},
      {},
      {}};
  ASSERT_TRUE(deployment_->Apply(https, Deployment::Start::kEmpty).empty());
  const snapshot::Snapshot* running = deployment_->running();
  std::shared_ptr<const tls::ServerContext> context = *deployment_->Lease()->tls.FindServer("shop/gw/https");
  EXPECT_TRUE(deployment_->InstallTicketKeys(TicketKeysNamed('b')).empty());
  EXPECT_EQ(deployment_->running(), running);
  EXPECT_EQ(*deployment_->Lease()->tls.FindServer("shop/gw/https"), context);
  EXPECT_EQ(registry_.process().generations_served.Read(), 1u);
  EXPECT_EQ(registry_.process().ticket_key_since.Read(), 1'767'225'600'000'000'000);
}

TEST_F(DeploymentTest, RefusesTicketKeysThatAreNoneWithoutSayingWhatTheyHold) {
  std::string bytes = TicketKeysNamed('x');
  bytes.resize(bytes.size() - 40);
  std::vector<ResourceProblem> problems = deployment_->InstallTicketKeys(bytes);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].code(), "E201");
  EXPECT_EQ(problems[0].reason(), "the bytes are no message of this type");
  EXPECT_EQ(registry_.process().ticket_key_since.Read(), 0) << "its own key goes on";
}

// Everything until the end of a head, by blocking reads.
std::string ReadHead(int fd) {
  std::string head;
  char byte;
  while (!head.ends_with("\r\n\r\n") && recv(fd, &byte, 1, 0) == 1) head += byte;
  return head;
}

bool Carries(int from, int to, std::string_view text) {
  std::string got(text.size(), '\0');
  bool sent = send(from, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  return sent && recv(to, got.data(), got.size(), MSG_WAITALL) == static_cast<ssize_t>(got.size()) && got == text;
}

TEST_F(DeploymentTest, NoOldGenerationStaysAliveForTheTunnelsOnItsWorkers) {
  namespace t = snapshot::testing;
  uint16_t port = FreePort();
  io::Fd upstream = *io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {});
  ASSERT_EQ(fcntl(upstream.get(), F_SETFL, fcntl(upstream.get(), F_GETFL) & ~O_NONBLOCK), 0);
  uint16_t upstream_port = io::BoundAddress(upstream)->port();
  snapshot::Delta delta{
      {t::Listener("shop/gw/http", StrCat("port: ", port)), t::Cluster("up"),
       t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", upstream_port, " weight: 1 }")),
       t::Route(
           "shop/chat",
           "attachments { listener: 'shop/gw/http' } rules { matches { prefix: '/ws' } forward { clusters { cluster: "
           "'up' weight: 1 } upgrades: 'websocket' } }")},
      {},
      {}};
  ASSERT_TRUE(deployment_->Apply(delta, Deployment::Start::kEmpty).empty());
  constexpr std::string_view kAsk = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  constexpr std::string_view kSwitch =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  std::vector<std::pair<io::Fd, io::Fd>> tunnels;
  for (int i = 0; i < 8; ++i) {
    io::Fd client(ConnectTo(port));
    ASSERT_EQ(send(client.get(), kAsk.data(), kAsk.size(), MSG_NOSIGNAL), static_cast<ssize_t>(kAsk.size()));
    io::Fd server(accept4(upstream.get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_THAT(ReadHead(server.get()), HasSubstr("upgrade: websocket"));
    ASSERT_EQ(send(server.get(), kSwitch.data(), kSwitch.size(), MSG_NOSIGNAL), static_cast<ssize_t>(kSwitch.size()));
    EXPECT_THAT(ReadHead(client.get()), StartsWith("HTTP/1.1 101"));
    tunnels.emplace_back(std::move(client), std::move(server));
  }
  for (int i = 0; i < 1000; ++i) {
    snapshot::Delta change{
        {t::Route("shop/other", StrCat("attachments { listener: 'shop/gw/http' } rules { static_reply "
                                       "{ status: 200 body: '",
                                       i, "' } }"))},
        {},
        {}};
    ASSERT_TRUE(deployment_->Apply(change, Deployment::Start::kRunning).empty());
    if (i % 100 == 0) EXPECT_TRUE(Eventually([&] { return !deployment_->Reclaim(); })) << i;
  }
  EXPECT_TRUE(Eventually([&] { return !deployment_->Reclaim(); }));
  for (const auto& [client, server] : tunnels) {
    EXPECT_TRUE(Carries(client.get(), server.get(), "still"));
    EXPECT_TRUE(Carries(server.get(), client.get(), "here"));
  }
}

TEST_F(DeploymentTest, AWorkerThatCannotListenSaysWhereAndTakesItBack) {
  io::Fd no_socket(open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::vector<OpenedPlace> places;
  places.push_back({{"", 1}, std::move(no_socket), std::make_shared<downstream::PlaceLoad>(), nullptr});
  std::promise<std::vector<downstream::PlaceFailure>> answered;
  workers_[0]->Listen(std::move(places), [&](auto failures) { answered.set_value(std::move(failures)); });
  std::vector<downstream::PlaceFailure> failures = answered.get_future().get();
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].key, (snapshot::BindKey{"", 1}));
  workers_[0]->Withdraw();
  uint16_t port = FreePort();
  ASSERT_TRUE(ApplyListener(*deployment_, "shop/gw/http", port).empty());
  EXPECT_THAT(Get(port, "x", "/"), StartsWith("HTTP/1.1 404"));
}

}  // namespace
}  // namespace penstock::server
