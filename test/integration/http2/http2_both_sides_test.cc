// HTTP/2 on both sides of the gateway: what one side says reaches the other, and what one holds back stops it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "dataplane/base/strings.h"
#include "dataplane/upstream/testing/h2_upstream.h"
#include "test/integration/http2/h2_client.h"

namespace penstock::test {
namespace {

namespace h2 = http::h2::testing;
namespace t = snapshot::testing;
using ::testing::Contains;
using ::testing::Pair;
using upstream::H2Upstream;

const FieldTexts kCall = {{"content-type", "application/grpc"}, {"te", "trailers"}};

class Http2BothSidesTest : public ::testing::Test {
 protected:
  Http2BothSidesTest() : upstream(gateway.reactor(), [this](int, int) { return action; }), port(FreePort()) {
    gateway.Serve(
        {t::Listener("shop/web/http", StrCat("port: ", port, " client { http2 { prior_knowledge: true } }")),
         t::Cluster("up", "protocol: HTTP2"),
         t::Endpoints("up",
                      StrCat("endpoints { address: '127.0.0.1' port: ", upstream.address().port(), " weight: 1 }")),
         t::Route("shop/all",
                  "attachments { listener: 'shop/web/http' } rules { matches { prefix: '/' } forward { clusters { "
                  "cluster: 'up' weight: 1 } request_timeout_off: true backend_timeout_off: true } }")});
  }
  ~Http2BothSidesTest() override {
    upstream.Stop();
    EXPECT_TRUE(gateway.RunUntil([&] { return upstream.open_connections() == 0; }));
  }

  static uint16_t FreePort() {
    StatusOr<io::Fd> probe = io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {});
    return io::BoundAddress(*probe)->port();
  }
  // Lets everything that can happen now happen.
  void Settle() {
    for (int i = 0; i < 500; ++i) gateway.reactor().Turn(Duration(0));
  }

