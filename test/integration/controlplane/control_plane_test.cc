#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <random>
#include <thread>

#include "test/integration/controlplane/control_plane_process.h"
#include "test/integration/controlplane/delta_client.h"

namespace penstock::test {
namespace {

using management::v1::Outcome;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kGateway[] = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: shop}
spec:
  gatewayClassName: default
  listeners:
  - {name: http, protocol: HTTP, port: 8080}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: users}
spec: {endpoints: [{address: 127.0.0.1, port: 8081}]}
)";

std::string RouteYaml(const std::string& name, const std::string& path) {
  return R"(
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: )" +
         name + R"(}
spec:
  parentRefs: [{name: shop}]
  rules:
  - matches: [{path: {type: PathPrefix, value: )" +
         path + R"(}}]
    backendRefs: [{name: users}]
)";
}

management::v1::ApplyOptions NoWait() {
  management::v1::ApplyOptions options;
  options.mutable_change()->set_wait(management::v1::NONE);
  return options;
}

class ControlPlaneTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(process_.Start()) << process_.output(); }

  DeltaClient DataPlane(const std::string& id) {
    return DeltaClient(process_.address(), pki_.ClientCredentials(cli::DataPlaneIdentity(id), "dataplane-" + id), id);
  }
  Operator Ada() { return Operator(process_, pki_, "ada"); }

  // Applies and lets `client` take what comes; the outcome.
  ChangeAnswer ApplyWith(DeltaClient& client, const std::string& yaml) {
    ChangeAnswer answer;
    std::thread applying([&] { answer = Ada().Apply(yaml); });
    if (client.Receive().has_value()) client.Accept();
    applying.join();
    return answer;
  }

  Pki pki_;
  ControlPlaneProcess process_{pki_};
};

TEST_F(ControlPlaneTest, StreamsAnAppliedChangeAndReportsWhoServesIt) {
  DeltaClient client = DataPlane("edge-a");
  client.Subscribe();
  while (Ada().Status().replicas().empty()) std::this_thread::yield();
  const ChangeAnswer answer = ApplyWith(client, kGateway + RouteYaml("users", "/users"));
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.outcome().code(), Outcome::OK) << answer.outcome().message();
  EXPECT_EQ(answer.outcome().message(), "served by 1/1 replicas");
  EXPECT_EQ(answer.stored().generation(), 1u);
  EXPECT_EQ(answer.stored().objects(), 3u);
  EXPECT_THAT(client.Held("Route"), ElementsAre("default/users"));
  EXPECT_THAT(client.Held("Listener"), ElementsAre("default/shop/http"));
  EXPECT_EQ(client.Held("Cluster").size(), 1u);
  EXPECT_EQ(client.Held("Endpoints").size(), 1u);

  const auto status = Ada().Status();
  ASSERT_EQ(status.replicas_size(), 1);
  EXPECT_EQ(status.replicas(0).served_generation(), 1u);
  EXPECT_EQ(status.replicas(0).state(), "serving");
  EXPECT_EQ(status.groups(0).state(), "converged");
  EXPECT_EQ(Ada().History()[0].result(), "served 1/1");
  EXPECT_EQ(Ada().History()[0].author(), "spiffe://penstock/operator/ada");
}

TEST_F(ControlPlaneTest, SendsOnlyWhatChanged) {
  ASSERT_EQ(Ada().Apply(kGateway + RouteYaml("users", "/users") + RouteYaml("other", "/other")).outcome().code(),
            Outcome::OK);
  DeltaClient client = DataPlane("edge-a");
  client.Subscribe();
  ASSERT_TRUE(client.Receive().has_value());
  client.Accept();
  Ada().Apply(RouteYaml("users", "/u"), NoWait());
  auto change = client.Receive();
  ASSERT_TRUE(change.has_value());
  EXPECT_THAT(change->changed, ElementsAre("Route default/users"));
  EXPECT_LT(change->bytes, 2048u);
  EXPECT_EQ(change->generation.number(), 2u);
}

