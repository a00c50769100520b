// Back-pressure end to end, and what is held for those who are slow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "test/integration/http2/h2_client.h"

namespace penstock::test {
namespace {

namespace h2 = http::h2::testing;
using ::testing::EndsWith;

const char kPatient[] =
    "rules { matches { prefix: '/' } forward { clusters { cluster: 'up' weight: 1 } request_timeout_off: true "
    "backend_timeout_off: true } }";
const char kNothing[] = "rules { matches { prefix: '/only' } static_reply { status: 200 } }";
const char kHttp2[] = "http2 { prior_knowledge: true }";

class Http2FlowTest : public ::testing::Test {
 protected:
  Http2FlowTest() { gateway.ServeShop(upstream.port(), kPatient, kHttp2); }

  // Lets everything that can happen now happen.
  void Settle() {
    for (int i = 0; i < 200; ++i) gateway.reactor().Turn(Duration(0));
  }

  TestGateway gateway;
  FakeUpstream upstream{gateway.reactor()};
};

TEST_F(Http2FlowTest, HoldsLittleForAHundredStreamsWhoseWindowIsClosed) {
  const std::string megabyte(1 << 20, 'x');
  upstream.script.response = "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + megabyte;
  H2Client client(gateway, h2::Setting(4, 0));
  std::vector<uint32_t> streams;
  for (int i = 0; i < 100; ++i) streams.push_back(client.Ask(h2::Get()));
  ASSERT_TRUE(client.RunUntil([&] { return client.response(streams.back()).status() == 200; }));
  Settle();
  // 64 KiB of content each, and the blocks of their heads and arenas.
  EXPECT_LE(gateway.reactor().blocks().bytes_in_use(), 100 * (64 << 10) + 100 * (32 << 10));
  for (uint32_t stream : streams) ASSERT_EQ(client.response(stream).content, "");
  // Once the window opens, everything comes.
  client.Send(h2::Bytes(FrameType::kWindowUpdate, 0, 0, h2::Number(0x7000'0000)));
  for (uint32_t stream : {streams[0], streams[57], streams[99]}) {
    client.Send(h2::Bytes(FrameType::kWindowUpdate, 0, stream, h2::Number(1 << 20)));
    EXPECT_TRUE(client.Await(stream).content == megabyte);
  }
}

TEST_F(Http2FlowTest, ReadsNoMoreOfAnUploadThanTheUpstreamTakes) {
  upstream.script.read_content = false;
  upstream.script.silent = true;
  H2Client client(gateway);
  uint32_t stream = client.Ask(h2::Post(), false);
  // All that the first window allows.
  for (int i = 0; i < 4; ++i) client.Send(h2::DataFrame(stream, 0, std::string(16'383, 'x')));
  Settle();
  EXPECT_EQ(upstream.requests.size(), 1u);
  EXPECT_LE(gateway.reactor().blocks().bytes_in_use(), 256u << 10);
}

TEST_F(Http2FlowTest, CarriesAnUploadThroughManyWindows) {
  H2Client client(gateway);
  uint32_t stream = client.Ask(h2::Post({{"content-length", "1600000"}}), false);
  for (int i = 0; i < 100; ++i) {
    client.Send(h2::DataFrame(stream, i == 99 ? kEndStream : 0, std::string(16'000, static_cast<char>('a' + i % 26))));
    Settle();
  }
  EXPECT_EQ(client.Await(stream).status(), 200);
  ASSERT_EQ(upstream.requests.size(), 1u);
  EXPECT_EQ(upstream.requests[0].size() - upstream.requests[0].find("\r\n\r\n") - 4, 1'600'000u);
  EXPECT_THAT(upstream.requests[0], EndsWith(std::string(16'000, static_cast<char>('a' + 99 % 26))));
}

TEST_F(Http2FlowTest, WritesOnceForAllResponsesOfATurn) {
  gateway.ServeShop(upstream.port(), kNothing, kHttp2);
  H2Client client(gateway);
  Settle();
  int before = client.reads;
  std::string bytes;
  for (uint32_t id = 1; id < 101; id += 2) bytes += h2::HeadersFrame(id, kWhole, h2::Get());
  client.Send(bytes);
  ASSERT_TRUE(client.RunUntil([&] { return client.response(99).done(); }));
  EXPECT_LE(client.reads - before, 2);
}

TEST_F(Http2FlowTest, StopsReadingFromUpstreamsWhenTheSocketIsFull) {
  const std::string megabytes(8 << 20, 'x');
  upstream.script.response = "HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n" + megabytes;
  H2Client client(gateway, h2::Setting(4, 0x7FFF'FFFF));
  client.Send(h2::Bytes(FrameType::kWindowUpdate, 0, 0, h2::Number(0x7000'0000)));
  Settle();
  client.read = false;
  std::vector<uint32_t> streams;
  for (int i = 0; i < 10; ++i) streams.push_back(client.Ask(h2::Get()));
  Settle();
  EXPECT_LE(gateway.reactor().blocks().bytes_in_use(), 10 * (96 << 10) + (256 << 10));
  client.read = true;
  client.open_windows = false;
  for (uint32_t stream : streams) EXPECT_EQ(client.Await(stream).content.size(), megabytes.size());
}

TEST_F(Http2FlowTest, PassesEveryPieceOfAStreamOnAtOnce) {
  upstream.script.response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nevent\r\n";
  upstream.script.silent = false;
  H2Client client(gateway);
  uint32_t stream = client.Ask(h2::Get());
  EXPECT_TRUE(client.RunUntil([&] { return client.response(stream).content == "event"; }));
  EXPECT_FALSE(client.response(stream).done());
}

}  // namespace
}  // namespace penstock::test
