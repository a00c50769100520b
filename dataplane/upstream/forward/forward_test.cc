#include "dataplane/upstream/forward/forward.h"

#include "dataplane/upstream/testing/upstream_fixture.h"

namespace penstock::upstream {
namespace {

using std::chrono::milliseconds;
using Action = ScriptedUpstream::Action;
using Then = ScriptedUpstream::Action::Then;
using Kind = http::Framing::Kind;

constexpr http::Framing kChunked{Kind::kChunked, 0};

Action Raw(std::string bytes, Then then = Then::kGoOn, bool before_content = false) {
  return {.bytes = std::move(bytes), .then = then, .before_content = before_content};
}

class ForwardTest : public UpstreamTest {};

TEST_F(ForwardTest, SendsTheRequestAndGivesTheResponse) {
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("hello"); });
  Result result = Send(Use({&server}));
  EXPECT_EQ(result.reason, Reason::kNone);
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.content, "hello");
  EXPECT_EQ(result.endpoint, server.address().ToString());
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].substr(0, 36), "GET /a HTTP/1.1\r\nhost: shop.test\r\n\r\n");
}

TEST_F(ForwardTest, ReusesTheConnectionOfACompleteExchange) {
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
  Cluster& cluster = Use({&server});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Send(cluster).status, 200);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(Cells().connections_reused.Read(), 4u);
}

// Framing per RFC 9112 6.3, and what it means for the connection.
TEST_F(ForwardTest, UnderstandsEveryFraming) {
  struct Case {
    const char* bytes;
    Then then;
    const char* content;
    bool reused;
  } cases[] = {
      {"HTTP/1.1 204 No Content\r\n\r\n", Then::kGoOn, "", true},
      {"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Then::kGoOn, "", true},
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", Then::kGoOn,
       "abcde", true},
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", Then::kClose, "until the end", false},
      {"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok", Then::kGoOn, "ok", false},
      {"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", Then::kGoOn, "ok", false},
      {"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokEXTRA", Then::kGoOn, "ok", false},
  };
  for (const Case& c : cases) {
    ScriptedUpstream& server = Serve([&](int, int) { return Raw(c.bytes, c.then); });
    Cluster& cluster = Use({&server});
    for (int i = 0; i < 2; ++i) {
      Result result = Send(cluster);
      EXPECT_EQ(result.reason, Reason::kNone) << c.bytes;
      EXPECT_EQ(result.content, c.content);
      EXPECT_TRUE(result.content_status.ok());
    }
    EXPECT_EQ(server.connections(), c.reused ? 1 : 2) << c.bytes;
  }
}

