// Whom a fetcher believes, and where it does not go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <fstream>

#include "dataplane/base/test_certificates.h"
#include "dataplane/fetch/test_server.h"
#include "dataplane/fetch/web_fetcher.h"

namespace penstock::fetch {
namespace {

using testing::HasSubstr;

class TrustTest : public testing::Test {
 protected:
  TestCertificate Issue(std::vector<std::string> names) {
    return ca_.Issue(TestCertificateOptions{.names = std::move(names)});
  }

  // How the first fetch from HOST ends: the body, or the problem.
  std::string Fetch(std::string_view host, const TestServer& server, std::string authorities,
                    std::string_view scheme = "https") {
    Request request{.uri = StrCat(scheme, "://", host, ":", server.port(), "/keys"),
                    .allow_private_addresses = true,
                    .authorities = std::move(authorities)};
    return Outcome(request);
  }
  std::string Outcome(const Request& request, WebFetcherOptions options = {}) {
    StatusOr<std::unique_ptr<WebFetcher>> fetcher = WebFetcher::Start(std::move(options));
    StatusOr<std::shared_ptr<Document>> document = (*fetcher)->Open(request);
    if (!document.ok()) return document.status().ToString();
    EXPECT_TRUE(Eventually([&] { return !(*document)->Pending(); }));
    Fetched latest = (*document)->Latest();
    return latest.body != nullptr ? *latest.body : (*document)->Problem();
  }

  TestCa ca_;
};

TEST_F(TrustTest, BelievesAServerOfTheNameThatTheAuthoritiesVouchFor) {
  TestCertificate certificate = Issue({"DNS:localhost"});
  TestServer server(Ok("keys"), &certificate);
  EXPECT_EQ(Fetch("localhost", server, ca_.cert()), "keys");
}

TEST_F(TrustTest, BelievesAnAddressThatIsInTheCertificate) {
  TestCertificate certificate = Issue({"IP:127.0.0.1"});
  TestServer server(Ok("keys"), &certificate);
  EXPECT_EQ(Fetch("127.0.0.1", server, ca_.cert()), "keys");
}

TEST_F(TrustTest, BelievesNoOtherAuthority) {
  TestCa stranger;
  TestCertificate certificate = Issue({"DNS:localhost"});
  TestServer server(Ok("keys"), &certificate);
  EXPECT_THAT(Fetch("localhost", server, stranger.cert()), HasSubstr("TLS: certificate verify failed"));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(TrustTest, BelievesNoOtherName) {
  TestCertificate certificate = Issue({"DNS:other.example", "IP:192.0.2.1"});
  TestServer server(Ok("keys"), &certificate);
  EXPECT_THAT(Fetch("localhost", server, ca_.cert()),
              testing::AllOf(HasSubstr(StrCat("localhost:", server.port(), ": TLS: ")), HasSubstr("ostname mismatch")));
  EXPECT_THAT(Fetch("127.0.0.1", server, ca_.cert()), HasSubstr("IP address mismatch"));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(TrustTest, TakesNoNameForAnAddress) {
  TestCertificate certificate = Issue({"DNS:127.0.0.1"});
  TestServer server(Ok("keys"), &certificate);
  EXPECT_THAT(Fetch("127.0.0.1", server, ca_.cert()), HasSubstr("IP address mismatch"));
}

TEST_F(TrustTest, BelievesNoCertificateOfThePast) {
  TestCertificate certificate = ca_.Issue(TestCertificateOptions{
      .names = {"DNS:localhost"}, .begins = -std::chrono::hours(2), .ends = -std::chrono::hours(1)});
  TestServer server(Ok("keys"), &certificate);
  EXPECT_THAT(Fetch("localhost", server, ca_.cert()), HasSubstr("certificate has expired"));
}

TEST_F(TrustTest, SpeaksNothingButTlsToHttps) {
  TestServer server(Ok("keys"));
  EXPECT_THAT(Fetch("localhost", server, ca_.cert()), HasSubstr("TLS: "));
}

TEST_F(TrustTest, TakesTheSystemsAuthoritiesIfTheRequestNamesNone) {
  TestCertificate certificate = Issue({"DNS:localhost"});
  TestServer server(Ok("keys"), &certificate);
  std::string file = testing::TempDir() + "authorities.pem";
  std::ofstream(file) << ca_.cert();
  Request request{
      .uri = StrCat("https://localhost:", server.port()), .allow_private_addresses = true, .authorities = ""};
  WebFetcherOptions options;
  options.authorities = file;
  EXPECT_EQ(Outcome(request, options), "keys");
  remove(file.c_str());
  EXPECT_THAT(Outcome(request, options), HasSubstr("NOT_FOUND"));
}

TEST_F(TrustTest, RefusesAuthoritiesThatAreNone) {
  Request request{.uri = "https://idp.example/keys", .authorities = "nobody"};
  EXPECT_THAT(Outcome(request), testing::StartsWith("INVALID_ARGUMENT: idp.example: authorities: "));
}

TEST_F(TrustTest, GoesToNoPrivateAddressUnlessItMay) {
  TestCertificate certificate = Issue({"DNS:localhost", "IP:127.0.0.1"});
  TestServer server(Ok("keys"), &certificate);
  for (std::string_view host : {"localhost", "127.0.0.1", "[::ffff:127.0.0.1]"}) {
    Request request{.uri = StrCat("https://", host, ":", server.port()), .authorities = ca_.cert()};
    EXPECT_EQ(Outcome(request),
              StrCat(host, ":", server.port(), ": resolves to a private address; allowPrivateAddresses"));
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(TrustTest, DoesWithoutTlsOnlyWherePrivateAddressesAreAllowed) {
  TestServer server(Ok("keys"));
  EXPECT_EQ(Fetch("localhost", server, "", "http"), "keys");
  Request request{.uri = StrCat("http://localhost:", server.port()), .authorities = ""};
  EXPECT_THAT(Outcome(request), testing::StartsWith("INVALID_ARGUMENT: "));
  EXPECT_EQ(server.connections(), 1);
}

}  // namespace
}  // namespace penstock::fetch
