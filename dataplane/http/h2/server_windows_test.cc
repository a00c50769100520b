// Flow control, with frames made by hand.
#include <gtest/gtest.h>

#include <string>

#include "dataplane/http/h2/server_connection.h"
#include "dataplane/http/h2/testing.h"

namespace penstock::http::h2 {
namespace {

using testing::Bytes;
using testing::DataFrame;
using testing::Frame;
using testing::Get;
using testing::HeadersFrame;
using testing::Number;
using testing::Post;
using testing::Setting;
using testing::TestServer;

constexpr uint8_t kWhole = kEndHeaders | kEndStream;

class ServerWindowsTest : public ::testing::Test {
 protected:
  ServerWindowsTest() {
    server.Greet();
    server.TakeSent();
  }

  TestServer server;
};

TEST_F(ServerWindowsTest, OpensWindowsOnlyAsContentIsConsumed) {
  server.Receive(HeadersFrame(1, kEndHeaders, Post()));
  for (int i = 0; i < 4; ++i) server.Receive(DataFrame(1, 0, std::string(16'384, 'x')));
  EXPECT_TRUE(server.TakeSent().empty());
  server.connection->Consume(server.stream(0), 40'000);
  server.Flush();
  std::vector<Frame> frames = server.TakeSent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].type, FrameType::kWindowUpdate);
  EXPECT_EQ(frames[0].stream, 1u);
  EXPECT_EQ(frames[0].payload, Number(40'000));
}

TEST_F(ServerWindowsTest, OpensTheConnectionsWindowWhileMostOfItIsHeld) {
  auto upload = [this](uint32_t id) {
    server.Receive(HeadersFrame(id, kEndHeaders, Post()));
    for (int i = 0; i < 4; ++i) server.Receive(DataFrame(id, 0, std::string(16'384, 'x')));
  };
  for (uint32_t id = 1; id <= 19; id += 2) upload(id);  // 640 KiB that nobody takes
  for (uint32_t id = 21; id <= 99; id += 2) {
    upload(id);
    server.connection->Consume(server.stream(id / 2), 65'536);
    server.Flush();
  }
  server.TakeSent();
  EXPECT_EQ(server.GoawayCode(), -1);
  EXPECT_EQ(server.stream(49).content.size(), 65'536u);
}

TEST_F(ServerWindowsTest, EndsAConnectionWhoseStreamGetsMoreThanItsWindow) {
  server.Receive(HeadersFrame(1, kEndHeaders, Post()));
  for (int i = 0; i < 4; ++i) server.Receive(DataFrame(1, 0, std::string(16'384, 'x')));
  server.Receive(DataFrame(1, 0, "x"));
  server.TakeSent();
  EXPECT_EQ(server.GoawayCode(), static_cast<int>(ErrorCode::kFlowControlError));
  EXPECT_TRUE(server.stream(0).Saw("reset 3"));
}

TEST_F(ServerWindowsTest, ResetsAStreamWhoseWindowAnUpdateOpensTooFar) {
  server.Receive(HeadersFrame(1, kEndHeaders, Post()) + Bytes(FrameType::kWindowUpdate, 0, 1, Number(0x7FFF'FFFF)));
  server.TakeSent();
  EXPECT_EQ(server.ResetCode(1), static_cast<int>(ErrorCode::kFlowControlError));
  EXPECT_TRUE(server.stream(0).Saw("reset 3"));
  EXPECT_EQ(server.GoawayCode(), -1);
}

TEST_F(ServerWindowsTest, EndsAConnectionWhoseSettingsOpenAStreamsWindowTooFar) {
  const uint32_t to_the_most = 0x7FFF'FFFF - 65'535;
  server.Receive(HeadersFrame(1, kEndHeaders, Post()) + Bytes(FrameType::kWindowUpdate, 0, 1, Number(to_the_most)));
  server.TakeSent();
  EXPECT_EQ(server.ResetCode(1), -1);
  server.Receive(Bytes(FrameType::kSettings, 0, 0, Setting(4, 65'536)));
  server.TakeSent();
  EXPECT_EQ(server.GoawayCode(), static_cast<int>(ErrorCode::kFlowControlError));
}

TEST_F(ServerWindowsTest, HoldsContentBackUntilTheWindowOpens) {
  server.Receive(Bytes(FrameType::kSettings, 0, 0, Setting(4, 10)) + HeadersFrame(1, kWhole, Get()));
  server.Answer(server.stream(0), 200, std::string(25, 'x'));
  server.Flush();
  EXPECT_EQ(server.TakeSentContent(1).size(), 10u);
  EXPECT_EQ(server.stream(0).unsent(), 15u);
  server.Receive(Bytes(FrameType::kWindowUpdate, 0, 1, Number(15)));
  EXPECT_EQ(server.TakeSentContent(1).size(), 15u);
  EXPECT_TRUE(server.stream(0).Saw("sent"));
}

}  // namespace
}  // namespace penstock::http::h2
