#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/base/when.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/io/dns/resolver.h"
#include "dataplane/snapshot/snapshot.h"
#include "dataplane/telemetry/stats/registry.h"
#include "dataplane/upstream/cluster.h"
#include "dataplane/upstream/forward/forward.h"
#include "dataplane/upstream/testing/h2_upstream.h"
#include "dataplane/upstream/testing/scripted_upstream.h"
#include "dataplane/upstream/upstreams.h"
#include "gtest/gtest.h"

namespace penstock::upstream {

// Answers from a table, at once; counts the questions.
class FakeResolver final : public io::Resolver {
 public:
  Task<StatusOr<io::DnsAnswer>> Resolve(std::string name, Wait) override {
    ++asked;
    auto known = answers.find(name);
    if (known == answers.end()) return StatusOr<io::DnsAnswer>(absl::NotFoundError("no such name"));
    return StatusOr<io::DnsAnswer>(known->second);
  }
  std::map<std::string, io::DnsAnswer> answers;
  int asked = 0;
};

// A request's content that comes piece by piece.
class PiecesBody final : public Body {
 public:
  explicit PiecesBody(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

  Task<StatusOr<Chunk>> Read() override {
    if (next_ < pieces_.size()) return StatusOr<Chunk>(Chunk::Copy(pieces_[next_++]));
    if (!failure.ok()) return StatusOr<Chunk>(failure);
    if (waits_on == nullptr) return StatusOr<Chunk>(Chunk());
    return WaitForever();
  }
  void Cancel() override { stop_.Cancel(); }
  Task<void> Finish() override { return Task<void>(); }

  io::Reactor* waits_on = nullptr;  // set: the end never comes
  Status failure;                   // instead of the end

 private:
  Task<StatusOr<Chunk>> WaitForever() {
    Status over = co_await waits_on->SleepUntil(kNoDeadline, Wait{kNoDeadline, &stop_});
    co_return over;
  }

  const std::vector<std::string> pieces_;
  std::size_t next_ = 0;
  Cancellation stop_;
};

// A worker's Upstreams with scripted servers behind it, on one reactor and the real clock.
class UpstreamTest : public testing::Test {
 protected:
  struct Result {
    Reason reason = Reason::kNone;
    int status = 0;
    std::string content;
    Status content_status;
    std::uint32_t tries = 0;
    std::string endpoint;
    Reason late_reason = Reason::kNone;  // of the content
    std::string trailers;                // "name: value;" each
  };

  UpstreamTest()
      : reactor_(*io::Reactor::Create({.clock = nullptr, .seed = 1})),
        registry_({.workers = 1, .max_series = 100, .reasons = {}}),
        stats_(registry_, 0, registry_.Update(nullptr, {.listeners = {}, .routes = {}, .clusters = {"c", "m"}}, {})),
        limits_(1),
        upstreams_(std::make_unique<Upstreams>(*reactor_, resolver_, limits_, stats_)) {
    config_.name = "c";
  }

  ~UpstreamTest() override {
    upstreams_->Stop();
    for (const std::unique_ptr<ScriptedUpstream>& server : servers_) server->Stop();
    for (const std::unique_ptr<H2Upstream>& server : h2_servers_) server->Stop();
    RunUntilIdle();
    upstreams_.reset();
    EXPECT_EQ(reactor_->blocks().bytes_in_use(), 0u);
    EXPECT_EQ(Cells().connections_active.Read(), 0);
    EXPECT_EQ(Cells().connections_idle.Read(), 0);
    EXPECT_EQ(Cells().requests_active.Read(), 0);
  }

  void RunUntilIdle() {
    while (reactor_->tasks() > 0) reactor_->Turn(std::chrono::seconds(1));
  }

  ScriptedUpstream& Serve(ScriptedUpstream::Script script, std::shared_ptr<const tls::ServerContext> tls = nullptr,
                          std::string_view at = "127.0.0.1:0") {
    servers_.push_back(std::make_unique<ScriptedUpstream>(*reactor_, std::move(script), std::move(tls), at));
    return *servers_.back();
  }

  H2Upstream& ServeH2(H2Upstream::Script script, const http::h2::ServerLimits& limits = {},
                      std::shared_ptr<const tls::ServerContext> tls = nullptr, std::string_view at = "127.0.0.1:0") {
    h2_servers_.push_back(std::make_unique<H2Upstream>(*reactor_, std::move(script), limits, std::move(tls), at));
    return *h2_servers_.back();
  }

