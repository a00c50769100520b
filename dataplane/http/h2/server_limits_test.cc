// What a client may cost: every class of flood ends its connection, and what is held for it stays small.
#include <gtest/gtest.h>

#include <string>

#include "dataplane/http/h2/server_connection.h"
#include "dataplane/http/h2/testing.h"

namespace penstock::http::h2 {
namespace {

using namespace std::chrono_literals;
using testing::Block;
using testing::Bytes;
using testing::DataFrame;
using testing::FieldTexts;
using testing::Get;
using testing::HeadersFrame;
using testing::Number;
using testing::Post;
using testing::Setting;
using testing::TestServer;

constexpr uint8_t kWhole = kEndHeaders | kEndStream;
const int kCalm = static_cast<int>(ErrorCode::kEnhanceYourCalm);

class ServerLimitsTest : public ::testing::Test {
 protected:
  ServerLimitsTest() { server.Greet(); }

  // How many of the frames that MAKE(i) makes are taken, one after the other, before the connection ends; at most MOST.
  template <typename Make>
  int Flood(int most, Make make) {
    int sent = 0;
    while (sent < most && !server.connection->finished()) server.Receive(make(sent++));
    server.TakeSent();
    return sent;
  }

  TestServer server;
};

TEST_F(ServerLimitsTest, EndsEveryFloodOfFramesThatDoNoWork) {
  struct Row {
    const char* what;
    std::string frame;
  };
  const Row kRows[] = {
      {"PING", Bytes(FrameType::kPing, 0, 0, "12345678")},
      {"answers to no PING", Bytes(FrameType::kPing, kAck, 0, "12345678")},
      {"SETTINGS", Bytes(FrameType::kSettings, 0, 0)},
      {"changes of the window", Bytes(FrameType::kSettings, 0, 0, Setting(4, 0) + Setting(4, 65535))},
      {"PRIORITY", Bytes(FrameType::kPriority, 0, 1001, Number(0) + "\x10")},
      {"PRIORITY_UPDATE", Bytes(static_cast<FrameType>(16), 0, 0, Number(1) + "u=0")},
      {"an unknown frame", Bytes(static_cast<FrameType>(0xFA), 0, 0, "x")},
      {"empty DATA", DataFrame(1, 0, "")},
      {"DATA of padding", Bytes(FrameType::kData, kPadded, 1, std::string("\x04") + std::string(4, '\0'))},
      {"WINDOW_UPDATE", Bytes(FrameType::kWindowUpdate, 0, 0, Number(1))},
      {"GOAWAY", Bytes(FrameType::kGoaway, 0, 0, Number(0) + Number(0))},
  };
  for (const Row& row : kRows) {
    TestServer own;
    own.Greet();
    own.Receive(HeadersFrame(1, kEndHeaders, Post()));
    int sent = 0;
    while (sent < 1000 && !own.connection->finished()) {
      own.Receive(row.frame);
      ++sent;
    }
    own.TakeSent();
    EXPECT_TRUE(own.connection->finished()) << row.what;
    EXPECT_EQ(own.GoawayCode(), kCalm) << row.what;
    EXPECT_GE(sent, 200) << row.what;
    EXPECT_LE(sent, 220) << row.what;
  }
}

TEST_F(ServerLimitsTest, TakesNoNewRequestsOnceThreeQuartersAreSpent) {
  server.Receive(HeadersFrame(1, kWhole, Get()));
  for (int i = 0; i < 160; ++i) server.Receive(Bytes(FrameType::kPing, 0, 0, "12345678"));
  server.TakeSent();
  EXPECT_EQ(server.GoawayCode(), kCalm);
  EXPECT_FALSE(server.connection->finished()) << "what runs is still served";
  server.Receive(HeadersFrame(3, kWhole, Get()));
  EXPECT_EQ(server.streams(), 1u);
  server.Answer(server.stream(0), 200);
  server.Flush();
  EXPECT_TRUE(server.stream(0).Saw("sent"));
  EXPECT_TRUE(server.connection->finished());
}

TEST_F(ServerLimitsTest, GivesTheBudgetBackWithTime) {
  for (int i = 0; i < 1000; ++i) {
    server.Receive(Bytes(FrameType::kPing, 0, 0, "12345678"));
    server.clock.Advance(50ms);
  }
  server.TakeSent();
  EXPECT_EQ(server.GoawayCode(), -1);
}

TEST_F(ServerLimitsTest, EndsRapidReset) {
  int streams = Flood(100'000, [](int i) {
    uint32_t id = 1 + 2 * static_cast<uint32_t>(i);
    return HeadersFrame(id, kWhole, Get()) + Bytes(FrameType::kRstStream, 0, id, Number(8));
  });
  EXPECT_EQ(streams, 101);
  EXPECT_EQ(server.GoawayCode(), kCalm);
}

TEST_F(ServerLimitsTest, EndsAClientThatMakesTheServerReset) {
  int streams = Flood(20'000, [](int i) {
    uint32_t id = 1 + 2 * static_cast<uint32_t>(i);
    return HeadersFrame(id, kEndHeaders, Post()) + Bytes(FrameType::kWindowUpdate, 0, id, Number(0));
  });
  EXPECT_LE(streams, 210);
}

