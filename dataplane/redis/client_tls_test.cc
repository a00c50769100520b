// A real server behind TLS.
#include <unistd.h>

#include <fstream>
#include <string>

#include "dataplane/base/strings.h"
#include "dataplane/redis/client.h"
#include "dataplane/redis/testing.h"
#include "dataplane/tls/testing.h"
#include "gtest/gtest.h"

namespace penstock::redis {
namespace {

class RedisClientTls : public testing::Test {
 protected:
  RedisClientTls() {
    TestCertificate certificate = ca_.Issue(TestCertificateOptions{.names = {"DNS:redis.test"}});
    std::string base = StrCat("/tmp/penstock-redis-tls-", getpid());
    cert_ = Write(base + ".crt", certificate.cert);
    key_ = Write(base + ".key", certificate.key);
    ca_file_ = Write(base + ".ca", ca_.cert());
    server_ = std::make_unique<RedisServer>(
        std::vector<std::string>{"--tls-port", std::to_string(port_), "--bind", "127.0.0.1", "--tls-cert-file", cert_,
                                 "--tls-key-file", key_, "--tls-ca-cert-file", ca_file_, "--tls-auth-clients", "no"});
  }
  ~RedisClientTls() override {
    for (const std::string& path : {cert_, key_, ca_file_}) unlink(path.c_str());
  }

  static std::string Write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
    return path;
  }

  // What PING gives to a client that expects HOSTNAME.
  std::string Ping(const std::string& hostname) {
    tls::ClientOptions asking;
    asking.hostname = hostname;
    asking.ca = {tls::BundleOf(ca_.cert())};
    ServerOptions options;
    options.address = *ServerAddress::Parse(StrCat("127.0.0.1:", port_));
    options.tls = *tls::ClientContext::Make(std::move(asking));
    Client client(*reactor_, std::move(options));
    const std::string_view arguments[] = {"PING"};
    StatusOr<Reply> reply = reactor_->BlockOn(client.Call(arguments, {}));
    reactor_->BlockOn(client.Stop());
    return reply.ok() ? reply->text : reply.status().ToString();
  }

  const std::uint16_t port_ = FreePort();
  TestCa ca_;
  std::string cert_, key_, ca_file_;
  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<io::Reactor> reactor_ = *io::Reactor::Create();
};

TEST_F(RedisClientTls, AsksAServerWhoseCertificateIsGoodForItsName) { EXPECT_EQ(Ping("redis.test"), "PONG"); }

TEST_F(RedisClientTls, RefusesAServerThatIsSomebodyElse) {
  std::string said = Ping("other.test");
  EXPECT_NE(said.find("UNAVAILABLE"), std::string::npos) << said;
  EXPECT_NE(said.find("TLS: "), std::string::npos) << said;
}

}  // namespace
}  // namespace penstock::redis