TEST_F(ControlPlaneTest, SendsAReconnectingDataPlaneNothingItHolds) {
  Ada().Apply(kGateway + RouteYaml("users", "/users"));
  DeltaClient client = DataPlane("edge-a");
  client.Subscribe();
  ASSERT_TRUE(client.Receive().has_value());
  client.Accept();
  client.Close();
  client.Subscribe();
  auto again = client.Receive();
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->changed.empty());
  EXPECT_EQ(again->generation.number(), 1u);
}

TEST_F(ControlPlaneTest, LetsADisplacedDataPlaneComeBackAndNamesBoth) {
  Ada().Apply(kGateway + RouteYaml("users", "/users"));
  DeltaClient first = DataPlane("edge-a"), second = DataPlane("edge-a");
  first.Subscribe();
  ASSERT_TRUE(first.Receive().has_value());
  first.Accept();
  second.Subscribe();
  ASSERT_TRUE(second.Receive().has_value());
  second.Accept();
  EXPECT_FALSE(first.Receive().has_value());
  const grpc::Status displaced = first.Finish();
  EXPECT_EQ(displaced.error_code(), grpc::StatusCode::ALREADY_EXISTS) << "which makes a data plane back off";
  EXPECT_THAT(displaced.error_message(), HasSubstr("give each its own --id"));

  first.Subscribe();
  auto again = first.Receive();
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->changed.empty()) << "it holds everything";
  first.Accept();
  EXPECT_FALSE(second.Receive().has_value());
  EXPECT_EQ(second.Finish().error_code(), grpc::StatusCode::ALREADY_EXISTS);
  const auto status = Ada().Status();
  ASSERT_EQ(status.replicas_size(), 1);
  EXPECT_TRUE(status.replicas(0).connected());
  EXPECT_THAT(status.replicas(0).problem(), HasSubstr("two data planes use this id"));
}

TEST_F(ControlPlaneTest, RefusesABrokenManifestAtItsLineAndChangesNothing) {
  Ada().Apply(kGateway);
  const ChangeAnswer answer = Ada().Apply(RouteYaml("users", "/users") + "    timeouts: {request: soon}\n");
  EXPECT_EQ(answer.outcome().code(), Outcome::INVALID);
  ASSERT_FALSE(answer.findings().empty());
  EXPECT_EQ(answer.findings()[0].file(), "test.yaml");
  EXPECT_EQ(answer.findings()[0].line(), 11u) << answer.findings()[0].DebugString();
  EXPECT_EQ(Ada().Status().generation(), 1u);

  const ChangeAnswer missing = Ada().Apply(R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: users}
spec:
  parentRefs: [{name: shop}]
  rules:
  - backendRefs: [{name: usres}]
)");
  EXPECT_EQ(missing.outcome().code(), Outcome::INVALID);
  ASSERT_FALSE(missing.findings().empty());
  EXPECT_EQ(missing.findings()[0].line(), 8u) << missing.findings()[0].DebugString();
}