TEST_F(ForwardTest, ABreakInTheContentIsAnErrorNeverAnEnd) {
  for (const char* bytes : {"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
                            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc",
                            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
                            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcXX"}) {
    ScriptedUpstream& server = Serve([&](int, int) { return Raw(bytes, Then::kClose); });
    Result result = Send(Use({&server}));
    EXPECT_EQ(result.status, 200);
    EXPECT_EQ(result.content, "abc");
    EXPECT_FALSE(result.content_status.ok()) << bytes;
    EXPECT_EQ(result.late_reason, Reason::kUpstreamAborted);
  }
}

TEST_F(ForwardTest, AHeadThatBreaksTheRulesIsInvalid) {
  for (const char* bytes :
       {"nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na",
        "HTTP/1.1 101 Switching\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\nx: y\n\n"}) {
    ScriptedUpstream& server = Serve([&](int, int) { return Raw(bytes); });
    Result result = Send(Use({&server}));
    EXPECT_EQ(result.reason, Reason::kUpstreamInvalid) << bytes;
    EXPECT_EQ(server.requests().size(), 1u);
  }
}

TEST_F(ForwardTest, AnUpstreamThatNeverAnsweredHasNoTimeOfItsResponse) {
  ScriptedUpstream& mute = Serve([](int, int) { return Raw("nonsense\r\n\r\n"); });
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
  for (bool answers : {true, false, true}) {
    Exchange x(&reactor_->blocks());
    Send(x, Use({answers ? &server : &mute}));
    EXPECT_NE(x.time.upstream_start, TimePoint());
    EXPECT_EQ(x.time.upstream_head != TimePoint(), answers);
    x.Clear();
  }
}

TEST_F(ForwardTest, ASwitchToWhatWasAskedForIsAResponseAndTheConnectionIsNotUsedAgain) {
  ScriptedUpstream& server = Serve([](int, int) {
    return Raw("HTTP/1.1 101 Yes\r\nconnection: upgrade\r\nupgrade: WebSocket\r\n\r\nhello", Then::kClose);
  });
  Cluster& cluster = Use({&server});
  for (int i = 0; i < 2; ++i) {
    Exchange x(&reactor_->blocks());
    Get(x);
    x.request.upgrade = "websocket";
    Result result = Send(x, cluster);
    EXPECT_EQ(result.reason, Reason::kNone);
    EXPECT_EQ(result.status, 101);
    EXPECT_EQ(result.content, "hello");
    EXPECT_TRUE(result.content_status.ok());
    EXPECT_EQ(x.response.framing.kind, Kind::kTunnel);
    EXPECT_EQ(x.response.upgrade, "websocket");
    x.Clear();
  }
  EXPECT_EQ(server.connections(), 2);
  EXPECT_TRUE(server.requests()[0].ends_with("\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"));
}

TEST_F(ForwardTest, ATunnelNobodyReadsIsBrokenOff) {
  ScriptedUpstream& server = Serve(
      [](int, int) { return Raw("HTTP/1.1 101 Yes\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", Then::kStall); });
  Exchange x(&reactor_->blocks());
  Get(x);
  x.Begin(cancellation_);
  x.request.upgrade = "x";
  Reason reason = reactor_->BlockOn(Forward(x, Attempt{*upstreams_, Use({&server}), rule_, {}, nullptr}));
  ASSERT_EQ(reason, Reason::kNone);
  reactor_->BlockOn(x.response_body->Finish());
  EXPECT_EQ(Cells().connections_active.Read(), 0);
  x.Clear();
}

TEST_F(ForwardTest, AHeadBeyondTheLimitIsInvalid) {
  config_.upstream.max_response_header_bytes = 1000;
  ScriptedUpstream& server =
      Serve([](int, int) { return Raw("HTTP/1.1 200 OK\r\nx: " + std::string(2000, 'y') + "\r\n\r\n"); });
  EXPECT_EQ(Send(Use({&server})).reason, Reason::kUpstreamInvalid);
}

TEST_F(ForwardTest, AHeadMayComeByteByByteAndBeLarge) {
  std::string field(40'000, 'y');
  ScriptedUpstream& server =
      Serve([&](int, int) { return Raw("HTTP/1.1 200 OK\r\nx: " + field + "\r\ncontent-length: 2\r\n\r\nok"); });
  Exchange x(&reactor_->blocks());
  Result result = Send(x, Use({&server}));
  EXPECT_EQ(result.content, "ok");
  EXPECT_EQ(x.response.headers.Get("x"), field);
  x.Clear();
}

TEST_F(ForwardTest, HeadAsksForNoContent) {
  ScriptedUpstream& server = Serve([](int, int) { return Raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n"); });
  Cluster& cluster = Use({&server});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Send(cluster, http::Method::kHead).content, "");
  EXPECT_EQ(server.connections(), 1);
}

struct Sink final : InformationalSink {
  Task<Status> Send(const http::ResponseHead& head) override {
    statuses.push_back(head.status);
    return absl::OkStatus();
  }
  std::vector<int> statuses;
};

TEST_F(ForwardTest, PassesInformationalResponsesOnButNot100) {
  ScriptedUpstream& server = Serve([](int, int) {
    return Raw(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: "
        "1\r\n\r\nz");
  });
  Exchange x(&reactor_->blocks());
  Sink sink;
  Result result = Send(x, Use({&server}), {}, &sink);
  EXPECT_EQ(result.content, "z");
  EXPECT_EQ(sink.statuses, std::vector<int>{103});
  EXPECT_FALSE(x.response.headers.Has("link"));
}

TEST_F(ForwardTest, EndlessInformationalResponsesAreInvalid) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "HTTP/1.1 103 Early Hints\r\n\r\n";
  ScriptedUpstream& server = Serve([&](int, int) { return Raw(many); });
  EXPECT_EQ(Send(Use({&server})).reason, Reason::kUpstreamInvalid);
}

TEST_F(ForwardTest, SendsContentByLengthAndChunked) {
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("ok"); });
  Cluster& cluster = Use({&server});
  PiecesBody by_length({"abc", "de"});
  Exchange x(&reactor_->blocks());
  Get(x, http::Method::kPost);
  SetBody(x, by_length, {Kind::kLength, 5});
  EXPECT_EQ(Send(x, cluster).content, "ok");
  EXPECT_EQ(server.requests()[0].substr(server.requests()[0].find("\r\n\r\n")), "\r\n\r\nabcde");

  PiecesBody chunked({"abc", std::string(20, 'x')});
  Exchange y(&reactor_->blocks());
  Get(y, http::Method::kPost);
  SetBody(y, chunked, kChunked);
  EXPECT_EQ(Send(y, cluster).content, "ok");
  EXPECT_EQ(server.requests()[1].substr(server.requests()[1].find("\r\n\r\n")),
            "\r\n\r\n3\r\nabc\r\n14\r\n" + std::string(20, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(ForwardTest, ContentThatIsNotAsLongAsItsLengthIsNeverCompleted) {
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("ok"); });
  for (std::vector<std::string> pieces : {std::vector<std::string>{"abc"}, std::vector<std::string>{"abc", "defgh"}}) {
    PiecesBody body(pieces);
    Exchange x(&reactor_->blocks());
    Get(x, http::Method::kPost);
    SetBody(x, body, {Kind::kLength, 5});
    EXPECT_EQ(Send(x, Use({&server})).reason, Reason::kInternalError);
  }
}

TEST_F(ForwardTest, AnEarlyResponseIsDeliveredAndEndsTheUpload) {
  ScriptedUpstream& server =
      Serve([](int, int) { return Raw("HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig", Then::kStall, true); });
  PiecesBody body({"abc"});
  body.waits_on = reactor_.get();
  Exchange x(&reactor_->blocks());
  Get(x, http::Method::kPost);
  SetBody(x, body, kChunked);
  Result result = Send(x, Use({&server}));
  EXPECT_EQ(result.status, 413);
  EXPECT_EQ(result.content, "big");
  EXPECT_EQ(Send(Use({&server}), http::Method::kGet).status, 413);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(ForwardTest, AFailureOfTheContentEndsTheRequestWithItsReason) {
  struct Case {
    Status failure;
    Reason reason;
  } cases[] = {{absl::CancelledError("gone"), Reason::kClientGone},
               {absl::InvalidArgumentError("chunk"), Reason::kBodyMalformed},
               {absl::DeadlineExceededError("slow"), Reason::kRequestTimeout},
               {absl::ResourceExhaustedError("large"), Reason::kBodyTooLarge}};
  for (const Case& c : cases) {
    ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("never"); });
    PiecesBody body({"abc"});
    body.failure = c.failure;
    Exchange x(&reactor_->blocks());
    Get(x, http::Method::kPut);
    SetBody(x, body, {Kind::kLength, 10});
    EXPECT_EQ(Send(x, Use({&server})).reason, c.reason);
  }
}

