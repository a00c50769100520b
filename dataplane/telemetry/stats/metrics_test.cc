#include "dataplane/telemetry/stats/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace penstock::telemetry {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

std::string Scrape(const Registry& registry) {
  Collector collector(registry);
  return MetricsText({&collector});
}

TEST(Metrics, AddUpTheWorkers) {
  Registry registry({2, 2000, {"no_route"}});
  auto set = registry.Update(nullptr, {{"gw"}, {{"gw", "users"}}, {"backend"}}, {});
  set->Route(0, "gw", "users").requests.Add(200);
  set->Route(1, "gw", "users").requests.Add(204);
  set->Route(1, "gw", "users").requests.Add(0);
  set->Route(0, "gw", "users").duration.Observe(milliseconds(3));
  set->Route(1, "gw", "users").duration.Observe(milliseconds(7));
  registry.worker(1).local_replies[0].Add();
  std::string text = Scrape(registry);
  EXPECT_THAT(text, HasSubstr(R"(penstock_requests_total{listener="gw",route="users",code_class="2xx"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(penstock_requests_total{listener="gw",route="users",code_class="none"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(penstock_request_duration_seconds_count{listener="gw",route="users"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(penstock_request_duration_seconds_sum{listener="gw",route="users"} 0.01)"));
  EXPECT_THAT(text, HasSubstr(R"(_bucket{listener="gw",route="users",le="0.005"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(_bucket{listener="gw",route="users",le="+Inf"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(penstock_local_replies_total{reason="no_route"} 1)"));
}

TEST(Metrics, CountUpgradesByTheProtocolsThatHaveANameHere) {
  Registry registry({2, 2000, {}});
  auto set = registry.Update(nullptr, {{"gw"}, {}, {}}, {});
  set->Listener(0, "gw").connections_opened.Add();
  set->Listener(0, "gw").tunnels_active.Add(2);
  set->Listener(1, "gw").tunnels_active.Add(-1);
  set->Listener(0, "gw").upgrades.Add("websocket");
  set->Listener(1, "gw").upgrades.Add("websocket");
  std::string text = Scrape(registry);
  EXPECT_THAT(text, HasSubstr(R"(penstock_tunnels_active{listener="gw"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(penstock_upgrades_total{listener="gw",protocol="websocket"} 2)"));
  EXPECT_THAT(text, Not(HasSubstr(R"(protocol="other")")));
  set->Listener(1, "gw").upgrades.Add("my-own");
  EXPECT_THAT(Scrape(registry), HasSubstr(R"(penstock_upgrades_total{listener="gw",protocol="other"} 1)"));
}

TEST(Metrics, CountCallsOfGrpcByTheirStatus) {
  Registry registry({2, 2000, {}});
  auto set = registry.Update(nullptr, {{"gw"}, {{"gw", "orders"}, {"gw", "users"}}, {}}, {});
  for (int worker : {0, 1}) {
    RouteCells& cells = set->Route(worker, "gw", "orders");
    cells.requests.Add(200);
    cells.grpc_calls.Add(14);
  }
  set->Route(0, "gw", "orders").grpc_calls.Add(GrpcCounter::kNone);
  set->Route(0, "gw", "users").requests.Add(200);
  std::string text = Scrape(registry);
  EXPECT_THAT(text, HasSubstr(R"(penstock_grpc_calls_total{listener="gw",route="orders",grpc_status="14"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(penstock_grpc_calls_total{listener="gw",route="orders",grpc_status="none"} 1)"));
  EXPECT_THAT(text, Not(HasSubstr(R"(penstock_grpc_calls_total{listener="gw",route="users")")));
}

TEST(Metrics, LeaveOutLabelSetsThatWereNeverUsed) {
  Registry registry({1, 2000, {}});
  auto set = registry.Update(nullptr, {{"gw"}, {{"gw", "idle"}}, {"backend"}}, {});
  EXPECT_THAT(Scrape(registry), Not(HasSubstr("idle")));
}

