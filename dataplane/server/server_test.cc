// The real binary with a generation from a file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataplane/base/status.h"
#include "dataplane/server/testing.h"
#include "dataplane/snapshot/generation_log.h"
#include "dataplane/snapshot/hash.h"
#include "proto/penstock/xds/v1/cluster.pb.h"
#include "proto/penstock/xds/v1/endpoints.pb.h"
#include "proto/penstock/xds/v1/generation.pb.h"
#include "proto/penstock/xds/v1/listener.pb.h"
#include "proto/penstock/xds/v1/route.pb.h"

namespace penstock::server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kBinary[] = "dataplane/server/penstock-dataplane";

template <typename Message>
snapshot::Resource ToResource(std::string_view type_url, const std::string& name, const Message& message) {
  std::string bytes = message.SerializeAsString();
  std::string version = snapshot::ResourceVersion(type_url, name, bytes);
  return {std::string(type_url), name, version, bytes};
}

// One listener at PORT for every host, with everything going to one endpoint.
std::string GenerationFile(uint16_t port, uint16_t upstream_port) {
  xds::v1::Listener listener;
  listener.set_name("shop/gw/http");
  listener.set_port(port);
  listener.set_protocol(xds::v1::Listener::HTTP);
  xds::v1::Cluster cluster;
  cluster.set_name("backend/shop/all");
  cluster.mutable_eds();
  xds::v1::Endpoints endpoints;
  endpoints.set_cluster(cluster.name());
  endpoints.set_epoch(1);
  auto* endpoint = endpoints.add_endpoints();
  endpoint->set_address("127.0.0.1");
  endpoint->set_port(upstream_port);
  endpoint->set_weight(1);
  xds::v1::Route route;
  route.set_name("shop/all");
  route.add_attachments()->set_listener(listener.name());
  auto* rule = route.add_rules();
  rule->add_matches()->set_prefix("/api");
  auto* backend = rule->mutable_forward()->add_clusters();
  backend->set_cluster(cluster.name());
  backend->set_weight(1);

  std::vector<snapshot::Resource> resources = {
      ToResource(snapshot::kListenerType, listener.name(), listener),
      ToResource(snapshot::kClusterType, cluster.name(), cluster),
      ToResource(snapshot::kRouteType, route.name(), route),
      ToResource(snapshot::kEndpointsType, cluster.name(), endpoints),
  };
  xds::v1::Generation generation;
  generation.set_epoch(1);
  generation.set_number(7);
  uint64_t hash = 0;
  for (const snapshot::Resource& resource : resources) {
    if (!snapshot::CountsInGeneration(resource.type_url)) continue;
    hash += snapshot::ResourceHash(resource.type_url, resource.name, resource.version);
    ++(*generation.mutable_counts())[resource.type_url];
  }
  generation.set_hash(hash);
  return snapshot::EncodeGeneration(resources, generation);
}

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/penstock-XXXXXX";
    dir_ = mkdtemp(folder);
    port_ = FreePort();
    metrics_port_ = FreePort();
    WriteFile(dir_ + "/generation", GenerationFile(port_, upstream_.port()));
  }
  void TearDown() override {
    if (HasFailure()) std::cerr << ReadFile(dir_ + "/log") << ReadFile(dir_ + "/access");
    for (const char* name : {"/generation", "/log", "/access", "/access.1", "/admin"}) unlink((dir_ + name).c_str());
    rmdir(dir_.c_str());
  }

  std::vector<std::string> Arguments(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {kBinary,
                                          "--generation=" + dir_ + "/generation",
                                          "--metrics-address=127.0.0.1:" + std::to_string(metrics_port_),
                                          "--admin-socket=" + dir_ + "/admin",
                                          "--access-log=" + dir_ + "/access",
                                          "--workers=2",
                                          "--drain-grace=300ms",
                                          "--drain-timeout=10s"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::string log() { return dir_ + "/log"; }
  bool Ready() { return Get(metrics_port_, "x", "/ready").find("200 OK") != std::string::npos; }

  std::string dir_;
  uint16_t port_ = 0;
  uint16_t metrics_port_ = 0;
  TestUpstream upstream_;
};

TEST_F(ServerTest, ServesRequestsCountsAndLogsThem) {
  TestProcess process(Arguments(), log());
  ASSERT_TRUE(Eventually([&] { return Ready(); }));
  EXPECT_THAT(Get(metrics_port_, "x", "/ready"), HasSubstr("serving generation 1.7"));

  std::string answer = Get(port_, "shop.example", "/api/users?id=7");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("asked: GET /api/users?id=7 HTTP/1.1"));
  EXPECT_THAT(Get(port_, "shop.example", "/other"), StartsWith("HTTP/1.1 404"));

  std::string metrics = Get(metrics_port_, "x", "/metrics");
  EXPECT_THAT(metrics,
              HasSubstr(R"(penstock_requests_total{listener="shop/gw/http",route="shop/all",code_class="2xx"} 1)"));
  EXPECT_THAT(metrics, HasSubstr(R"(penstock_requests_total{listener="shop/gw/http",route="",code_class="4xx"} 1)"));
  EXPECT_THAT(metrics, HasSubstr(R"(penstock_local_replies_total{reason="no_route"} 1)"));
  EXPECT_THAT(metrics, HasSubstr("penstock_generation_number 7"));
  EXPECT_THAT(metrics, HasSubstr("penstock_ready 1\n"));
  EXPECT_THAT(metrics, HasSubstr(R"(penstock_fetches_total{result="failed"} 0)"));
  EXPECT_THAT(metrics, HasSubstr(R"(penstock_upstream_requests_total{cluster="backend/shop/all",code_class="2xx"} 1)"));
  EXPECT_THAT(metrics, HasSubstr("process_resident_memory_bytes"));

  ASSERT_TRUE(Eventually([&] { return ReadFile(dir_ + "/access").find("no_route") != std::string::npos; }));
  std::string lines = ReadFile(dir_ + "/access");
  EXPECT_THAT(lines, HasSubstr(R"("generation":"1.7")"));
  EXPECT_THAT(lines, HasSubstr(R"("route":"shop/all","rule":0,"cluster":"backend/shop/all")"));
  EXPECT_THAT(lines, HasSubstr(R"("path":"/api/users?id=7","status":200)"));
}

