// Requests and responses, with frames made by hand. Windows: server_windows_test.cc, limits: server_limits_test.cc.
#include "dataplane/http/h2/server_connection.h"

#include <gtest/gtest.h>

#include <string>

#include "dataplane/http/h2/testing.h"

namespace penstock::http::h2 {
namespace {

using testing::Bytes;
using testing::DataFrame;
using testing::Decoder;
using testing::FieldTexts;
using testing::Frame;
using testing::Get;
using testing::HeadersFrame;
using testing::Number;
using testing::Post;
using testing::Setting;
using testing::TestServer;
using testing::TestStream;

constexpr uint8_t kWhole = kEndHeaders | kEndStream;

class ServerConnectionTest : public ::testing::Test {
 protected:
  ServerConnectionTest() {
    server.Greet();
    server.TakeSent();
  }

  TestServer server;
  Decoder decoder;
};

TEST(ServerConnection, GreetsWithItsSettingsAndWindow) {
  TestServer server;
  server.Flush();
  std::vector<Frame> frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].type, FrameType::kSettings);
  EXPECT_EQ(frames[0].payload, Setting(3, 100) + Setting(4, 65536) + Setting(6, 61440) + Setting(9, 1));
  EXPECT_EQ(frames[1].type, FrameType::kWindowUpdate);
  EXPECT_EQ(frames[1].payload, Number((1 << 20) - 65535));
}

const FieldTexts kConnect = {{":method", "CONNECT"},
                             {":protocol", "websocket"},
                             {":scheme", "http"},
                             {":path", "/ws"},
                             {":authority", "a.test"}};

TEST(ServerConnection, TakesExtendedConnectOnlyOnceItWasOffered) {
  TestServer server;
  server.Greet();
  server.Receive(HeadersFrame(1, kEndHeaders, kConnect));
  EXPECT_EQ(server.stream(0).error, Error::kPseudoField);
  server.TakeSent();
  server.connection->OfferExtendedConnect();
  server.connection->OfferExtendedConnect();
  server.Flush();
  std::vector<Frame> frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 1u) << "once";
  EXPECT_EQ(frames[0].payload, Setting(8, 1));
  server.Receive(HeadersFrame(3, kEndHeaders, kConnect));
  EXPECT_EQ(server.stream(1).error, Error::kNone);
  EXPECT_EQ(server.stream(1).head.upgrade, "websocket");
}

TEST(ServerConnection, TakesNothingButDataBehindExtendedConnect) {
  TestServer server({.extended_connect = ExtendedConnect::kOffered});
  server.Greet();
  server.Receive(HeadersFrame(1, kEndHeaders, kConnect) + DataFrame(1, 0, "hello"));
  EXPECT_EQ(server.stream(0).content, "hello");
  server.Receive(HeadersFrame(1, kWhole, {{"x", "y"}}));
  EXPECT_EQ(server.stream(0).malformed, Error::kTrailers);
  server.Receive(HeadersFrame(3, kEndHeaders, kConnect) + DataFrame(3, kEndStream, ""));
  EXPECT_TRUE(server.stream(1).Saw("end"));
}

