// Requests, responses and windows, with frames made by hand. Limits: client_limits_test.cc.
#include "dataplane/http/h2/client_connection.h"

#include <gtest/gtest.h>

#include <string>

#include "dataplane/base/strings.h"
#include "dataplane/http/h2/client_testing.h"

namespace penstock::http::h2 {
namespace {

using testing::Bytes;
using testing::DataFrame;
using testing::Decoder;
using testing::FieldTexts;
using testing::FillRequest;
using testing::Frame;
using testing::HeadersFrame;
using testing::Number;
using testing::Setting;
using testing::TestClient;
using testing::TestResponse;
using testing::TestServer;
using testing::TestStream;

using Events = std::vector<std::string>;

constexpr uint8_t kWhole = kEndHeaders | kEndStream;

class ClientConnectionTest : public ::testing::Test {
 protected:
  ClientConnectionTest() {
    client.Flush();
    client.TakeSent();
    client.Greet();
    client.TakeSent();
  }

  FieldTexts SentHead() {
    for (const Frame& frame : client.TakeSent()) {
      if (frame.type == FrameType::kHeaders) return decoder.Decode(frame.payload);
    }
    return {};
  }

  TestClient client;
  Decoder decoder;
};

TEST(ClientConnection, GreetsWithItsPrefaceSettingsAndWindow) {
  TestClient client;
  client.Flush();
  std::vector<Frame> frames = client.TakeSent();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].type, FrameType::kSettings);
  EXPECT_EQ(frames[0].payload, Setting(2, 0) + Setting(4, 65536) + Setting(6, 61440));
  EXPECT_EQ(frames[1].type, FrameType::kWindowUpdate);
  EXPECT_EQ(frames[1].payload, Number((1 << 20) - 65535));
}

TEST_F(ClientConnectionTest, AsksAndGivesTheResponse) {
  TestResponse& stream = client.Ask();
  EXPECT_EQ(SentHead(),
            (FieldTexts{{":method", "GET"}, {":scheme", "http"}, {":authority", "a.test"}, {":path", "/"}}));
  EXPECT_TRUE(stream.sent());
  client.Receive(HeadersFrame(1, kEndHeaders, {{":status", "200"}, {"content-length", "5"}, {"x_y", "z"}}));
  client.Receive(DataFrame(1, 0, "hel") + DataFrame(1, kEndStream, "lo"));
  EXPECT_EQ(stream.events, (Events{"head", "end"}));
  EXPECT_EQ(stream.head.status, 200);
  EXPECT_EQ(stream.head.version, Version::kHttp2);
  EXPECT_EQ(stream.head.framing.kind, Framing::Kind::kLength);
  EXPECT_EQ(stream.head.headers.Get("x_y"), "z");
  EXPECT_EQ(stream.content, "hello");
  EXPECT_TRUE(stream.closed());
}

TEST_F(ClientConnectionTest, SaysWhatIsForwardedAndNothingOfTheHopBefore) {
  RequestHead head;
  FillRequest(head, Method::kPost);
  head.query = "b=c";
  head.has_query = true;
  head.framing = {Framing::Kind::kLength, 0};
  head.headers.Add("content-type", "application/grpc+proto");
  head.headers.Add("connection", "x-hop");
  head.headers.Add("te", "gzip");
  head.headers.Add("x-a", " b ");
  client.Ask(head, true);
  EXPECT_EQ(SentHead(), (FieldTexts{{":method", "POST"},
                                    {":scheme", "http"},
                                    {":authority", "a.test"},
                                    {":path", "/?b=c"},
                                    {"content-type", "application/grpc+proto"},
                                    {"x-a", "b"},
                                    {"content-length", "0"},
                                    {"te", "trailers"}}));
}

TEST_F(ClientConnectionTest, RefusesToSendWhatNoHeadMayHold) {
  for (const char* path : {"/a b", "/\r\n", ""}) {
    RequestHead head;
    FillRequest(head);
    head.path = path;
    TestResponse stream;
    EXPECT_FALSE(client.connection->Begin(stream, head, "http", true)) << path;
  }
  EXPECT_FALSE(client.connection->wants_to_send());
}

