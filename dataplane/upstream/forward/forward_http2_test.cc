// Requests to upstreams that speak HTTP/2.
#include <algorithm>

#include "dataplane/base/strings.h"
#include "dataplane/io/net/connect.h"
#include "dataplane/upstream/forward/forward.h"
#include "dataplane/upstream/testing/upstream_fixture.h"

namespace penstock::upstream {
namespace {

using std::chrono::milliseconds;
using Action = H2Upstream::Action;
using Fields = H2Upstream::Fields;
using Kind = http::Framing::Kind;
using http::h2::ErrorCode;

constexpr http::Framing kUnknownLength{Kind::kChunked, 0};

std::string Get(const Fields& fields, std::string_view wanted) {
  for (const auto& [name, value] : fields) {
    if (name == wanted) return value;
  }
  return "";
}

class ForwardHttp2Test : public UpstreamTest {
 protected:
  // Many requests that are sent and read side by side.
  std::vector<Result> SendMany(Cluster& cluster, std::size_t count) {
    std::vector<std::unique_ptr<Exchange>> exchanges;
    std::vector<Exchange*> pointers;
    for (std::size_t i = 0; i < count; ++i) {
      exchanges.push_back(std::make_unique<Exchange>(&reactor_->blocks()));
      pointers.push_back(exchanges.back().get());
    }
    return SendAll(pointers, cluster);
  }
};

TEST_F(ForwardHttp2Test, SendsTheRequestAndGivesTheResponse) {
  H2Upstream& server = ServeH2([](int, int) { return Action{.fields = {{"x-a", "b"}}, .content = "hello"}; });
  Exchange x(&reactor_->blocks());
  UpstreamTest::Get(x);
  x.request.headers.Add("x-from", "client");
  Result result = Send(x, UseH2({&server}));
  EXPECT_EQ(result.reason, Reason::kNone);
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.content, "hello");
  EXPECT_EQ(x.response.headers.Get("x-a"), "b");
  EXPECT_EQ(x.response.version, http::Version::kHttp2);
  ASSERT_EQ(server.requests(), 1u);
  EXPECT_EQ(server.request(0).method, "GET");
  EXPECT_EQ(server.request(0).path, "/a");
  EXPECT_EQ(server.request(0).host, "shop.test");
  EXPECT_EQ(upstream::Get(server.request(0).fields, "x-from"), "client");
}

TEST_F(ForwardHttp2Test, RefusesToSwitchProtocolsAndAsksNobody) {
  H2Upstream& server = ServeH2([](int, int) { return Action{.content = "x"}; });
  Exchange x(&reactor_->blocks());
  UpstreamTest::Get(x);
  x.request.upgrade = "websocket";
  EXPECT_EQ(Send(x, UseH2({&server})).reason, Reason::kUpgradeUnsupported);
  EXPECT_EQ(server.requests(), 0u);
  Exchange plain(&reactor_->blocks());
  UpstreamTest::Get(plain);
  EXPECT_EQ(Send(plain, UseH2({&server})).content, "x") << "the connection is as it was";
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ForwardHttp2Test, SendsRequestsOneAfterTheOtherOverOneConnection) {
  H2Upstream& server = ServeH2([](int, int) { return Action{.content = "x"}; });
  Cluster& cluster = UseH2({&server});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Send(cluster).content, "x");
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(Cells().connections_reused.Read(), 4u);
  EXPECT_EQ(Cells().connections_idle.Read(), 1);
}