TEST(ServerConnection, EndsWhatDoesNotBeginWithThePreface) {
  TestServer server;
  server.Receive("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  server.TakeSent();
  EXPECT_EQ(server.GoawayCode(), static_cast<int>(ErrorCode::kProtocolError));
  EXPECT_TRUE(server.connection->finished());
}

TEST_F(ServerConnectionTest, GivesARequestAndTakesItsResponse) {
  server.Receive(HeadersFrame(1, kWhole, Get({{"accept", "*/*"}})));
  ASSERT_EQ(server.streams(), 1u);
  TestStream& stream = server.stream(0);
  EXPECT_EQ(stream.events, (std::vector<std::string>{"head", "end"}));
  EXPECT_EQ(stream.error, Error::kNone);
  EXPECT_EQ(stream.head.method_text, "GET");
  EXPECT_EQ(stream.head.headers.Get("accept"), "*/*");
  EXPECT_TRUE(stream.received());

  server.Answer(stream, 200, "hello");
  server.Flush();
  std::vector<Frame> frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(decoder.Decode(frames[0].payload), (FieldTexts{{":status", "200"}, {"content-length", "5"}}));
  EXPECT_EQ(frames[1].payload, "hello");
  EXPECT_EQ(frames[1].flags, kEndStream);
  EXPECT_TRUE(stream.Saw("sent"));
  EXPECT_TRUE(stream.closed());
  EXPECT_FALSE(stream.Saw("reset 0"));
}

TEST_F(ServerConnectionTest, EndsAResponseWithoutContentWithItsHead) {
  server.Receive(HeadersFrame(1, kWhole, Get()));
  server.Answer(server.stream(0), 204);
  server.Flush();
  std::vector<Frame> frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].flags, kWhole);
  EXPECT_TRUE(server.stream(0).Saw("sent"));
}

TEST_F(ServerConnectionTest, ReadsAHeadInAnyPieces) {
  std::string block = testing::Block(Get({{"x", std::string(300, 'v')}}));
  std::string bytes = Bytes(FrameType::kHeaders, kEndStream, 1, block.substr(0, 10)) +
                      Bytes(FrameType::kContinuation, 0, 1, block.substr(10, 100)) +
                      Bytes(FrameType::kContinuation, kEndHeaders, 1, block.substr(110));
  for (char c : bytes) server.Receive(std::string_view(&c, 1));
  ASSERT_EQ(server.streams(), 1u);
  EXPECT_TRUE(server.stream(0).Saw("end"));
  EXPECT_EQ(server.stream(0).error, Error::kNone);
  EXPECT_EQ(server.stream(0).head.headers.Get("x").size(), 300u);
}

TEST_F(ServerConnectionTest, KnowsSinceWhenAHeaderBlockIsOpen) {
  EXPECT_EQ(server.connection->header_block_began(), kNoDeadline);
  std::string block = testing::Block(Get());
  std::string frame = Bytes(FrameType::kHeaders, kEndStream, 1, block.substr(0, 5));
  server.Receive(frame.substr(0, 12));
  TimePoint began = server.clock.Now();
  EXPECT_EQ(server.connection->header_block_began(), began);
  server.clock.Advance(std::chrono::seconds(1));
  server.Receive(frame.substr(12));
  EXPECT_EQ(server.connection->header_block_began(), began) << "progress does not help";
  std::string last = Bytes(FrameType::kContinuation, kEndHeaders, 1, block.substr(5));
  server.Receive(last.substr(0, last.size() - 1));
  EXPECT_EQ(server.connection->header_block_began(), began);
  server.Receive(last.substr(last.size() - 1));
  EXPECT_EQ(server.connection->header_block_began(), kNoDeadline);
}

TEST_F(ServerConnectionTest, GivesContentAndTrailers) {
  server.Receive(HeadersFrame(1, kEndHeaders, Post()) + DataFrame(1, 0, "hello ") +
                 Bytes(FrameType::kData, kPadded, 1, std::string("\x03") + "world" + std::string(3, '\0')) +
                 HeadersFrame(1, kWhole, {{"grpc-status", "0"}}));
  TestStream& stream = server.stream(0);
  EXPECT_EQ(stream.content, "hello world");
  EXPECT_EQ(stream.events, (std::vector<std::string>{"head", "trailers"}));
  EXPECT_EQ(stream.trailers.Get("grpc-status"), "0");
}

