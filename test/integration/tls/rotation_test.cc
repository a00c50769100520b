// Certificates that change while workers answer clients.
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "dataplane/base/strings.h"
#include "dataplane/base/test_certificates.h"
#include "dataplane/server/deployment.h"
#include "dataplane/server/testing.h"
#include "dataplane/snapshot/testing.h"
#include "dataplane/tls/ca_bundle.h"
#include "dataplane/tls/openssl.h"

namespace penstock::test {
namespace {

namespace t = snapshot::testing;

constexpr int kWorkers = 2;
constexpr int kRotations = 30;
constexpr char kListener[] = "shop/web/https";

// A client of the TLS library alone, on a blocking socket.
class Client {
 public:
  Client(uint16_t port, const std::string& ca)
      : fd_(server::ConnectTo(port)), context_(SSL_CTX_new(TLS_client_method())) {
    StatusOr<tls::Certificates> trusted = tls::ReadCertificates(ca, 1);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), (*trusted)[0].get());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_tlsext_host_name(ssl_.get(), "a.test");
    SSL_set1_host(ssl_.get(), "a.test");
    SSL_set_fd(ssl_.get(), fd_);
    secure_ = SSL_connect(ssl_.get()) == 1;
  }
  ~Client() { close(fd_); }

  bool secure() const { return secure_; }
  // The common name of the certificate that it was shown.
  std::string shown() const {
    X509* certificate = SSL_get0_peer_certificate(ssl_.get());
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    return name;
  }
  // Sends a request; the status line that comes back.
  std::string Ask() {
    constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    if (SSL_write(ssl_.get(), kRequest.data(), kRequest.size()) <= 0) return "";
    std::string answer;
    while (!answer.ends_with("\r\n\r\n")) {
      char byte;
      if (SSL_read(ssl_.get(), &byte, 1) != 1) return answer;
      answer += byte;
    }
    return answer.substr(0, answer.find('\r'));
  }

 private:
  const int fd_;
  tls::SslContextPtr context_;
  tls::SslPtr ssl_;
  bool secure_ = false;
};

class RotationTest : public ::testing::Test {
 protected:
  RotationTest()
      : registry_({.workers = kWorkers, .max_series = 100, .reasons = {}}),
        access_log_(*telemetry::AccessLog::Open({""}, registry_)),
        limits_(kWorkers) {
    server::WorkerShared shared{registry_, *access_log_, limits_, connections_};
    for (int i = 0; i < kWorkers; ++i) workers_.push_back(*server::Worker::Start(shared, i, 0));
    deployment_ = std::make_unique<server::Deployment>(workers_, downstream::ListenSet(kWorkers, "127.0.0.1"),
                                                       registry_, nullptr, log_, clock_);
  }
  ~RotationTest() override {
    workers_.clear();
    deployment_.reset();
  }

  void Begin() {
    std::vector<snapshot::ResourceProblem> problems = deployment_->Apply(
        {{Certificate("the first"),
          t::Listener(kListener, StrCat("protocol: HTTPS port: ", port_, " tls { certificates: 'shop/cert' }")),
          t::Route("shop/all", StrCat("attachments { listener: '", kListener,
                                      "' } rules { matches { prefix: '/' } static_reply { status: 204 } }"))},
         {},
         {}},
        server::Deployment::Start::kEmpty);
    ASSERT_TRUE(problems.empty()) << t::Text(problems);
  }
  void Rotate(const std::string& subject) {
    std::vector<snapshot::ResourceProblem> problems =
        deployment_->Apply({{Certificate(subject)}, {}, {}}, server::Deployment::Start::kRunning);
    ASSERT_TRUE(problems.empty()) << t::Text(problems);
  }
  snapshot::Resource Certificate(const std::string& subject) {
    TestCertificateOptions options;
    options.subject = subject;
    options.names = {"DNS:a.test"};
    TestCertificate made = ca_.Issue(options);
    return t::Secret("shop/cert", {{"tls.crt", made.cert}, {"tls.key", made.key}});
  }

  TestCa ca_;
  const uint16_t port_ = server::FreePort();
  telemetry::Registry registry_;
  std::unique_ptr<telemetry::AccessLog> access_log_;
  upstream::ProcessLimits limits_;
  downstream::ConnectionLimit connections_{100};
  telemetry::Log log_{telemetry::LogLevel::kError};
  SystemClock clock_;
  std::vector<std::unique_ptr<server::Worker>> workers_;
  std::unique_ptr<server::Deployment> deployment_;
};

TEST_F(RotationTest, FailsNoHandshakeAndNoRequestAndEndsNoConnection) {
  Begin();
  Client before(port_, ca_.cert());
  ASSERT_TRUE(before.secure());
  EXPECT_EQ(before.Ask(), "HTTP/1.1 204 No Content");
  std::atomic<int> answered{0}, failed{0};
  std::atomic<bool> stop{false};
  std::thread clients([&] {
    while (!stop) {
      Client client(port_, ca_.cert());
      bool good = client.secure() && client.Ask() == "HTTP/1.1 204 No Content";
      ++(good ? answered : failed);
    }
  });
  for (int i = 0; i < kRotations; ++i) {
    int seen = answered + failed;
    Rotate(StrCat("rotation ", i));
    // Whoever comes after Apply has returned is shown the new one, on every worker.
    Client after(port_, ca_.cert());
    EXPECT_EQ(after.shown(), StrCat("rotation ", i));
    EXPECT_TRUE(server::Eventually([&] { return answered + failed > seen; })) << "clients come all the while";
  }
  stop = true;
  clients.join();
  EXPECT_EQ(failed, 0);
  EXPECT_GE(answered, kRotations);
  EXPECT_EQ(before.Ask(), "HTTP/1.1 204 No Content") << "the connection of the first certificate lives";
  EXPECT_EQ(before.shown(), "the first");
}

}  // namespace
}  // namespace penstock::test