TEST_F(ControlPlaneTest, HaltsAGenerationThatADataPlaneRefuses) {
  Ada().Apply(kGateway + RouteYaml("users", "/users"));
  DeltaClient a = DataPlane("edge-a");
  a.Subscribe();
  ASSERT_TRUE(a.Receive().has_value());
  a.Accept();
  ChangeAnswer answer;
  std::thread applying([&] { answer = Ada().Apply(RouteYaml("users", "/broken")); });
  ASSERT_TRUE(a.Receive().has_value());
  a.Refuse("no such thing");
  applying.join();
  EXPECT_EQ(answer.outcome().code(), Outcome::REJECTED);
  EXPECT_THAT(answer.outcome().message(), HasSubstr("edge-a"));
  EXPECT_THAT(answer.outcome().message(), HasSubstr("Route default/users: no such thing"));

  std::vector<management::v1::StoredObject> routes = Ada().Get("httproutes");
  ASSERT_EQ(routes.size(), 1u);
  EXPECT_THAT(routes[0].status_json(), HasSubstr("\"reason\": \"Rejected\""));
  EXPECT_THAT(routes[0].status_json(), HasSubstr("0/1; rejected by edge-a: Route default/users: no such thing"));

  DeltaClient b = DataPlane("edge-b");
  b.Subscribe();
  auto previous = b.Receive();
  ASSERT_TRUE(previous.has_value());
  EXPECT_EQ(previous->generation.number(), 1u) << "nobody else is sent what was refused";
  b.Accept();

  process_.Kill();
  ASSERT_TRUE(process_.Start());
  DeltaClient a_again = DataPlane("edge-a"), b_again = DataPlane("edge-b");
  for (DeltaClient* client : {&a_again, &b_again}) {
    client->Subscribe();
    previous = client->Receive();
    ASSERT_TRUE(previous.has_value());
    EXPECT_EQ(previous->generation.number(), 1u) << "also not after a restart";
    client->Accept();
  }
  EXPECT_THAT(Ada().History()[0].result(), HasSubstr("rejected by edge-a"));

  std::thread mending([&] { answer = Ada().Rollback(1); });
  for (DeltaClient* client : {&a_again, &b_again}) {
    auto mended = client->Receive();
    ASSERT_TRUE(mended.has_value());
    EXPECT_EQ(mended->generation.number(), 3u);
    EXPECT_TRUE(mended->changed.empty()) << "the contents are those that it holds";
    client->Accept();
  }
  mending.join();
  EXPECT_EQ(answer.outcome().code(), Outcome::OK) << answer.outcome().message();
}

TEST_F(ControlPlaneTest, DoesNotLetASlowDataPlaneDelayTheOthers) {
  Ada().Apply(kGateway);
  DeltaClient slow = DataPlane("slow"), quick = DataPlane("quick");
  slow.Subscribe();
  quick.Subscribe();
  ASSERT_TRUE(slow.Receive().has_value());  // and says nothing more
  ASSERT_TRUE(quick.Receive().has_value());
  quick.Accept();
  for (int i = 0; i < 5; ++i) {
    Ada().Apply(RouteYaml("users", "/" + std::to_string(i)), NoWait());
    auto change = quick.Receive();
    ASSERT_TRUE(change.has_value());
    EXPECT_EQ(change->generation.number(), static_cast<uint64_t>(i + 2));
    quick.Accept();
  }
  slow.Accept();
  auto merged = slow.Receive();
  ASSERT_TRUE(merged.has_value());
  EXPECT_EQ(merged->generation.number(), 6u);
}