// What may not reach an upstream as HTTP/1.
TEST_F(ServerConnectionTest, TellsOfContentThatIsNotAsLongAsItsHeadSays) {
  struct Row {
    const char* what;
    std::string behind;
  };
  const FieldTexts ten = Post({{"content-length", "10"}});
  const Row kRows[] = {
      {"longer", DataFrame(1, 0, "hello hello")},
      {"longer in pieces", DataFrame(1, 0, "hello ") + DataFrame(1, 0, "hello")},
      {"shorter", DataFrame(1, kEndStream, "hello")},
      {"shorter, hidden behind trailers", DataFrame(1, 0, "hello") + HeadersFrame(1, kWhole, {{"x-t", "1"}})},
      {"none, only trailers", HeadersFrame(1, kWhole, {{"x-t", "1"}})},
  };
  for (const Row& row : kRows) {
    TestServer own;
    own.Greet();
    own.Receive(HeadersFrame(1, kEndHeaders, ten) + row.behind);
    EXPECT_EQ(own.stream(0).malformed, Error::kLengthMismatch) << row.what;
    EXPECT_FALSE(own.stream(0).Saw("end")) << row.what;
    EXPECT_FALSE(own.stream(0).Saw("trailers")) << row.what;
    EXPECT_LE(own.stream(0).content.size(), 10u) << row.what;
  }
}

TEST_F(ServerConnectionTest, TellsOfTrailersThatAreNone) {
  const FieldTexts kRows[] = {{{":path", "/admin"}}, {{"X", "y"}}, {{"connection", "close"}}};
  for (const FieldTexts& trailers : kRows) {
    TestServer own;
    own.Greet();
    own.Receive(HeadersFrame(1, kEndHeaders, Post()) + DataFrame(1, 0, "hello") + HeadersFrame(1, kWhole, trailers));
    EXPECT_EQ(own.stream(0).malformed, Error::kTrailers);
  }
  TestServer own;
  own.Greet();
  own.Receive(HeadersFrame(1, kEndHeaders, Post()) + HeadersFrame(1, kEndHeaders, {{"x", "y"}}));
  EXPECT_EQ(own.stream(0).malformed, Error::kTrailers) << "a second head that does not end the stream";
}

TEST_F(ServerConnectionTest, LeavesTheAnswerToAMalformedHeadToTheSession) {
  server.Receive(HeadersFrame(1, kEndHeaders, Post({{"x_y", "z"}})) + DataFrame(1, kEndStream, "ignored"));
  TestStream& stream = server.stream(0);
  EXPECT_EQ(stream.error, Error::kUnderscoreInName);
  EXPECT_EQ(stream.events, (std::vector<std::string>{"head"}));
  EXPECT_EQ(stream.content, "");
  server.Answer(stream, 400);
  server.Flush();
  server.connection->Reset(stream, ErrorCode::kProtocolError);
  server.Flush();
  std::vector<Frame> frames = server.TakeSent();
  EXPECT_EQ(frames[0].type, FrameType::kHeaders);
  EXPECT_EQ(frames.size(), 1u) << "both sides had ended";
  // The next request is read rightly.
  server.Receive(HeadersFrame(3, kWhole, Get()));
  EXPECT_EQ(server.stream(1).error, Error::kNone);
}

TEST_F(ServerConnectionTest, ResetsInsteadOfEndingWhereItIsToldTo) {
  server.Receive(HeadersFrame(1, kWhole, Get({{"x_y", "z"}})));
  TestStream& stream = server.stream(0);
  ResponseHead head;
  head.status = 400;
  server.connection->SendHead(stream, head, false);
  server.connection->SendContent(stream, Chunk::Static("why"));
  server.connection->EndWithReset(stream, ErrorCode::kProtocolError);
  server.Flush();
  std::vector<Frame> frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].flags, kEndHeaders);
  EXPECT_EQ(frames[1].payload, "why");
  EXPECT_EQ(frames[1].flags, 0);
  EXPECT_EQ(server.ResetCode(1), static_cast<int>(ErrorCode::kProtocolError));
  EXPECT_TRUE(stream.Saw("sent"));
  EXPECT_TRUE(stream.closed());
}