TEST_F(ForwardHttp2Test, RequestsThatComeTogetherShareTheConnectionThatTheFirstOneOpens) {
  H2Upstream& server = ServeH2([](int, int) { return Action{.content = "x"}; });
  std::vector<Result> results = SendMany(UseH2({&server}), 50);
  for (const Result& result : results) EXPECT_EQ(result.content, "x");
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ForwardHttp2Test, OpensAnotherConnectionWhereOneIsFull) {
  H2Upstream& server = ServeH2([](int, int) { return Action{.hold = true}; }, {.max_concurrent_streams = 10});
  Cluster& cluster = UseH2({&server});
  std::vector<std::unique_ptr<Exchange>> exchanges;
  std::vector<std::optional<Result>> results(25);
  for (std::optional<Result>& result : results) {
    exchanges.push_back(std::make_unique<Exchange>(&reactor_->blocks()));
    Begin(*exchanges.back(), cluster, result);
  }
  ASSERT_TRUE(RunUntil([&] { return server.requests() == 25; }));
  EXPECT_EQ(server.connections(), 3);
  server.AnswerHeld();
  ASSERT_TRUE(RunUntil([&] {
    return std::all_of(results.begin(), results.end(), [](const auto& result) { return result.has_value(); });
  }));
  for (const std::optional<Result>& result : results) EXPECT_EQ(result->tries, 1u) << "nothing was refused";
}

TEST_F(ForwardHttp2Test, WaitsForAPlaceWhereNoConnectionMayBeAdded) {
  config_.upstream.max_connections = 1;
  H2Upstream& server = ServeH2([](int, int) { return Action{.content = "x"}; }, {.max_concurrent_streams = 2});
  Cluster& cluster = UseH2({&server});
  EXPECT_EQ(Send(cluster).content, "x");
  for (const Result& result : SendMany(cluster, 20)) EXPECT_EQ(result.content, "x");
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ForwardHttp2Test, RefusesWhatMayNotEvenWait) {
  config_.upstream.max_connections = 1;
  config_.upstream.max_pending = 0;
  H2Upstream& server = ServeH2([](int, int) { return Action{.hold = true}; }, {.max_concurrent_streams = 1});
  Cluster& cluster = UseH2({&server});
  std::optional<Result> first;
  Exchange x(&reactor_->blocks());
  Begin(x, cluster, first);
  ASSERT_TRUE(RunUntil([&] { return server.requests() == 1; }));
  EXPECT_EQ(Send(cluster).reason, Reason::kUpstreamOverloaded);
  server.AnswerHeld();
  ASSERT_TRUE(RunUntil([&] { return first.has_value(); }));
}