TEST_F(ControlPlaneTest, RefusesWhoeverHasNoRightToAsk) {
  DeltaClient impostor(process_.address(), pki_.ClientCredentials(cli::OperatorIdentity("ada"), "operator-ada"),
                       "edge-a");
  impostor.Subscribe();
  EXPECT_FALSE(impostor.Receive().has_value());
  EXPECT_EQ(impostor.Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);

  DeltaClient other(process_.address(), pki_.ClientCredentials(cli::DataPlaneIdentity("edge-a"), "dataplane-edge-a"),
                    "edge-b");
  other.Subscribe();
  EXPECT_FALSE(other.Receive().has_value());
  EXPECT_EQ(other.Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);

  auto call = [&](std::shared_ptr<grpc::ChannelCredentials> credentials) {
    auto stub = management::v1::Management::NewStub(grpc::CreateChannel(process_.address(), credentials));
    grpc::ClientContext context;
    management::v1::FleetStatus status;
    return stub->Status(&context, {}, &status).error_code();
  };
  EXPECT_EQ(call(pki_.ClientCredentials(cli::DataPlaneIdentity("edge-a"), "dataplane-edge-a")),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(call(grpc::InsecureChannelCredentials()), grpc::StatusCode::UNAVAILABLE);
  Pki stranger;
  EXPECT_EQ(call(stranger.ClientCredentials(cli::OperatorIdentity("eve"), "eve")), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ControlPlaneTest, GivesARepeatedRequestTheSameGeneration) {
  Ada().Apply(kGateway);
  management::v1::ApplyOptions options = NoWait();
  options.mutable_change()->set_request_id("r-1");
  EXPECT_EQ(Ada().Apply(RouteYaml("users", "/users"), options).stored().generation(), 2u);
  EXPECT_EQ(Ada().Apply(RouteYaml("other", "/other"), NoWait()).stored().generation(), 3u);
  EXPECT_EQ(Ada().Apply(RouteYaml("users", "/users"), options).stored().generation(), 2u);
  EXPECT_EQ(Ada().Apply(RouteYaml("users", "/else"), options).outcome().code(), Outcome::CONFLICT);
  EXPECT_EQ(Ada().Status().generation(), 3u);
}

TEST_F(ControlPlaneTest, KeepsToTheGenerationThatTheCallerSaw) {
  Ada().Apply(kGateway);
  management::v1::ApplyOptions options = NoWait();
  options.mutable_change()->set_if_generation(7);
  EXPECT_EQ(Ada().Apply(RouteYaml("users", "/users"), options).outcome().code(), Outcome::CONFLICT);
  options.mutable_change()->set_if_generation(1);
  EXPECT_EQ(Ada().Apply(RouteYaml("users", "/users"), options).outcome().code(), Outcome::OK);
  const ChangeAnswer same = Ada().Apply(RouteYaml("users", "/users"));
  EXPECT_TRUE(same.stored().unchanged());
  EXPECT_EQ(same.stored().generation(), 2u);
}

TEST_F(ControlPlaneTest, ShowsPrunesAndExplains) {
  Ada().Apply(kGateway + RouteYaml("users", "/users"));
  ASSERT_EQ(Ada().Get("httproute").size(), 1u);
  EXPECT_THAT(Ada().Get("httproutes")[0].json(), HasSubstr("\"/users\""));
  EXPECT_THAT(Ada().Get("httproutes")[0].status_json(), HasSubstr("Accepted"));

  grpc::ClientContext context;
  management::v1::ExplainRequest request;
  request.set_method("GET");
  request.set_url("http://shop.example:8080/users/1");
  management::v1::ExplainResponse response;
  Operator ada = Ada();
  const grpc::Status explained = ada.stub().Explain(&context, request, &response);
  ASSERT_TRUE(explained.ok()) << explained.error_message();
  EXPECT_TRUE(response.routed()) << response.text();
  EXPECT_THAT(response.text(), HasSubstr("default/users"));

  management::v1::ApplyOptions options;
  options.set_prune_all(true);
  EXPECT_EQ(Ada().Apply(kGateway, options).outcome().code(), Outcome::OK);
  EXPECT_TRUE(Ada().Get("httproute").empty());
}

TEST_F(ControlPlaneTest, ExplainsWhyNothingAnswers) {
  constexpr char kMore[] = R"(
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: secure}
spec:
  gatewayClassName: default
  listeners:
  - {name: https, protocol: HTTPS, port: 8443, tls: {certificateRefs: [{name: gone}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: users}
spec:
  targetRefs: [{group: penstock.dev, kind: Backend, name: users}]
  validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: authorities}], hostname: users.test}
)";
  management::v1::ApplyOptions options;
  options.mutable_change()->set_allow_unresolved(true);
  ASSERT_EQ(Ada().Apply(kGateway + RouteYaml("users", "/users") + kMore, options).outcome().code(), Outcome::OK);
  struct Case {
    const char* url;
    bool routed;
    const char* said;
  };
  constexpr Case kCases[] = {
      {"http://10.0.0.1:8080/users", true,
       "nobody can be trusted to be it: ConfigMap \"authorities\" does not exist; no endpoint: 503"},
      {"https://shop.example:8080/users", false, "ask about http://"},
      {"https://shop.example:8443/", false, "default/secure/https is not served: Secret \"gone\" does not exist"},
      {"tcp://shop.example:8079", false, "the nearest ports are 8080 (HTTP)"},
  };
  for (const Case& c : kCases) {
    grpc::ClientContext context;
    management::v1::ExplainRequest request;
    request.set_url(c.url);
    management::v1::ExplainResponse response;
    Operator ada = Ada();
    const grpc::Status explained = ada.stub().Explain(&context, request, &response);
    ASSERT_TRUE(explained.ok()) << explained.error_message();
    EXPECT_EQ(response.routed(), c.routed) << c.url << response.text();
    EXPECT_THAT(response.text(), HasSubstr(c.said)) << c.url;
  }
}