TEST_F(ServerConnectionTest, ResetsWhatItIsToldTo) {
  server.Receive(HeadersFrame(1, kEndHeaders, Post()));
  server.Answer(server.stream(0), 413);
  server.Flush();
  server.connection->Reset(server.stream(0), ErrorCode::kNoError);
  server.Flush();
  std::vector<Frame> frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].flags, kWhole);
  EXPECT_EQ(frames[1].type, FrameType::kRstStream);
  EXPECT_EQ(server.ResetCode(1), 0);
  EXPECT_FALSE(server.stream(0).Saw("reset 0")) << "it knows already";
  // Content that was on its way is no error.
  server.Receive(DataFrame(1, 0, "late"));
  EXPECT_EQ(server.GoawayCode(), -1);
}

TEST_F(ServerConnectionTest, TellsOfTheClientsReset) {
  server.Receive(HeadersFrame(1, kWhole, Get()));
  server.Receive(Bytes(FrameType::kRstStream, 0, 1, Number(8)));
  EXPECT_TRUE(server.stream(0).Saw("reset 8"));
  EXPECT_TRUE(server.stream(0).closed());
  server.Answer(server.stream(0), 200, "nobody listens");
  server.Flush();
  EXPECT_TRUE(server.TakeSent().empty());
}

TEST_F(ServerConnectionTest, SendsInformationalHeadsBeforeTheFinalOne) {
  server.Receive(HeadersFrame(1, kWhole, Get()));
  ResponseHead hints;
  hints.status = 103;
  hints.headers.Add("link", "</a.css>");
  EXPECT_TRUE(server.connection->SendInformational(server.stream(0), hints));
  server.Answer(server.stream(0), 200);
  server.Flush();
  std::vector<Frame> frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(decoder.Decode(frames[0].payload), (FieldTexts{{":status", "103"}, {"link", "</a.css>"}}));
  EXPECT_EQ(frames[0].flags, kEndHeaders);
}

TEST_F(ServerConnectionTest, SendsTrailers) {
  server.Receive(HeadersFrame(1, kWhole, Get()) + HeadersFrame(3, kWhole, Get()));
  Headers trailers;
  trailers.Add("grpc-status", "0");
  server.Answer(server.stream(0), 200, "content", &trailers);
  server.Answer(server.stream(1), 200, "", &trailers);
  server.Flush();
  int sections = 0;
  for (const Frame& frame : server.TakeSent()) {
    if (frame.type == FrameType::kData) EXPECT_EQ(frame.flags, 0);
    if (frame.type != FrameType::kHeaders) continue;
    FieldTexts fields = decoder.Decode(frame.payload);
    if (fields[0].first == ":status") continue;
    ++sections;
    EXPECT_EQ(fields, (FieldTexts{{"grpc-status", "0"}}));
    EXPECT_EQ(frame.flags, kWhole);
  }
  EXPECT_EQ(sections, 2);
  EXPECT_TRUE(server.stream(0).Saw("sent"));
  EXPECT_TRUE(server.stream(1).Saw("sent"));
}

TEST_F(ServerConnectionTest, RefusesAHeadThatNobodyMaySend) {
  server.Receive(HeadersFrame(1, kWhole, Get()));
  ResponseHead head;
  head.status = 200;
  head.headers.Add("x", "a\r\nb");
  EXPECT_FALSE(server.connection->SendHead(server.stream(0), head, true));
  server.Flush();
  EXPECT_TRUE(server.TakeSent().empty());
}

TEST_F(ServerConnectionTest, SendsContentAsItComes) {
  server.Receive(HeadersFrame(1, kWhole, Get()));
  ResponseHead head;
  head.status = 200;
  head.framing.kind = Framing::Kind::kChunked;
  server.connection->SendHead(server.stream(0), head, false);
  server.Flush();
  EXPECT_EQ(server.TakeSent().size(), 1u);
  for (const char* piece : {"one", "two", "three"}) {
    server.connection->SendContent(server.stream(0), Chunk::Static(piece));
    server.Flush();
    EXPECT_EQ(server.TakeSentContent(1), piece);
  }
  EXPECT_FALSE(server.stream(0).Saw("sent"));
  server.connection->EndContent(server.stream(0), nullptr);
  server.Flush();
  std::vector<Frame> frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].flags, kEndStream);
  EXPECT_TRUE(server.stream(0).Saw("sent"));
}