TEST(Metrics, ShowTheHandshakesOfAListenerWhoseConnectionsCountForAnother) {
  Registry registry({1, 2000, {}});
  auto set = registry.Update(nullptr, {{"a", "b", "c"}, {}, {}}, {});
  set->Listener(0, "a").tls_handshakes.Add();
  set->Listener(0, "b").tls_failures.Add(TlsFailure::kAlpn);
  std::string text = Scrape(registry);
  EXPECT_THAT(text, HasSubstr(R"(penstock_tls_handshakes_total{listener="a"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(penstock_tls_handshake_failures_total{listener="b",cause="alpn"} 1)"));
  EXPECT_THAT(text, Not(HasSubstr("listener=\"c\"")));
}

TEST(Metrics, SayHowOldTheConfigurationIs) {
  Registry registry({1, 2000, {}});
  EXPECT_THAT(Scrape(registry), HasSubstr("penstock_config_age_seconds 0"));
}

TEST(Metrics, SayWhetherNewConnectionsAreWelcome) {
  Registry registry({1, 2000, {}});
  EXPECT_THAT(Scrape(registry), HasSubstr("penstock_ready 0\n"));
  registry.process().generations_served.Add();
  EXPECT_THAT(Scrape(registry), HasSubstr("penstock_ready 1\n"));
  registry.process().draining.Set(1);
  EXPECT_THAT(Scrape(registry), HasSubstr("penstock_ready 0\n"));
}

TEST(Metrics, CountFetchesByTheirResult) {
  Registry registry({1, 2000, {}});
  registry.process().fetches.Add(3);
  registry.process().fetch_failures.Add();
  std::string text = Scrape(registry);
  EXPECT_THAT(text, HasSubstr("penstock_fetches_total{result=\"ok\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("penstock_fetches_total{result=\"failed\"} 1\n"));
}

TEST(Metrics, SayUntilWhenCertificatesAreGood) {
  CertificateCollector collector({{"shop/web", 1'800'000'000}, {"shop/me", 1'790'000'000}});
  std::string text = MetricsText({&collector});
  EXPECT_THAT(text, HasSubstr("penstock_certificate_not_after_seconds{secret=\"shop/web\"} 1800000000\n"));
  EXPECT_THAT(text, HasSubstr("penstock_certificate_not_after_seconds{secret=\"shop/me\"} 1790000000\n"));
  EXPECT_EQ(MetricsText({}), "");
}

TEST(Metrics, TellOfTooManyCertificatesThoseThatEndFirst) {
  std::vector<CertificateCollector::End> ends;
  for (size_t i = 0; i < CertificateCollector::kMostCertificates; ++i) ends.push_back({std::to_string(i), 2000});
  ends.push_back({"first", 1000});
  CertificateCollector collector(ends);
  std::vector<prometheus::MetricFamily> families = collector.Collect();
  ASSERT_EQ(families[0].metric.size(), CertificateCollector::kMostCertificates);
  EXPECT_EQ(families[0].metric[0].label[0].value, "first");
}

TEST(Metrics, ShowTheProcess) {
  ProcessCollector collector;
  std::string text = MetricsText({&collector});
  EXPECT_THAT(text, HasSubstr("process_resident_memory_bytes "));
  EXPECT_THAT(text, HasSubstr("process_start_time_seconds 1"));
}

TEST(Metrics, EscapeLabelValues) {
  Registry registry({1, 2000, {}});
  auto set = registry.Update(nullptr, {{}, {}, {"a\"b\\c\nd"}}, {});
  set->Cluster(0, "a\"b\\c\nd").requests.Add(200);
  EXPECT_THAT(Scrape(registry), HasSubstr(R"(cluster="a\"b\\c\nd")"));
}

// docs/metrics.md is made by this test: PENSTOCK_WRITE_DOCS=$PWD/docs/metrics.md bazel run
// //dataplane/telemetry/stats:metrics_test
TEST(Metrics, AreDocumented) {
  if (const char* path = std::getenv("PENSTOCK_WRITE_DOCS")) std::ofstream(path) << MetricsDocs();
  std::ifstream file("docs/metrics.md");
  std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(page, MetricsDocs());
}

}  // namespace
}  // namespace penstock::telemetry