TEST_F(ServerTest, ShowsOperatorsWhatRunsAndWhy) {
  TestProcess process(Arguments(), log());
  ASSERT_TRUE(Eventually([&] { return Ready(); }));
  std::string socket = dir_ + "/admin";
  struct stat info{};
  ASSERT_EQ(stat(socket.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_THAT(Page(socket, "GET", "/config"), HasSubstr("\"generation\": \"1.7\""));
  EXPECT_THAT(Page(socket, "GET", "/stats"), HasSubstr("\"ready\": true"));
  std::string explain =
      Page(socket, "POST", "/explain",
           "{\"host\": \"a.example\", \"path\": \"/api/x\", \"port\": " + std::to_string(port_) + "}");
  EXPECT_THAT(explain, HasSubstr("shop/all"));
  EXPECT_THAT(Page(socket, "POST", "/explain", "{\"hots\": 1}"), HasSubstr("unknown field \"hots\""));
  EXPECT_THAT(Page(socket, "POST", "/log-level", "debug\n"), HasSubstr("log level is debug"));
  EXPECT_THAT(Page(socket, "POST", "/log-level", "loud"), HasSubstr("400"));
  EXPECT_THAT(Get(metrics_port_, "x", "/config"), HasSubstr("404")) << "not for the public";
}

TEST_F(ServerTest, DrainsWithoutALoss) {
  TestProcess process(Arguments(), log());
  ASSERT_TRUE(Eventually([&] { return Ready(); }));
  int kept = ConnectTo(port_);
  EXPECT_THAT(SendAndReadOne(kept, "GET /api/a HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  std::string slow = "GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_EQ(send(kept, slow.data(), slow.size(), MSG_NOSIGNAL), static_cast<ssize_t>(slow.size()));
  SleepMs(100);
  process.Signal(SIGTERM);
  EXPECT_TRUE(Eventually([&] { return Get(metrics_port_, "x", "/ready").find("draining") != std::string::npos; }));
  EXPECT_THAT(Get(metrics_port_, "x", "/metrics"), HasSubstr("penstock_ready 0\n"));
  EXPECT_THAT(Get(port_, "x", "/api/new"), StartsWith("HTTP/1.1 200")) << "within the grace new connections are served";
  EXPECT_THAT(SendAndReadAll(kept, ""), HasSubstr("asked: GET /api/slow"));
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_EQ(ConnectTo(port_), -1);
}

TEST_F(ServerTest, EndsAtOnceAtASecondSignal) {
  TestProcess process(Arguments({"--drain-grace=1h"}), log());
  ASSERT_TRUE(Eventually([&] { return Ready(); }));
  process.Signal(SIGTERM);
  EXPECT_TRUE(Eventually([&] { return !Ready(); }));
  process.Signal(SIGINT);
  EXPECT_EQ(process.Wait(), 1);
}

TEST_F(ServerTest, ReopensTheAccessLogOnSighup) {
  TestProcess process(Arguments(), log());
  ASSERT_TRUE(Eventually([&] { return Ready(); }));
  ASSERT_EQ(rename((dir_ + "/access").c_str(), (dir_ + "/access.1").c_str()), 0);
  process.Signal(SIGHUP);
  EXPECT_TRUE(Eventually([&] { return access((dir_ + "/access").c_str(), F_OK) == 0; }));
  Get(port_, "x", "/api/after");
  EXPECT_TRUE(Eventually([&] { return ReadFile(dir_ + "/access").find("/api/after") != std::string::npos; }));
}

TEST_F(ServerTest, NamesWhoHasAPortThatIsTaken) {
  TestProcess first(Arguments(), log());
  ASSERT_TRUE(Eventually([&] { return Ready(); }));
  metrics_port_ = FreePort();
  TestProcess second(Arguments({"--admin-socket="}), dir_ + "/access.1");
  EXPECT_EQ(second.Wait(), 1);
  std::string said = ReadFile(dir_ + "/access.1");
  EXPECT_THAT(said, HasSubstr("127.0.0.1:" + std::to_string(port_)));
  EXPECT_THAT(said, HasSubstr("(pid " + std::to_string(first.pid()) + ")"));
}

TEST_F(ServerTest, RefusesAFileThatIsNoGeneration) {
  WriteFile(dir_ + "/generation", "listeners:\n- http\n");
  TestProcess process(Arguments(), log());
  EXPECT_EQ(process.Wait(), 1);
  EXPECT_THAT(ReadFile(log()), HasSubstr("is not a generation that penstock compile wrote"));
}

TEST_F(ServerTest, SaysWhichFlagIsWrong) {
  TestProcess process({kBinary}, log());
  EXPECT_EQ(process.Wait(), 2);
  EXPECT_THAT(ReadFile(log()), HasSubstr("--control-plane: give HOST:PORT"));
}

}  // namespace
}  // namespace penstock::server