TEST_F(ServerConnectionTest, MakesOneOutputOfAllThatIsPending) {
  for (uint32_t id = 1; id < 21; id += 2) server.Receive(HeadersFrame(id, kWhole, Get()));
  for (size_t i = 0; i < 10; ++i) server.Answer(server.stream(i), 200, "small");
  Output out(server.blocks);
  server.connection->Send(out);
  EXPECT_FALSE(server.connection->wants_to_send());
  EXPECT_EQ(out.pieces().size(), 1u) << "small content is copied together";
  EXPECT_EQ(testing::ParseFrames(out.pieces()[0]).size(), 20u);
}

TEST_F(ServerConnectionTest, DoesNotCopyLargeContentAndStopsWhereAnOutputIsFull) {
  server.Receive(Bytes(FrameType::kSettings, 0, 0, Setting(4, 1 << 20)) +
                 Bytes(FrameType::kWindowUpdate, 0, 0, Number(1 << 20)) + HeadersFrame(1, kWhole, Get()));
  server.TakeSent();
  std::string large(500'000, 'x');
  ResponseHead head;
  head.status = 200;
  server.connection->SendHead(server.stream(0), head, false);
  server.connection->SendContent(server.stream(0), Chunk::Static(large));
  server.connection->EndContent(server.stream(0), nullptr);
  std::string sent;
  int outputs = 0;
  while (server.connection->wants_to_send()) {
    Output out(server.blocks);
    server.connection->Send(out);
    EXPECT_LE(out.bytes(), ServerConnection::kMaxOutput + 16'393);
    bool shared = false;
    for (std::string_view piece : out.pieces()) {
      sent += piece;
      shared |= piece.data() >= large.data() && piece.data() < large.data() + large.size();
    }
    EXPECT_TRUE(shared);
    ++outputs;
  }
  EXPECT_EQ(outputs, 4);
  std::string content;
  for (const Frame& frame : testing::ParseFrames(sent)) {
    if (frame.type == FrameType::kData) content += frame.payload;
  }
  EXPECT_TRUE(content == large);
}

TEST_F(ServerConnectionTest, LetsStreamsTakeTurns) {
  server.Receive(Bytes(FrameType::kSettings, 0, 0, Setting(4, 1 << 20)) +
                 Bytes(FrameType::kWindowUpdate, 0, 0, Number(1 << 20)));
  server.Receive(HeadersFrame(1, kWhole, Get()) + HeadersFrame(3, kWhole, Get()));
  server.TakeSent();
  std::string large(200'000, 'x');
  for (size_t i = 0; i < 2; ++i) server.Answer(server.stream(i), 200, large);
  Output out(server.blocks);
  server.connection->Send(out);
  std::string sent;
  for (std::string_view piece : out.pieces()) sent += piece;
  size_t bytes[2] = {};
  for (const Frame& frame : testing::ParseFrames(sent)) {
    if (frame.type == FrameType::kData) bytes[frame.stream / 2] += frame.payload.size();
  }
  EXPECT_GT(bytes[0], 32'768u);
  EXPECT_GT(bytes[1], 32'768u);
}

TEST_F(ServerConnectionTest, ForgetsAStreamThatItWasToldToReset) {
  server.Receive(HeadersFrame(1, kEndHeaders, Post()));
  {
    TestStream& stream = server.stream(0);
    server.Answer(stream, 200, "unsent");
    server.connection->Reset(stream, ErrorCode::kInternalError);
    server.connection->Forget(stream);
    EXPECT_TRUE(stream.closed());
  }
  server.Flush();
  server.Receive(DataFrame(1, 0, "late"));
  server.TakeSent();
  EXPECT_EQ(server.ResetCode(1), static_cast<int>(ErrorCode::kInternalError));
  EXPECT_FALSE(server.stream(0).Saw("sent"));
}

TEST_F(ServerConnectionTest, RefusesARequestThatThereIsNoRoomFor) {
  server.refuse = true;
  server.Receive(HeadersFrame(1, kWhole, Get()));
  server.TakeSent();
  EXPECT_EQ(server.ResetCode(1), static_cast<int>(ErrorCode::kRefusedStream));
  server.refuse = false;
  server.Receive(HeadersFrame(3, kWhole, Get()));
  EXPECT_EQ(server.streams(), 1u);
}

TEST_F(ServerConnectionTest, ShutsDownInTwoSteps) {
  server.Receive(HeadersFrame(1, kWhole, Get()));
  server.connection->AnnounceShutdown();
  server.Flush();
  std::vector<Frame> frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].payload, Number(0x7FFF'FFFF) + Number(0));
  server.Receive(HeadersFrame(3, kWhole, Get()));
  EXPECT_EQ(server.streams(), 2u) << "it was on its way";
  server.connection->Shutdown(ErrorCode::kNoError);
  server.Flush();
  frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].payload, Number(3) + Number(0));
  server.Receive(HeadersFrame(5, kWhole, Get()));
  EXPECT_EQ(server.streams(), 2u) << "beyond the last one that is served";
  EXPECT_FALSE(server.connection->finished());
  for (size_t i = 0; i < 2; ++i) server.Answer(server.stream(i), 200);
  server.Flush();
  EXPECT_TRUE(server.connection->finished());
  EXPECT_EQ(server.connection->failure(), ErrorCode::kNoError);
}

TEST_F(ServerConnectionTest, ServesNoRequestThatCameBetweenTheDecisionAndItsGoaway) {
  server.connection->Shutdown(ErrorCode::kNoError);
  server.Receive(HeadersFrame(1, kWhole, Get()));
  EXPECT_EQ(server.streams(), 0u);
  server.TakeSent();
  EXPECT_EQ(server.GoawayCode(), 0);
}

TEST_F(ServerConnectionTest, AsksWhetherTheClientIsThere) {
  server.connection->Ping();
  server.connection->Ping();
  server.Flush();
  std::vector<Frame> frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 2u);
  ASSERT_EQ(frames[0].type, FrameType::kPing);
  server.Receive(Bytes(FrameType::kPing, kAck, 0, frames[0].payload));
  EXPECT_EQ(server.pongs, 0) << "the last one is not answered yet";
  server.Receive(Bytes(FrameType::kPing, kAck, 0, frames[1].payload));
  EXPECT_EQ(server.pongs, 1);
}

TEST_F(ServerConnectionTest, AnswersPingAndTellsOfGoaway) {
  server.Receive(Bytes(FrameType::kPing, 0, 0, "12345678") + Bytes(FrameType::kGoaway, 0, 0, Number(0) + Number(0)));
  std::vector<Frame> frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].flags, kAck);
  EXPECT_EQ(frames[0].payload, "12345678");
  EXPECT_EQ(server.goaways, 1);
}

TEST_F(ServerConnectionTest, HasTheLastWordAfterAFailure) {
  server.Receive(HeadersFrame(1, kWhole, Get()));
  server.connection->Fail(ErrorCode::kInternalError);
  EXPECT_FALSE(server.connection->finished());
  server.Flush();
  std::vector<Frame> frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].payload, Number(1) + Number(2));
  EXPECT_TRUE(server.connection->finished());
  server.Receive(HeadersFrame(3, kWhole, Get()));
  EXPECT_EQ(server.streams(), 1u);
}

}  // namespace
}  // namespace penstock::http::h2