  TestGateway gateway;
  H2Upstream::Action action;
  H2Upstream upstream;
  uint16_t port;
};

TEST_F(Http2BothSidesTest, CarriesFieldsAndContentBothWaysAndTrailersBack) {
  action = {.fields = {{"x-a", "b"}}, .content = "answer", .trailers = {{"grpc-status", "0"}, {"x-sum", "1"}}};
  H2Client client(gateway);
  uint32_t stream = client.Ask(h2::Post(kCall), false);
  client.Send(h2::DataFrame(stream, 0, "question") + h2::HeadersFrame(stream, kWhole, {{"x-sum", "2"}}));
  H2Client::Response& response = client.Await(stream);
  ASSERT_EQ(response.sections.size(), 2u);
  EXPECT_EQ(response.status(), 200);
  EXPECT_EQ(response.Get("x-a"), "b");
  EXPECT_EQ(response.Get("via"), "2 penstock");
  EXPECT_EQ(response.content, "answer");
  EXPECT_EQ(response.sections[1], (FieldTexts{{"grpc-status", "0"}, {"x-sum", "1"}}));
  EXPECT_TRUE(response.ended);
  ASSERT_EQ(upstream.requests(), 1u);
  const H2Upstream::Request& request = upstream.request(0);
  EXPECT_EQ(request.content, "question");
  EXPECT_EQ(request.trailers, (FieldTexts{}));
  EXPECT_THAT(request.fields, Contains(Pair("te", "trailers")));
}

TEST_F(Http2BothSidesTest, PassesInformationalHeadsOn) {
  action = {.content = "answer", .informational = true};
  H2Client client(gateway);
  H2Client::Response response = client.Get();
  ASSERT_EQ(response.sections.size(), 2u);
  EXPECT_EQ(response.sections[0], (FieldTexts{{":status", "103"}, {"link", "</a.css>"}}));
  EXPECT_EQ(response.content, "answer");
}

TEST_F(Http2BothSidesTest, ResetsTheUpstreamsStreamWhenTheClientResetsItsOwn) {
  action.hold = true;
  H2Client client(gateway);
  uint32_t taken_back = client.Ask(h2::Get()), other = client.Ask(h2::Get());
  ASSERT_TRUE(client.RunUntil([&] { return upstream.requests() == 2; }));
  client.Send(h2::Bytes(FrameType::kRstStream, 0, taken_back, h2::Number(8)));
  ASSERT_TRUE(client.RunUntil([&] { return upstream.request(0).reset.has_value(); }));
  EXPECT_EQ(*upstream.request(0).reset, http::h2::ErrorCode::kCancel);
  upstream.AnswerHeld();
  EXPECT_EQ(client.Await(other).status(), 200) << "the others of the connection go on";
  EXPECT_EQ(upstream.connections(), 1);
}

TEST_F(Http2BothSidesTest, ResetsTheClientsStreamWhenTheUpstreamBreaksOff) {
  action = {.content = std::string(100'000, 'x'), .reset_behind = http::h2::ErrorCode::kCancel};
  H2Client client(gateway);
  H2Client::Response response = client.Get();
  EXPECT_EQ(response.status(), 200);
  EXPECT_FALSE(response.ended);
  EXPECT_EQ(response.reset, 2);
  action = {.content = "answer"};
  EXPECT_EQ(client.Get().status(), 200) << "the connection goes on";
}

TEST_F(Http2BothSidesTest, AnswersForAnUpstreamThatResetsBeforeItsHead) {
  action = {.reset = http::h2::ErrorCode::kInternalError};
  H2Client client(gateway);
  H2Client::Response response = client.Get();
  EXPECT_EQ(response.status(), 502);
  EXPECT_TRUE(response.ended);
  H2Client::Response call = client.Get(kCall);
  EXPECT_EQ(call.status(), 200);
  EXPECT_EQ(call.Get("grpc-status"), "14");
}

TEST_F(Http2BothSidesTest, HoldsLittleForAHundredStreamsWhoseWindowIsClosed) {
  action.content = std::string(1 << 20, 'x');
  H2Client client(gateway, h2::Setting(4, 0));
  std::vector<uint32_t> streams;
  for (int i = 0; i < 100; ++i) streams.push_back(client.Ask(h2::Get()));
  ASSERT_TRUE(client.RunUntil([&] {
    return std::all_of(streams.begin(), streams.end(), [&](uint32_t s) { return client.response(s).status() == 200; });
  }));
  Settle();
  // A window of 64 KiB of content each, in blocks that frames fill by more than half, heads and arenas included.
  EXPECT_LE(gateway.reactor().blocks().bytes_in_use(), 100 * 2 * (64 << 10));
  for (uint32_t stream : streams) ASSERT_EQ(client.response(stream).content, "");
  // Once the window opens, everything comes.
  client.Send(h2::Bytes(FrameType::kWindowUpdate, 0, 0, h2::Number(0x7000'0000)));
  for (uint32_t stream : {streams[0], streams[57], streams[99]}) {
    client.Send(h2::Bytes(FrameType::kWindowUpdate, 0, stream, h2::Number(1 << 20)));
    EXPECT_TRUE(client.Await(stream).content == action.content);
  }
}

TEST_F(Http2BothSidesTest, LetsAClientSendNoMoreThanTheUpstreamTakes) {
  constexpr size_t kWindow = 65'536, kPiece = 16'000;
  upstream.set_consume(false);
  action.hold = true;
  H2Client client(gateway);
  uint32_t stream = client.Ask(h2::Post(), false);
  Settle();
  size_t sent = 0;
  while (sent + kPiece <= kWindow + client.granted(stream) && sent < 1'000'000) {
    client.Send(h2::DataFrame(stream, 0, std::string(kPiece, 'x')));
    sent += kPiece;
    Settle();
  }
  // The window of either hop, and at most one piece that is on its way between them.
  EXPECT_GT(sent, kWindow + kWindow / 2);
  EXPECT_LE(sent, 2 * kWindow + BlockPool::kLarge);
  EXPECT_EQ(upstream.request(0).content.size(), kWindow);
}

}  // namespace
}  // namespace penstock::test