TEST_F(ForwardHttp2Test, CarriesContentBothWaysAndTrailersBack) {
  std::string large;
  for (int i = 0; i < 100'000; ++i) large += StrCat(i, ",");
  H2Upstream& server =
      ServeH2([&](int, int) { return Action{.content = large, .trailers = {{"grpc-status", "0"}, {"x_y", "z"}}}; });
  Cluster& cluster = UseH2({&server});
  Exchange x(&reactor_->blocks());
  UpstreamTest::Get(x, http::Method::kPost);
  x.request.headers.Add("content-type", "application/grpc");
  PiecesBody body({large, "and", "more"});
  SetBody(x, body, kUnknownLength);
  Result result = Send(x, cluster);
  EXPECT_TRUE(result.content == large);
  EXPECT_EQ(result.trailers, "grpc-status: 0;x_y: z;");
  EXPECT_TRUE(server.request(0).content == large + "andmore");
  EXPECT_EQ(upstream::Get(server.request(0).fields, "te"), "trailers");
}

TEST_F(ForwardHttp2Test, StopsReadingAnUploadThatTheServerDoesNotTake) {
  H2Upstream& server = ServeH2([](int, int) { return Action{}; });
  server.set_consume(false);
  Cluster& cluster = UseH2({&server});
  rule_.backend_timeout = milliseconds(0);
  Exchange x(&reactor_->blocks());
  UpstreamTest::Get(x, http::Method::kPost);
  std::vector<std::string> pieces(100, std::string(16'000, 'x'));
  PiecesBody body(pieces);
  SetBody(x, body, kUnknownLength);
  std::optional<Result> result;
  Begin(x, cluster, result);
  ASSERT_TRUE(RunUntil([&] { return server.requests() == 1 && server.request(0).content.size() == 65'535; }));
  for (int i = 0; i < 20; ++i) reactor_->Turn(milliseconds(1));
  EXPECT_LE(Cells().request_bytes.Read(), 65'535u + (64u << 10) + 16'000u);
  cancellation_.Cancel();
  ASSERT_TRUE(RunUntil([&] { return result.has_value(); }));
  EXPECT_EQ(result->reason, Reason::kClientGone);
}

TEST_F(ForwardHttp2Test, TheCallersOwnDeadlineHoldsHoweverLongItsContentGoesUp) {
  H2Upstream& server = ServeH2([](int, int) { return Action{}; });
  server.set_consume(false);
  Cluster& cluster = UseH2({&server});
  Exchange x(&reactor_->blocks());
  UpstreamTest::Get(x, http::Method::kPost);
  std::vector<std::string> pieces(100, std::string(16'000, 'x'));
  PiecesBody body(pieces);
  SetBody(x, body, kUnknownLength);
  x.deadline = x.firm_deadline = After(reactor_->Now(), milliseconds(30));
  std::optional<Result> result;
  Begin(x, cluster, result);
  ASSERT_TRUE(RunUntil([&] { return result.has_value(); }));
  EXPECT_EQ(result->reason, Reason::kUpstreamTimeout);
  EXPECT_EQ(x.tries, 1u);
}

TEST_F(ForwardHttp2Test, AsksForNoMoreOfAResponseThanIsRead) {
  H2Upstream& server = ServeH2([](int, int) { return Action{.content = std::string(1'000'000, 'x')}; });
  Cluster& cluster = UseH2({&server});
  Exchange x(&reactor_->blocks());
  UpstreamTest::Get(x);
  x.Begin(cancellation_);
  Reason reason = reactor_->BlockOn(Forward(x, Attempt{*upstreams_, cluster, rule_}));
  EXPECT_EQ(reason, Reason::kNone);
  for (int i = 0; i < 20; ++i) reactor_->Turn(milliseconds(1));
  EXPECT_LE(reactor_->blocks().bytes_in_use(), 400'000u) << "of both sides";
  EXPECT_EQ(Send(cluster).content.size(), 1'000'000u) << "the other stream is not held up";
  reactor_->BlockOn(x.response_body->Finish());
}

TEST_F(ForwardHttp2Test, ManyWhoDoNotReadHoldUpNobodyElse) {
  H2Upstream& server = ServeH2([](int, int) { return Action{.content = std::string(200'000, 'x')}; });
  Cluster& cluster = UseH2({&server});
  EXPECT_EQ(Send(cluster).status, 200);
  std::vector<std::unique_ptr<Exchange>> exchanges;
  for (int i = 0; i < 40; ++i) {
    Exchange& x = *exchanges.emplace_back(std::make_unique<Exchange>(&reactor_->blocks()));
    UpstreamTest::Get(x);
    x.Begin(cancellation_);
    EXPECT_EQ(reactor_->BlockOn(Forward(x, Attempt{*upstreams_, cluster, rule_})), Reason::kNone);
  }
  for (int i = 0; i < 20; ++i) reactor_->Turn(milliseconds(1));
  EXPECT_EQ(Send(cluster).content.size(), 200'000u);
  EXPECT_EQ(server.connections(), 1);
  for (const std::unique_ptr<Exchange>& x : exchanges) reactor_->BlockOn(x->response_body->Finish());
}

TEST_F(ForwardHttp2Test, ResetsOneStreamWhereOneRequestIsGivenUp) {
  H2Upstream& server = ServeH2([](int, int request) { return Action{.content = "x", .hold = request < 2}; });
  Cluster& cluster = UseH2({&server});
  Cancellation gone;
  Exchange given_up(&reactor_->blocks());
  Exchange other(&reactor_->blocks());
  std::optional<Result> first;
  std::optional<Result> second;
  Begin(given_up, cluster, first, gone);
  Begin(other, cluster, second);
  ASSERT_TRUE(RunUntil([&] { return server.requests() == 2; }));
  gone.Cancel();
  ASSERT_TRUE(RunUntil([&] { return first.has_value() && server.request(0).reset.has_value(); }));
  EXPECT_EQ(first->reason, Reason::kClientGone);
  EXPECT_EQ(server.request(0).reset, ErrorCode::kCancel);
  server.AnswerHeld();
  ASSERT_TRUE(RunUntil([&] { return second.has_value(); }));
  EXPECT_EQ(second->content, "x");
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ForwardHttp2Test, SendsAgainWhatTheServerRefusedWhateverTheMethod) {
  H2Upstream& server = ServeH2([](int, int request) {
    return request == 0 ? Action{.reset = ErrorCode::kRefusedStream} : Action{.content = "again"};
  });
  Cluster& cluster = UseH2({&server});
  Exchange x(&reactor_->blocks());
  UpstreamTest::Get(x, http::Method::kPost);
  PiecesBody body({"abc"});
  SetBody(x, body, {Kind::kLength, 3});
  Result result = Send(x, cluster);
  EXPECT_EQ(result.content, "again");
  EXPECT_EQ(result.tries, 2u);
  EXPECT_EQ(server.request(1).content, "abc");
}

TEST_F(ForwardHttp2Test, ADrainThatLeavesOutManyAtOnceFailsNone) {
  config_.upstream.max_retries = 0;
  H2Upstream& server = ServeH2(
      [](int connection, int request) { return Action{.content = StrCat(connection), .goaway = request == 1}; });
  Cluster& cluster = UseH2({&server});
  EXPECT_EQ(Send(cluster).content, "0");
  std::vector<std::unique_ptr<Exchange>> exchanges;
  std::vector<Exchange*> pointers;
  for (int i = 0; i < 40; ++i) {
    pointers.push_back(exchanges.emplace_back(std::make_unique<Exchange>(&reactor_->blocks())).get());
    UpstreamTest::Get(*pointers.back(), http::Method::kPost);
  }
  for (const Result& result : SendAll(pointers, cluster)) EXPECT_EQ(result.reason, Reason::kNone);
}

TEST_F(ForwardHttp2Test, DoesNotSendAgainWhatMayHaveBeenProcessed) {
  for (Action action : {Action{.reset = ErrorCode::kInternalError}, Action{.close = true}}) {
    H2Upstream& server = ServeH2([action](int, int) { return action; });
    Result result = Send(UseH2({&server}), http::Method::kPost);
    EXPECT_EQ(result.reason, Reason::kUpstreamReset);
    EXPECT_EQ(server.requests(), 1u);
  }
}

TEST_F(ForwardHttp2Test, FinishesWhatRunsAndBeginsElsewhereAfterGoaway) {
  H2Upstream& server =
      ServeH2([](int connection, int request) { return Action{.content = StrCat(connection), .hold = request == 0}; });
  Cluster& cluster = UseH2({&server});
  Exchange x(&reactor_->blocks());
  std::optional<Result> first;
  Begin(x, cluster, first);
  ASSERT_TRUE(RunUntil([&] { return server.requests() == 1; }));
  server.Drain();
  ASSERT_TRUE(RunUntil([&] { return Send(cluster).content == "1"; }));
  server.AnswerHeld();
  ASSERT_TRUE(RunUntil([&] { return first.has_value(); }));
  EXPECT_EQ(first->content, "0");
  ASSERT_TRUE(RunUntil([&] { return server.open_connections() == 1; })) << "the drained one ends";
}

TEST_F(ForwardHttp2Test, SendsAgainWhatGoawayLeavesOutAndNothingElse) {
  H2Upstream& server = ServeH2(
      [](int connection, int request) { return Action{.content = StrCat(connection), .goaway = request == 1}; });
  Cluster& cluster = UseH2({&server});
  EXPECT_EQ(Send(cluster).content, "0");
  std::vector<std::unique_ptr<Exchange>> exchanges;
  std::vector<Exchange*> pointers;
  for (int i = 0; i < 3; ++i) {
    pointers.push_back(exchanges.emplace_back(std::make_unique<Exchange>(&reactor_->blocks())).get());
    UpstreamTest::Get(*pointers.back(), http::Method::kPost);
  }
  std::vector<Result> results = SendAll(pointers, cluster);
  EXPECT_EQ(results[0].content, "0");
  EXPECT_EQ(results[0].tries, 1u);
  for (int i : {1, 2}) {
    EXPECT_EQ(results[i].content, "1");
    EXPECT_EQ(results[i].tries, 2u);
  }
  EXPECT_EQ(server.requests(), 4u);
}

TEST_F(ForwardHttp2Test, ABreakInTheContentIsAnErrorNeverAnEnd) {
  H2Upstream& server =
      ServeH2([](int, int) { return Action{.content = "abc", .reset_behind = ErrorCode::kInternalError}; });
  Result result = Send(UseH2({&server}));
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.content, "abc");
  EXPECT_FALSE(result.content_status.ok());
  EXPECT_EQ(result.late_reason, Reason::kUpstreamAborted);
}

TEST_F(ForwardHttp2Test, GivesAnAnswerThatComesBeforeTheRequestsEnd) {
  H2Upstream& server = ServeH2([](int, int) { return Action{.status = 413, .before_content = true}; });
  server.set_consume(false);
  Exchange x(&reactor_->blocks());
  UpstreamTest::Get(x, http::Method::kPost);
  PiecesBody body({"abc"});
  body.waits_on = reactor_.get();
  SetBody(x, body, kUnknownLength);
  EXPECT_EQ(Send(x, UseH2({&server})).status, 413);
}

TEST_F(ForwardHttp2Test, PassesInformationalHeadsOn) {
  class Sink final : public InformationalSink {
   public:
    Task<Status> Send(const http::ResponseHead& head) override {
      seen.push_back(StrCat(head.status, " ", head.headers.Get("link")));
      return absl::OkStatus();
    }
    std::vector<std::string> seen;
  } sink;
  H2Upstream& server = ServeH2([](int, int) { return Action{.content = "x", .informational = true}; });
  Exchange x(&reactor_->blocks());
  Result result = Send(x, UseH2({&server}), {}, &sink);
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.content, "x");
  EXPECT_FALSE(x.response.headers.Has("link"));
  EXPECT_EQ(sink.seen, std::vector<std::string>{"103 </a.css>"});
}

TEST_F(ForwardHttp2Test, GivesUpOnAServerThatSaysNothingAndLeavesItsConnection) {
  rule_.backend_timeout = milliseconds(30);
  H2Upstream& server = ServeH2([](int, int) { return Action{.hold = true}; });
  Cluster& cluster = UseH2({&server});
  EXPECT_EQ(Send(cluster).reason, Reason::kUpstreamTimeout);
  EXPECT_EQ(Send(cluster).reason, Reason::kUpstreamTimeout);
  EXPECT_EQ(Send(cluster).reason, Reason::kUpstreamTimeout);
  EXPECT_GE(server.connections(), 2) << "nothing came on the one before: it may be dead";
}

TEST_F(ForwardHttp2Test, ReportsAServerThatDoesNotSpeakHttp2) {
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("hello"); });
  config_.protocol = snapshot::CompiledCluster::Protocol::kHttp2;
  Result result = Send(Use({&server}), http::Method::kPost);
  EXPECT_EQ(result.reason, Reason::kUpstreamReset);
}

TEST_F(ForwardHttp2Test, TellsAllWhoWaitThatConnectingFailed) {
  H2Upstream& server = ServeH2([](int, int) { return Action{}; });
  Cluster& cluster = UseH2({&server});
  server.StopListening();
  for (const Result& result : SendMany(cluster, 10)) EXPECT_EQ(result.reason, Reason::kUpstreamConnectFailed);
}

TEST_F(ForwardHttp2Test, KeepsItsConnectionWhenTheEndpointsAreNamedAgain) {
  H2Upstream& server = ServeH2([](int, int) { return Action{}; });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Send(UseH2({&server})).status, 200);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ForwardHttp2Test, OtherSettingsBeginWithAnotherConnectionAndEndNothing) {
  H2Upstream& server = ServeH2(
      [](int, int request) { return Action{.fields = {{"x-a", std::string(2000, 'x')}}, .hold = request == 0}; });
  Exchange x(&reactor_->blocks());
  std::optional<Result> first;
  Begin(x, UseH2({&server}), first);
  ASSERT_TRUE(RunUntil([&] { return server.requests() == 1; }));
  config_.upstream.max_response_header_bytes = 1000;
  EXPECT_EQ(Send(UseH2({&server})).reason, Reason::kUpstreamInvalid);
  server.AnswerHeld();
  ASSERT_TRUE(RunUntil([&] { return first.has_value(); }));
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(ForwardHttp2Test, FinishesWhatRunsAtAnEndpointThatIsGone) {
  H2Upstream& old = ServeH2([](int, int) { return Action{.content = "old", .hold = true}; });
  H2Upstream& young = ServeH2([](int, int) { return Action{.content = "new"}; });
  Exchange x(&reactor_->blocks());
  std::optional<Result> first;
  Begin(x, UseH2({&old}), first);
  ASSERT_TRUE(RunUntil([&] { return old.requests() == 1; }));
  EXPECT_EQ(Send(UseH2({&young})).content, "new");
  EXPECT_EQ(old.open_connections(), 1);
  old.AnswerHeld();
  ASSERT_TRUE(RunUntil([&] { return first.has_value() && old.open_connections() == 0; }));
  EXPECT_EQ(first->content, "old");
}

TEST_F(ForwardHttp2Test, AConnectThatNobodyAnswersEndsWithItsWorker) {
  // A listener with a full queue drops further SYNs.
  io::Fd full = *io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {.backlog = 0, .reuse_port = false});
  io::SocketAddress address = *io::BoundAddress(full);
  std::vector<std::unique_ptr<io::TcpStream>> queued;
  for (bool taken = true; taken;) {
    StatusOr<std::unique_ptr<io::TcpStream>> stream =
        reactor_->BlockOn(io::Connect(*reactor_, address, Wait{reactor_->Now() + milliseconds(20), nullptr}));
    taken = stream.ok();
    if (taken) queued.push_back(*std::move(stream));
  }
  config_.upstream.connect_timeout = std::chrono::hours(1);
  Exchange x(&reactor_->blocks());
  std::optional<Result> result;
  config_.protocol = snapshot::CompiledCluster::Protocol::kHttp2;
  Begin(x, UseAddresses({address}, "c"), result);
  cancellation_.Cancel();
  ASSERT_TRUE(RunUntil([&] { return result.has_value(); }));
  EXPECT_EQ(result->reason, Reason::kClientGone);
  upstreams_->Stop();
  ASSERT_TRUE(RunUntil([&] { return reactor_->tasks() == 0; }));
}

TEST_F(ForwardHttp2Test, ClosesAConnectionThatIsIdleForTooLong) {
  config_.upstream.idle_timeout = milliseconds(20);
  H2Upstream& server = ServeH2([](int, int) { return Action{}; });
  EXPECT_EQ(Send(UseH2({&server})).status, 200);
  ASSERT_TRUE(RunUntil([&] { return server.open_connections() == 0; }));
  EXPECT_EQ(server.goaways(), 1) << "with a word";
}

TEST_F(ForwardHttp2Test, UsesNoConnectionBeyondItsAge) {
  config_.upstream.max_connection_age = milliseconds(1);
  H2Upstream& server = ServeH2([](int, int) { return Action{}; });
  Cluster& cluster = UseH2({&server});
  EXPECT_EQ(Send(cluster).status, 200);
  ASSERT_TRUE(RunUntil([&] { return server.open_connections() == 0; }));
  EXPECT_EQ(Send(cluster).status, 200);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(ForwardHttp2Test, SendsAgainWhereAPooledConnectionTurnsOutToBeClosed) {
  H2Upstream& server = ServeH2([](int, int) { return Action{.content = "x"}; });
  Cluster& cluster = UseH2({&server});
  EXPECT_EQ(Send(cluster).content, "x");
  server.CloseConnections();
  EXPECT_EQ(Send(cluster).content, "x");
}

}  // namespace
}  // namespace penstock::upstream