  // Shows the cluster "c" with these endpoints.
  Cluster& Use(const std::vector<const ScriptedUpstream*>& servers, const char* name = "c") {
    return UseServers(servers, name);
  }
  Cluster& UseH2(const std::vector<const H2Upstream*>& servers) {
    config_.protocol = snapshot::CompiledCluster::Protocol::kHttp2;
    return UseServers(servers, "c");
  }
  template <typename Server>
  Cluster& UseServers(const std::vector<const Server*>& servers, const char* name) {
    std::vector<io::SocketAddress> addresses;
    for (const Server* server : servers) addresses.push_back(server->address());
    return UseAddresses(addresses, name);
  }
  Cluster& UseAddresses(const std::vector<io::SocketAddress>& addresses, const char* name) {
    auto config = std::make_shared<snapshot::CompiledCluster>(config_);
    config->name = name;
    auto endpoints = std::make_shared<snapshot::EndpointSet>();
    endpoints->cluster = name;
    endpoints->epoch = ++epoch_;
    for (const io::SocketAddress& address : addresses) {
      endpoints->endpoints.push_back(
          {.address = address.ip().ToString(), .port = address.port(), .weight = 1, .zone = "", .hostname = ""});
    }
    return upstreams_->Use(config, endpoints, tls_);
  }

  static void Get(Exchange& x, http::Method method = http::Method::kGet) {
    x.request.method = method;
    x.request.method_text = http::MethodText(method);
    x.request.authority = "shop.test";
    x.request.path = "/a";
  }
  static void SetBody(Exchange& x, Body& body, http::Framing framing) {
    x.request_body = &body;
    x.request.framing = framing;
  }

  // The same for many at a time: what came of each, in their order.
  std::vector<Result> SendAll(std::span<Exchange* const> exchanges, Cluster& cluster) {
    std::vector<Task<Result>> tasks;
    for (Exchange* x : exchanges) {
      x->Begin(cancellation_);
      if (x->request.path.empty()) Get(*x);
      tasks.push_back(SendAndRead(*x, Attempt{*upstreams_, cluster, rule_}));
    }
    return reactor_->BlockOn(WhenAll(std::move(tasks)));
  }
  // Begins to send and read; the result is there once the reactor has run for long enough.
  void Begin(Exchange& x, Cluster& cluster, std::optional<Result>& out) { Begin(x, cluster, out, cancellation_); }
  void Begin(Exchange& x, Cluster& cluster, std::optional<Result>& out, Cancellation& cancellation) {
    x.Begin(cancellation);
    if (x.request.path.empty()) Get(x);
    task_internal::RunInto(SendAndRead(x, Attempt{*upstreams_, cluster, rule_}), &out);
  }
  template <typename Done>
  bool RunUntil(Done done) {
    for (int i = 0; i < 10'000 && !done(); ++i) reactor_->Turn(std::chrono::milliseconds(1));
    return done();
  }

  // Sends x and reads the answer to its end.
  Result Send(Exchange& x, Cluster& cluster, std::span<Cluster* const> mirrors = {},
              InformationalSink* informational = nullptr) {
    x.Begin(cancellation_);
    if (x.request.path.empty()) Get(x);
    return reactor_->BlockOn(SendAndRead(x, Attempt{*upstreams_, cluster, rule_, mirrors, informational}));
  }
  Result Send(Cluster& cluster, http::Method method = http::Method::kGet) {
    Exchange x(&reactor_->blocks());
    Get(x, method);
    return Send(x, cluster);
  }

  telemetry::ClusterCells& Cells() { return stats_.Cluster("c"); }

  std::unique_ptr<io::Reactor> reactor_;
  FakeResolver resolver_;
  telemetry::Registry registry_;
  telemetry::WorkerStats stats_;
  ProcessLimits limits_;
  std::unique_ptr<Upstreams> upstreams_;
  std::vector<std::unique_ptr<ScriptedUpstream>> servers_;
  std::vector<std::unique_ptr<H2Upstream>> h2_servers_;
  snapshot::CompiledCluster config_;
  std::shared_ptr<const tls::ClientContext> tls_;  // set: config_.tls, too
  snapshot::Forward rule_;
  Cancellation cancellation_;
  std::uint64_t epoch_ = 0;

 private:
  static Task<Result> SendAndRead(Exchange& x, Attempt attempt) {
    Result result;
    result.reason = co_await Forward(x, attempt);
    result.tries = x.tries;
    result.endpoint = std::string(x.endpoint);
    if (result.reason != Reason::kNone) co_return result;
    result.status = x.response.status;
    while (true) {
      StatusOr<Chunk> chunk = co_await x.response_body->Read();
      result.content_status = chunk.status();
      if (!chunk.ok() || chunk->empty()) break;
      result.content.append(chunk->view());
    }
    const http::Headers* trailers = result.content_status.ok() ? x.response_body->Trailers() : nullptr;
    for (std::size_t i = 0; trailers != nullptr && i < trailers->size(); ++i) {
      result.trailers.append((*trailers)[i].name()).append(": ").append((*trailers)[i].value()).append(";");
    }
    co_await x.response_body->Finish();
    result.late_reason = x.reason;
    co_return result;
  }
};

}  // namespace penstock::upstream