TEST_F(ControlPlaneTest, LosesNothingAcknowledgedWhenKilledDuringApplies) {
  ASSERT_EQ(Ada().Apply(kGateway).outcome().code(), Outcome::OK);
  std::mt19937 random(11);
  uint64_t acknowledged = 1;
  int attempt = 0;
  for (int round = 0; round < 4; ++round) {
    std::atomic<bool> stop{false};
    std::thread applying([&] {
      Operator ada = Ada();
      while (!stop.load()) {
        const std::string path = "/" + std::to_string(++attempt);
        const ChangeAnswer answer = ada.Apply(RouteYaml("a", path) + RouteYaml("b", path), NoWait());
        if (!answer.status.ok()) return;
        acknowledged = std::max(acknowledged, answer.stored().generation());
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + random() % 200));
    process_.Kill();
    stop.store(true);
    applying.join();
    ASSERT_TRUE(process_.Start()) << process_.output();
    const uint64_t newest = Ada().Status().generation();
    EXPECT_GE(newest, acknowledged);
    EXPECT_LE(newest, acknowledged + 1);
    acknowledged = newest;  // the one that was stored and not told must not vanish any more either
    const auto routes = Ada().Get("httproute");
    if (routes.empty()) continue;
    ASSERT_EQ(routes.size(), 2u) << "both or none";
    const std::string a = routes[0].json(), b = routes[1].json();
    EXPECT_EQ(a.substr(a.find("\"value\"")), b.substr(b.find("\"value\""))) << "of one generation";
  }
}

TEST_F(ControlPlaneTest, SaysWhyItDoesNotStart) {
  ControlPlaneProcess second(pki_);
  EXPECT_FALSE(second.Start());
  EXPECT_EQ(second.exit_code(), 1);
  EXPECT_THAT(second.output(), HasSubstr("another control plane"));
  EXPECT_FALSE(second.Start({"--state-dir=" + pki_.folder() + "/other", "--listen=" + process_.address()}));
  EXPECT_THAT(second.output(), HasSubstr("Address already in use"));
  EXPECT_FALSE(second.Start({"--state-dir=" + pki_.folder() + "/other", "--tls-key=" + pki_.folder() + "/none.key"}));
  EXPECT_THAT(second.output(), HasSubstr("--tls-key"));
  const std::string wrong = pki_.Issue(cli::DataPlaneIdentity("edge-a"), "wrong");
  EXPECT_FALSE(second.Start(
      {"--state-dir=" + pki_.folder() + "/other", "--tls-cert=" + wrong + ".crt", "--tls-key=" + wrong + ".key"}));
  EXPECT_THAT(second.output(), HasSubstr("spiffe://penstock/controlplane"));
  const std::string open = pki_.Issue(cli::ControlPlaneIdentity({"127.0.0.1"}), "open");
  ASSERT_EQ(chmod((open + ".key").c_str(), 0644), 0);
  EXPECT_FALSE(second.Start(
      {"--state-dir=" + pki_.folder() + "/other", "--tls-cert=" + open + ".crt", "--tls-key=" + open + ".key"}));
  EXPECT_THAT(second.output(), HasSubstr("others may read the key " + open + ".key; run: chmod 600"));
  EXPECT_FALSE(second.Start({"--state-dir="}));
  EXPECT_EQ(second.exit_code(), 2);
}

TEST_F(ControlPlaneTest, StopsCleanlyOnSigterm) {
  Ada().Apply(kGateway);
  DeltaClient client = DataPlane("edge-a");
  client.Subscribe();
  ASSERT_TRUE(client.Receive().has_value());
  client.Accept();
  EXPECT_EQ(process_.Terminate(), 0) << process_.output();
  EXPECT_FALSE(client.Receive().has_value());
}

TEST_F(ControlPlaneTest, OpensItsAuditLogAnewOnSighup) {
  const std::string audit = process_.state_dir() + "/audit.jsonl";
  ASSERT_EQ(std::rename(audit.c_str(), (audit + ".1").c_str()), 0);
  ASSERT_EQ(kill(process_.pid(), SIGHUP), 0);
  while (access(audit.c_str(), F_OK) != 0) std::this_thread::yield();
  EXPECT_EQ(Ada().Apply(kGateway).outcome().code(), Outcome::OK);
  EXPECT_EQ(process_.Terminate(), 0) << process_.output();
}

TEST_F(ControlPlaneTest, RefusesToPruneAllForFilesWithoutAnObject) {
  ASSERT_EQ(Ada().Apply(kGateway).outcome().code(), Outcome::OK);
  management::v1::ApplyOptions options = NoWait();
  options.set_prune_all(true);
  const ChangeAnswer answer = Ada().Apply("# nothing here\n", options);
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(answer.status.error_message(), HasSubstr("penstock delete"));
  EXPECT_EQ(Ada().Status().generation(), 1u);
}

TEST_F(ControlPlaneTest, PutsNoFileOfItsStateWhereStandardOutputWasClosed) {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO}) {
    char target[64] = {};
    const std::string link = "/proc/" + std::to_string(process_.pid()) + "/fd/" + std::to_string(fd);
    ASSERT_GT(readlink(link.c_str(), target, sizeof(target) - 1), 0);
    // /dev/null, or an event of a library that was loaded before main().
    EXPECT_THAT(std::string(target), ::testing::Not(HasSubstr(process_.state_dir()))) << fd;
  }
}

