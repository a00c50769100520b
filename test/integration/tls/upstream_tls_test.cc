// Upstreams that speak TLS: a gateway between a client in cleartext and real servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/base/test_certificates.h"
#include "dataplane/server/testing.h"
#include "test/integration/tls/server_process.h"

namespace penstock::test {
namespace {

namespace t = snapshot::testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const char kListener[] = "shop/web/http";

class UpstreamTlsTest : public ::testing::Test {
 protected:
  UpstreamTlsTest() {
    gateway.ChoosePort();
    WriteCertificate(ca, "server");
    folder.Write("clients.pem", clients_ca.cert());
  }

  // FOLDER/NAME.crt and .key, issued by ISSUER for a.test.
  void WriteCertificate(const TestCa& issuer, const std::string& name) {
    TestCertificate made = issuer.Issue(TestCertificateOptions{.names = {"DNS:a.test"}});
    folder.Write(name + ".crt", made.cert);
    folder.Write(name + ".key", made.key);
  }
  // Forwards everything to PORT by a cluster that says this.
  void Serve(const std::string& cluster) {
    TestCertificate& mine = certificate;
    gateway.Serve({t::Secret("shop/ca", {{"ca.crt", ca.cert()}}),
                   t::Secret("shop/me", {{"tls.crt", mine.cert}, {"tls.key", mine.key}}),
                   t::Listener(kListener, StrCat("port: ", gateway.port(), " client { reason_header: true }")),
                   t::Cluster("up", cluster),
                   t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", port, " weight: 1 }")),
                   t::Route("shop/all", StrCat("attachments { listener: '", kListener,
                                               "' } rules { matches { prefix: '/' } forward { clusters { cluster: 'up' "
                                               "weight: 1 } } }"))});
  }
  std::string Get(const std::string& path = "/") {
    return gateway.Send(StrCat("GET ", path, " HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"));
  }
  telemetry::ClusterCells& Cells() { return gateway.proxy().stats.Cluster("up"); }

  // NGINX that speaks both protocols and says what the handshake was. MORE: of the server.
  ServerProcess Nginx(const std::string& more = "") {
    std::string config = folder.Write(
        "nginx.conf",
        StrCat("daemon off; master_process off; pid ", folder.Path("nginx.pid"), "; error_log stderr;\n",
               "events { worker_connections 64; }\nhttp { access_log off; client_body_temp_path ", folder.Path("body"),
               "; proxy_temp_path ", folder.Path("proxy"), "; fastcgi_temp_path ", folder.Path("fastcgi"),
               "; uwsgi_temp_path ", folder.Path("uwsgi"), "; scgi_temp_path ", folder.Path("scgi"),
               ";\nserver { listen 127.0.0.1:", port, " ssl http2; ssl_certificate ", folder.Path("server.crt"),
               "; ssl_certificate_key ", folder.Path("server.key"), "; ssl_protocols TLSv1.2 TLSv1.3; ", more,
               "\nlocation / { return 200 \"$server_protocol $ssl_protocol name=$ssl_server_name "
               "client=$ssl_client_s_dn reused=$ssl_session_reused.\"; }\n",
               "location /close { keepalive_timeout 0; return 200 \"reused=$ssl_session_reused.\"; } } }\n"));
    return ServerProcess(gateway, folder, "nginx", port, {"/usr/sbin/nginx", "-e", "stderr", "-c", config});
  }

  TestCa ca;
  TestCa clients_ca{"clients' CA"};
  TestCertificate certificate = clients_ca.Issue(TestCertificateOptions{.names = {"URI:spiffe://gw"}, .subject = "gw"});
  TestFolder folder;
  TestGateway gateway;
  const uint16_t port = server::FreePort();
};

TEST_F(UpstreamTlsTest, SpeaksBothVersionsWithOpenssl) {
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    ServerProcess server(gateway, folder, "openssl", port,
                         {"openssl", "s_server", "-accept", StrCat("127.0.0.1:", port), "-cert",
                          folder.Path("server.crt"), "-key", folder.Path("server.key"), version, "-www"});
    Serve("tls { hostname: 'a.test' ca: 'shop/ca' }");
    EXPECT_THAT(Get(), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("s_server"))) << version;
  }
  EXPECT_EQ(Cells().tls_handshakes.Read(), 2u);
}

TEST_F(UpstreamTlsTest, ShowsTheServerNameToNginxAndAgreesWithItOnAProtocol) {
  ServerProcess nginx = Nginx();
  Serve("tls { hostname: 'a.test' ca: 'shop/ca' }");
  EXPECT_THAT(Get(), HasSubstr("HTTP/1.1 TLSv1.3 name=a.test client= "));
  Serve("protocol: AUTO tls { hostname: 'a.test' ca: 'shop/ca' }");
  EXPECT_THAT(Get(), HasSubstr("HTTP/2.0 TLSv1.3 name=a.test"));
  Serve("protocol: HTTP2 tls { hostname: 'a.test' ca: 'shop/ca' }");
  EXPECT_THAT(Get(), HasSubstr("HTTP/2.0 TLSv1.3 name=a.test"));
}

TEST_F(UpstreamTlsTest, VerifiesNginxAndSaysWhyItDoesNotTrustIt) {
  ServerProcess nginx = Nginx();
  gateway.LogTo(folder.Path("access.log"));
  Serve("tls { hostname: 'b.test' ca: 'shop/ca' }");
  EXPECT_THAT(Get(), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("x-penstock-reason: upstream_tls_failed\r\n")));
  ASSERT_TRUE(gateway.RunUntil([&] { return folder.Read("access.log").ends_with("}\n"); }));
  EXPECT_THAT(folder.Read("access.log"), HasSubstr("\"reason\":\"upstream_tls_failed\",\"detail\":\"certificate verify "
                                                   "failed: hostname mismatch\""));
  Serve("tls { hostname: 'b.test' ca: 'shop/ca' subject_alt_names { type: DNS value: 'a.test' } }");
  EXPECT_THAT(Get(), HasSubstr("name=b.test"));
}

TEST_F(UpstreamTlsTest, ProvesToNginxWhoItIs) {
  ServerProcess nginx = Nginx(StrCat("ssl_verify_client on; ssl_client_certificate ", folder.Path("clients.pem"), ";"));
  for (const char* protocol : {"HTTP1", "HTTP2"}) {
    Serve(StrCat("protocol: ", protocol, " tls { hostname: 'a.test' ca: 'shop/ca' client_certificate: 'shop/me' }"));
    EXPECT_THAT(Get(), HasSubstr("client=CN=gw ")) << protocol;
  }
}

TEST_F(UpstreamTlsTest, ResumesSessionsOfNginx) {
  ServerProcess nginx = Nginx();
  for (const char* version : {"TLS_1_2", "TLS_1_3"}) {
    Serve(StrCat("tls { hostname: 'a.test' ca: 'shop/ca' min_version: ", version, " }"));
    EXPECT_THAT(Get("/close"), HasSubstr("reused=."));
    EXPECT_THAT(Get("/close"), HasSubstr("reused=r."));
    EXPECT_THAT(Get("/close"), HasSubstr("reused=r."));
  }
  EXPECT_EQ(Cells().tls_resumptions.Read(), 4u);
}

}  // namespace
}  // namespace penstock::test