TEST_F(ServerLimitsTest, ChargesRefusedRequests) {
  server.refuse = true;
  int streams = Flood(1000, [](int i) { return HeadersFrame(1 + 2 * static_cast<uint32_t>(i), kWhole, Get()); });
  EXPECT_LE(streams, 200);
  EXPECT_EQ(server.GoawayCode(), kCalm);
}

TEST_F(ServerLimitsTest, LetsAClientOpenItsWindowsAsItTakesContent) {
  for (uint32_t id = 1; id < 1000; id += 2) {
    server.Receive(HeadersFrame(id, kWhole, Get()));
    server.Answer(server.stream(id / 2), 200, "hello");
    server.Flush();
    for (int i = 0; i < 5; ++i) {
      server.Receive(Bytes(FrameType::kWindowUpdate, 0, 0, Number(1)));
    }
  }
  server.TakeSent();
  EXPECT_EQ(server.GoawayCode(), -1);
}

TEST_F(ServerLimitsTest, StopsAtTheNinthContinuation) {
  server.Receive(Bytes(FrameType::kHeaders, 0, 1, Block(Get())));
  int sent = Flood(1'000'000, [](int) { return Bytes(FrameType::kContinuation, 0, 1); });
  EXPECT_EQ(sent, 9);
  EXPECT_EQ(server.GoawayCode(), kCalm);
}