TEST_F(ClientConnectionTest, SendsContentAndTrailersAsTheWindowAllows) {
  TestResponse& stream = client.Ask(Method::kPost, false);
  client.connection->SendContent(stream, Chunk::Copy(std::string(100'000, 'x')));
  client.Flush();
  EXPECT_EQ(client.SentContent(1).size(), 65'535u);
  EXPECT_EQ(stream.unsent(), 34'465u);
  Headers trailers;
  trailers.Add("x-sum", "1");
  client.connection->EndContent(stream, &trailers);
  client.Receive(Bytes(FrameType::kWindowUpdate, 0, 0, Number(50'000)) +
                 Bytes(FrameType::kWindowUpdate, 0, 1, Number(50'000)));
  std::vector<Frame> frames = client.TakeSent();
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(frames.back().type, FrameType::kHeaders);
  EXPECT_TRUE(frames.back().flags & kEndStream);
  EXPECT_EQ(stream.unsent(), 0u);
  EXPECT_TRUE(stream.sent());
}

TEST_F(ClientConnectionTest, GivesInformationalHeadsBeforeTheFinalOne) {
  TestResponse& stream = client.Ask();
  client.Receive(HeadersFrame(1, kEndHeaders, {{":status", "103"}, {"link", "</a>"}}) +
                 HeadersFrame(1, kEndHeaders, {{":status", "200"}}) + DataFrame(1, 0, "x") +
                 HeadersFrame(1, kWhole, {{"grpc-status", "0"}, {"x_y", "z"}}));
  EXPECT_EQ(stream.events, (Events{"103", "head", "trailers"}));
  EXPECT_FALSE(stream.head.headers.Has("link"));
  EXPECT_EQ(stream.head.framing.kind, Framing::Kind::kChunked);
  EXPECT_EQ(stream.trailers.Get("grpc-status"), "0");
  EXPECT_EQ(stream.trailers.Get("x_y"), "z");
}

TEST_F(ClientConnectionTest, FramesAResponseByItsKindAsHttp1Does) {
  struct Case {
    Method method;
    FieldTexts head;
    bool end;
    Framing::Kind kind;
    uint64_t length;
    bool declared;
  } cases[] = {
      {Method::kGet, {{":status", "200"}}, true, Framing::Kind::kLength, 0, false},
      {Method::kGet, {{":status", "200"}}, false, Framing::Kind::kChunked, 0, false},
      {Method::kGet, {{":status", "204"}}, true, Framing::Kind::kNone, 0, false},
      {Method::kGet, {{":status", "304"}, {"content-length", "9"}}, true, Framing::Kind::kNone, 0, true},
      {Method::kHead, {{":status", "200"}, {"content-length", "9"}}, false, Framing::Kind::kNone, 0, true},
  };
  uint32_t id = 1;
  for (const Case& c : cases) {
    TestResponse& stream = client.Ask(c.method);
    client.Receive(HeadersFrame(id, c.end ? kWhole : kEndHeaders, c.head));
    if (!c.end) client.Receive(DataFrame(id, kEndStream, ""));
    EXPECT_EQ(stream.events, (Events{"head", "end"})) << id;
    EXPECT_EQ(stream.head.framing.kind, c.kind) << id;
    EXPECT_EQ(stream.head.framing.length, c.length) << id;
    EXPECT_EQ(stream.head.declared_length.has_value(), c.declared) << id;
    id += 2;
  }
}

TEST_F(ClientConnectionTest, ResetsAStreamWhoseResponseIsMalformedAndNothingElse) {
  struct Case {
    std::string what;
    std::string bytes;
    Error error;
  };
  auto head = [](FieldTexts fields, uint8_t flags = kEndHeaders) { return HeadersFrame(1, flags, fields); };
  const std::string ok = head({{":status", "200"}});
  const Case cases[] = {
      {"no status", head({{"a", "b"}}), Error::kStatus},
      {"two statuses", head({{":status", "200"}, {":status", "200"}}), Error::kStatus},
      {"four digits", head({{":status", "2000"}}), Error::kStatus},
      {"no digits", head({{":status", "2xx"}}), Error::kStatus},
      {"a status below 100", head({{":status", "099"}}), Error::kStatus},
      {"a status above 599", head({{":status", "600"}}, kWhole), Error::kStatus},
      {"101", head({{":status", "101"}}), Error::kSwitching},
      {"an informational end", head({{":status", "103"}}, kWhole), Error::kInformational},
      {"a request's field", head({{":status", "200"}, {":path", "/"}}), Error::kPseudoField},
      {"a late status", head({{"a", "b"}, {":status", "200"}}), Error::kPseudoField},
      {"upper case", head({{":status", "200"}, {"A", "b"}}), Error::kFieldName},
      {"a line end", head({{":status", "200"}, {"a", "b\r\nc: d"}}), Error::kFieldValue},
      {"a connection's field", head({{":status", "200"}, {"transfer-encoding", "chunked"}}), Error::kConnectionField},
      {"two lengths", head({{":status", "200"}, {"content-length", "1"}, {"content-length", "1"}}),
       Error::kContentLength},
      {"no length", head({{":status", "200"}, {"content-length", "+1"}}), Error::kContentLength},
      {"less than nothing", head({{":status", "200"}, {"content-length", "1"}}, kWhole), Error::kLengthMismatch},
      {"too much", head({{":status", "200"}, {"content-length", "1"}}) + DataFrame(1, 0, "ab"), Error::kLengthMismatch},
      {"too little", head({{":status", "200"}, {"content-length", "3"}}) + DataFrame(1, kEndStream, "ab"),
       Error::kLengthMismatch},
      {"content of 204", head({{":status", "204"}}) + DataFrame(1, kEndStream, "a"), Error::kLengthMismatch},
      {"content before the head", head({{":status", "103"}}) + DataFrame(1, 0, "a"), Error::kEarlyContent},
      {"an end before the head", head({{":status", "103"}}) + DataFrame(1, kEndStream, ""), Error::kEarlyContent},
      {"trailers with a status", ok + head({{":status", "200"}}, kWhole), Error::kTrailers},
      {"trailers that do not end it", ok + head({{"a", "b"}}), Error::kTrailers},
  };
  for (const Case& c : cases) {
    TestClient fresh;
    fresh.Greet();
    TestResponse& stream = fresh.Ask();
    fresh.Receive(c.bytes);
    fresh.TakeSent();
    EXPECT_EQ(stream.malformed, c.error) << c.what;
    EXPECT_EQ(stream.events.back(), "malformed") << c.what;
    EXPECT_EQ(fresh.ResetCode(1), static_cast<int>(ErrorCode::kProtocolError)) << c.what;
    EXPECT_EQ(fresh.GoawayCode(), -1) << c.what;
    TestResponse& next = fresh.Ask();
    fresh.Receive(HeadersFrame(3, kWhole, {{":status", "204"}}));
    EXPECT_TRUE(next.Saw("end")) << c.what;
  }
}

TEST_F(ClientConnectionTest, TellsWhatWasNotProcessedFromWhatPerhapsWas) {
  TestResponse& refused = client.Ask();
  TestResponse& reset = client.Ask();
  TestResponse& below = client.Ask();
  TestResponse& above = client.Ask();
  client.Receive(Bytes(FrameType::kRstStream, 0, 1, Number(7)) + Bytes(FrameType::kRstStream, 0, 3, Number(2)));
  client.Receive(Bytes(FrameType::kGoaway, 0, 0, Number(5) + Number(0)));
  EXPECT_EQ(refused.events, Events{"refused"});
  EXPECT_EQ(reset.events, Events{"reset 2"});
  EXPECT_EQ(above.events, Events{"refused"});
  EXPECT_TRUE(below.events.empty());
  EXPECT_TRUE(client.connection->going_away());
  EXPECT_EQ(client.goaways, 1);
  client.Receive(HeadersFrame(5, kWhole, {{":status", "204"}}));
  EXPECT_TRUE(below.Saw("end"));
  EXPECT_TRUE(client.connection->finished());
}

TEST_F(ClientConnectionTest, RefusesWhatWaitedToBeSentWhenGoawayCame) {
  TestResponse stream;
  RequestHead head;
  FillRequest(head);
  ASSERT_TRUE(client.connection->Begin(stream, head, "http", true));
  client.Receive(Bytes(FrameType::kGoaway, 0, 0, Number(0) + Number(0)));
  EXPECT_EQ(stream.events, Events{"refused"});
  EXPECT_FALSE(stream.begun());
}

TEST_F(ClientConnectionTest, TakesAResponseThatEndsBeforeItsRequest) {
  TestResponse& stream = client.Ask(Method::kPost, false);
  client.Receive(HeadersFrame(1, kWhole, {{":status", "413"}}) + Bytes(FrameType::kRstStream, 0, 1, Number(0)));
  EXPECT_EQ(stream.events, (Events{"head", "end"}));
  EXPECT_TRUE(stream.closed());
  EXPECT_FALSE(stream.sent());
}

TEST_F(ClientConnectionTest, GivesWindowsBackAsContentIsUsed) {
  TestResponse& stream = client.Ask();
  client.TakeSent();
  client.Receive(HeadersFrame(1, kEndHeaders, {{":status", "200"}}));
  for (int i = 0; i < 4; ++i) client.Receive(DataFrame(1, 0, std::string(16'000, 'x')));
  EXPECT_TRUE(client.TakeSent().empty());
  client.connection->Consume(stream, 64'000);
  client.Flush();
  std::vector<Frame> frames = client.TakeSent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].stream, 1u);
  EXPECT_EQ(frames[0].payload, Number(64'000));
}

TEST_F(ClientConnectionTest, ResetsAStreamThatBrokeItsWindow) {
  TestResponse& stream = client.Ask();
  client.Receive(HeadersFrame(1, kEndHeaders, {{":status", "200"}}));
  for (int i = 0; i < 5; ++i) client.Receive(DataFrame(1, 0, std::string(16'000, 'x')));
  client.TakeSent();
  EXPECT_EQ(client.ResetCode(1), static_cast<int>(ErrorCode::kFlowControlError));
  EXPECT_EQ(stream.events.back(), "reset 3");
  EXPECT_LE(stream.content.size(), 65'536u);
}

TEST_F(ClientConnectionTest, CancelsOneStreamAndIgnoresWhatStillComesOfIt) {
  TestResponse& cancelled = client.Ask();
  TestResponse& other = client.Ask();
  client.connection->Reset(cancelled, ErrorCode::kCancel);
  client.connection->Forget(cancelled);
  client.Flush();
  client.TakeSent();
  EXPECT_EQ(client.ResetCode(1), static_cast<int>(ErrorCode::kCancel));
  client.Receive(HeadersFrame(1, kEndHeaders, {{":status", "200"}}) + DataFrame(1, kEndStream, "late"));
  client.Receive(HeadersFrame(3, kWhole, {{":status", "204"}}));
  EXPECT_TRUE(cancelled.events.empty());
  EXPECT_TRUE(other.Saw("end"));
  EXPECT_EQ(client.connection->failure(), ErrorCode::kNoError);
}

TEST_F(ClientConnectionTest, KnowsHowManyStreamsTheServerTakes) {
  EXPECT_EQ(client.connection->max_streams(), 100u);
  client.Receive(Bytes(FrameType::kSettings, 0, 0, Setting(3, 7)));
  EXPECT_EQ(client.connection->max_streams(), 7u);
  client.Receive(Bytes(FrameType::kSettings, 0, 0, Setting(3, 7000)));
  EXPECT_EQ(client.connection->max_streams(), 100u);
}

TEST_F(ClientConnectionTest, AnswersPingsAndHearsItsOwn) {
  client.Receive(Bytes(FrameType::kPing, 0, 0, "12345678"));
  std::vector<Frame> frames = client.TakeSent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].flags, kAck);
  EXPECT_EQ(frames[0].payload, "12345678");
  client.connection->Ping();
  client.Flush();
  client.Receive(Bytes(FrameType::kPing, kAck, 0, client.TakeSent()[0].payload));
  EXPECT_EQ(client.pongs, 1);
}

TEST_F(ClientConnectionTest, EndsWithGoaway) {
  client.connection->Shutdown();
  client.Flush();
  client.TakeSent();
  EXPECT_EQ(client.GoawayCode(), 0);
  EXPECT_TRUE(client.connection->finished());
}

// Both of our sides read what the other one writes.
TEST(ClientAndServer, CarryMegabytesBothWays) {
  TestClient client;
  TestServer server;
  std::string content;
  for (int i = 0; i < 200'000; ++i) content += StrCat(i, ",");
  TestResponse& asked = client.Ask(Method::kPost, false);
  Headers trailers;
  trailers.Add("x-sum", "1");
  client.connection->SendContent(asked, Chunk::Copy(content));
  client.connection->EndContent(asked, &trailers);
  size_t up = 0;
  size_t down = 0;
  bool answered = false;
  for (bool more = true; more;) {
    client.Flush();
    std::string out = client.TakeBytes();
    server.Receive(out);
    if (server.streams() > 0) {
      TestStream& stream = server.stream(0);
      server.connection->Consume(stream, stream.content.size() - up);
      up = stream.content.size();
      if (stream.Saw("trailers") && !std::exchange(answered, true)) server.Answer(stream, 200, content, &trailers);
      server.Flush();
    }
    std::string in = server.sent();
    server.TakeSent();
    client.Receive(in);
    client.connection->Consume(asked, asked.content.size() - down);
    down = asked.content.size();
    more = !out.empty() || !in.empty();
  }
  EXPECT_TRUE(server.stream(0).content == content);
  EXPECT_EQ(server.stream(0).trailers.Get("x-sum"), "1");
  EXPECT_TRUE(asked.content == content);
  EXPECT_EQ(asked.events, (Events{"head", "trailers"}));
  EXPECT_TRUE(asked.closed());
}

}  // namespace
}  // namespace penstock::http::h2
