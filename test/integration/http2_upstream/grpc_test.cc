// Calls through the gateway to a service of gRPC's own library, over HTTP/2 in cleartext.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dataplane/base/strings.h"
#include "test/integration/grpc/echo_server.h"
#include "test/integration/http1/test_gateway.h"

namespace penstock::test {
namespace {

namespace t = snapshot::testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Message(std::string_view text) {
  std::string frame(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(text.size() >> shift);
  return frame.append(text);
}

class GrpcUpstream : public ::testing::Test {
 protected:
  GrpcUpstream() {
    gateway.Serve({t::Listener("shop/web/http", StrCat("port: ", FreePort(), " client { reason_header: true }")),
                   t::Cluster("up", "protocol: HTTP2"),
                   t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", server.port(), " weight: 1 }")),
                   t::Route("shop/all",
                            "attachments { listener: 'shop/web/http' } "
                            "rules { matches { prefix: '/' } forward { clusters { cluster: 'up' weight: 1 } } }")});
  }
  static int FreePort() {
    StatusOr<io::Fd> probe = io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {});
    return io::BoundAddress(*probe)->port();
  }

  std::string Call(std::string_view path, std::string_view content_type, const std::string& content) {
    return gateway.Send(StrCat("POST ", path, " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTE: trailers\r\n",
                               "Content-Type: ", content_type, "\r\nContent-Length: ", content.size(), "\r\n\r\n",
                               content));
  }

  EchoServer server;
  TestGateway gateway;
};

TEST_F(GrpcUpstream, AnswersACallWithMessagesAndTheStatusInTrailers) {
  std::string reply = Call("/echo.Echo/Say", "application/grpc", Message("hello"));
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(reply, AllOf(HasSubstr("transfer-encoding: chunked\r\n"), HasSubstr(Message("hello")),
                           HasSubstr("0\r\ngrpc-status: 0\r\n")));
}

TEST_F(GrpcUpstream, TakesAStreamOfMessages) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += Message(StrCat("message ", i));
  std::string reply = Call("/echo.Echo/Say", "application/grpc", many);
  EXPECT_THAT(reply, AllOf(HasSubstr("message 0"), HasSubstr("message 999"), HasSubstr("grpc-status: 0\r\n")));
}

TEST_F(GrpcUpstream, TellsOfAnErrorThatIsAllOfTheAnswer) {
  std::string reply = Call("/echo.Echo/Fail", "application/grpc", Message("hello"));
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(reply, AllOf(HasSubstr("grpc-status: 5\r\n"), HasSubstr("grpc-message: no such thing\r\n")));
}

TEST_F(GrpcUpstream, TellsOfAnErrorBehindMessages) {
  std::string reply = Call("/echo.Echo/FailLate", "application/grpc", Message("hello"));
  EXPECT_THAT(reply, AllOf(HasSubstr(Message("hello")), HasSubstr("grpc-status: 15\r\n")));
}

TEST_F(GrpcUpstream, AnswersACallOfGrpcWebInItsOwnTerms) {
  std::string reply = Call("/echo.Echo/Say", "application/grpc-web+proto", Message("hello"));
  EXPECT_THAT(reply, AllOf(HasSubstr("content-type: application/grpc-web\r\n"), HasSubstr(Message("hello")),
                           HasSubstr("\x80"), HasSubstr("grpc-status:")));
}

TEST_F(GrpcUpstream, CallsOneAfterTheOtherAlwaysGetTheirOwnAnswer) {
  for (int i = 0; i < 50; ++i) {
    std::string text = StrCat("number ", i, ";");
    EXPECT_THAT(Call("/echo.Echo/Say", "application/grpc", Message(text)), HasSubstr(text));
  }
}

TEST_F(GrpcUpstream, IsUnavailableOnceItsServerIsGone) {
  EXPECT_THAT(Call("/echo.Echo/Say", "application/grpc", Message("x")), HasSubstr("grpc-status: 0\r\n"));
  server.Shutdown();
  EXPECT_THAT(Call("/echo.Echo/Say", "application/grpc", Message("x")), HasSubstr("grpc-status: 14\r\n"));
}

}  // namespace
}  // namespace penstock::test