TEST_F(ServerLimitsTest, RefusesAHeadBeyondALimitAndGoesOn) {
  server.Receive(HeadersFrame(1, kWhole, Get(FieldTexts(100, {"x", "y"}))));
  EXPECT_EQ(server.stream(0).error, Error::kTooManyHeaders);
  std::string block = Block(Get(FieldTexts(20, {"x", std::string(4000, 'v')})));
  std::string frames = Bytes(FrameType::kHeaders, kEndStream, 3, block.substr(0, 16'384));
  for (size_t at = 16'384; at < block.size(); at += 16'384) {
    bool last = at + 16'384 >= block.size();
    frames += Bytes(FrameType::kContinuation, last ? kEndHeaders : 0, 3, block.substr(at, 16'384));
  }
  server.Receive(frames);
  EXPECT_EQ(server.stream(1).error, Error::kHeadersTooLarge);
  server.Receive(HeadersFrame(5, kWhole, Get()));
  EXPECT_EQ(server.stream(2).error, Error::kNone);
}

TEST_F(ServerLimitsTest, EndsACompressionBombBeforeItCostsMuch) {
  // One value of 4,000 bytes goes into the table, then 16,000 references of one byte.
  std::string block = Block(Get());
  block += std::string("\x40\x03x-b\x7F\xA1\x1E", 8) + std::string(4000, 'v');
  std::string bytes = Bytes(FrameType::kHeaders, 0, 1, block) +
                      Bytes(FrameType::kContinuation, kEndHeaders, 1, std::string(16'000, '\xBE'));
  server.Receive(bytes);
  server.TakeSent();
  EXPECT_EQ(server.GoawayCode(), kCalm);
  EXPECT_LE(server.stream(0).arena.bytes(), 62'000u);
}

TEST_F(ServerLimitsTest, RefusesFieldsWithoutNamesWithoutKeepingThem) {
  std::string block = Block(Get());
  for (int i = 0; i < 5000; ++i) block += std::string("\0\0\0", 3);
  server.Receive(Bytes(FrameType::kHeaders, kWhole, 1, block));
  EXPECT_EQ(server.stream(0).error, Error::kFieldName);
  EXPECT_EQ(server.stream(0).head.headers.size(), 0u);
}

TEST_F(ServerLimitsTest, RefusesARequestTooManyAndGoesOn) {
  for (uint32_t id = 1; id <= 201; id += 2) server.Receive(HeadersFrame(id, kWhole, Get()));
  server.TakeSent();
  EXPECT_EQ(server.streams(), 100u);
  EXPECT_EQ(server.ResetCode(201), static_cast<int>(ErrorCode::kRefusedStream));
  EXPECT_EQ(server.connection->refused(), 1u);
  server.Answer(server.stream(0), 200);
  server.Flush();
  server.Receive(HeadersFrame(203, kWhole, Get()));
  EXPECT_EQ(server.streams(), 101u);
  EXPECT_EQ(server.GoawayCode(), -1);
}

TEST_F(ServerLimitsTest, EndsAConnectionThatBeginsFarMoreStreamsThanItMay) {
  int streams = Flood(1000, [](int i) { return HeadersFrame(1 + 2 * static_cast<uint32_t>(i), kWhole, Get()); });
  EXPECT_LE(streams, 100 + 201);
  EXPECT_EQ(server.streams(), 100u);
  EXPECT_EQ(server.GoawayCode(), kCalm);
}

TEST_F(ServerLimitsTest, EndsAConnectionWithAHeadFarBeyondItsLimit) {
  std::string block = Block(Get());
  for (int i = 0; i < 5400; ++i) block += std::string("\0\0\0", 3);
  server.Receive(Bytes(FrameType::kHeaders, kEndStream, 1, block));
  EXPECT_FALSE(server.connection->finished()) << "most of it may still be an honest mistake";
  server.Receive(Bytes(FrameType::kContinuation, kEndHeaders, 1, std::string(3 * 5400, '\0')));
  server.TakeSent();
  EXPECT_EQ(server.GoawayCode(), kCalm);
}

TEST_F(ServerLimitsTest, EndsAClientThatDoesNotTakeItsAnswers) {
  std::string pings;
  for (int i = 0; i < 150; ++i) pings += Bytes(FrameType::kPing, 0, 0, "12345678");
  // Nothing is sent in between.
  server.connection->Receive(Chunk::Copy(server.blocks, pings));
  server.Flush();
  server.TakeSent();
  EXPECT_EQ(server.GoawayCode(), kCalm);
}

TEST_F(ServerLimitsTest, RefusesAFrameBeyondItsSize) {
  server.Receive(HeadersFrame(1, kEndHeaders, Post()) + DataFrame(1, 0, std::string(16'385, 'x')));
  server.TakeSent();
  EXPECT_EQ(server.GoawayCode(), static_cast<int>(ErrorCode::kFrameSizeError));
}

TEST_F(ServerLimitsTest, DoesNotHoldABlockForEveryByteOfContent) {
  server.Receive(HeadersFrame(1, kEndHeaders, Post()));
  size_t before = server.blocks.bytes_in_use();
  for (int i = 0; i < 100; ++i) server.Receive(DataFrame(1, 0, "x"));
  EXPECT_EQ(server.stream(0).content.size(), 100u);
  EXPECT_LE(server.blocks.bytes_in_use(), before + BlockPool::kSizes[2]);
}

TEST_F(ServerLimitsTest, EndsTheConnectionOnAnErrorOfCompression) {
  server.Receive(HeadersFrame(1, kWhole, Get()));
  server.Receive(Bytes(FrameType::kHeaders, kWhole, 3, "\xFF\xFF\xFF\xFF\xFF"));
  server.TakeSent();
  EXPECT_EQ(server.GoawayCode(), static_cast<int>(ErrorCode::kCompressionError));
  EXPECT_EQ(server.connection->failure(), ErrorCode::kCompressionError);
  EXPECT_TRUE(server.connection->finished());
}

}  // namespace
}  // namespace penstock::http::h2