TEST_F(ForwardTest, LargeContentGoesBothWaysAtOnce) {
  std::string large(3'000'000, 'q');
  ScriptedUpstream& server = Serve([&](int, int) { return ScriptedUpstream::Reply(large); });
  std::vector<std::string> pieces(30, std::string(100'000, 'p'));
  PiecesBody body(pieces);
  Exchange x(&reactor_->blocks());
  Get(x, http::Method::kPost);
  SetBody(x, body, {Kind::kLength, 3'000'000});
  Result result = Send(x, Use({&server}));
  EXPECT_TRUE(result.content == large);
  EXPECT_EQ(server.requests()[0].size(), server.requests()[0].find("\r\n\r\n") + 4 + 3'000'000);
}

TEST_F(ForwardTest, AStalledUpstreamTimesOut) {
  ScriptedUpstream& server = Serve([](int, int) { return Raw("HTTP/1.1 200", Then::kStall); });
  Exchange x(&reactor_->blocks());
  x.deadline = After(reactor_->Now(), milliseconds(30));
  EXPECT_EQ(Send(x, Use({&server})).reason, Reason::kUpstreamTimeout);
  EXPECT_EQ(x.tries, 1u);
  rule_.backend_timeout = milliseconds(30);
  EXPECT_EQ(Send(Use({&server})).reason, Reason::kUpstreamTimeout);
}

TEST_F(ForwardTest, AStallInTheContentEndsAtTheIdleTimeout) {
  config_.upstream.stream_idle_timeout = milliseconds(30);
  ScriptedUpstream& server =
      Serve([](int, int) { return Raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", Then::kStall); });
  Result result = Send(Use({&server}));
  EXPECT_EQ(result.content, "abc");
  EXPECT_EQ(result.late_reason, Reason::kUpstreamIdle);
}

TEST_F(ForwardTest, ACancelledExchangeUnwindsAtOnce) {
  ScriptedUpstream& server = Serve([](int, int) { return Raw("", Then::kStall); });
  Cluster& cluster = Use({&server});
  Exchange x(&reactor_->blocks());
  Get(x);
  x.Begin(cancellation_);
  Child<Reason> forward;
  forward.Start(Forward(x, Attempt{*upstreams_, cluster, rule_, {}, nullptr}));
  while (server.requests().empty()) reactor_->Turn(Duration::max());
  cancellation_.Cancel();
  EXPECT_EQ(reactor_->BlockOn(forward.Join()), Reason::kClientGone);
}

TEST_F(ForwardTest, NoEndpointIsSaidAtOnce) { EXPECT_EQ(Send(Use({})).reason, Reason::kNoEndpoints); }

TEST_F(ForwardTest, AFullClusterRefuses) {
  config_.upstream.max_requests = 0;
  ScriptedUpstream& server = Serve([](int, int) { return ScriptedUpstream::Reply("x"); });
  EXPECT_EQ(Send(Use({&server})).reason, Reason::kUpstreamOverloaded);
  EXPECT_EQ(Cells().limit_refusals.Read(), 1u);
}

}  // namespace
}  // namespace penstock::upstream