TEST_F(ControlPlaneTest, CallsNoRouteServedThatIsNotAccepted) {
  DeltaClient client = DataPlane("edge-a");
  client.Subscribe();
  while (Ada().Status().replicas().empty()) std::this_thread::yield();
  std::string elsewhere = RouteYaml("users", "/users");
  elsewhere.replace(elsewhere.find("{name: shop}"), 12, "{name: shop, sectionName: none}");
  ApplyWith(client, kGateway + RouteYaml("good", "/good"));
  management::v1::ApplyOptions options;
  options.mutable_change()->set_allow_unresolved(true);
  options.mutable_change()->set_wait(management::v1::NONE);
  ASSERT_EQ(Ada().Apply(elsewhere, options).outcome().code(), Outcome::OK);
  for (const auto& object : Ada().Get("httproutes")) {
    const bool refused = object.ref().name() == "users";
    EXPECT_EQ(object.status_json().find("NotAccepted") != std::string::npos, refused) << object.status_json();
  }
}

TEST_F(ControlPlaneTest, WritesWhoChangedWhat) {
  Ada().Apply(kGateway);
  std::ifstream audit(process_.state_dir() + "/audit.jsonl");
  std::string line;
  ASSERT_TRUE(std::getline(audit, line));
  EXPECT_THAT(line, HasSubstr("\"author\":\"spiffe://penstock/operator/ada\""));
  EXPECT_THAT(line, HasSubstr("\"verb\":\"apply\",\"outcome\":\"ok\",\"generation\":1,\"objects\":2"));
}

}  // namespace
}  // namespace penstock::test
