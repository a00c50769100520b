// What a caller of gRPC is told when this proxy answers by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "test/integration/http1/test_gateway.h"

namespace penstock::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Call(std::string_view path, std::string_view content_type, std::string_view more = "") {
  return StrCat("POST ", path, " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: ", content_type,
                "\r\nContent-Length: 0\r\n", more, "\r\n");
}

class GrpcReply : public ::testing::Test {
 protected:
  GrpcReply() : upstream(gateway.reactor()) {
    gateway.ServeShop(upstream.port(),
                      "rules { matches { prefix: '/known' } forward { clusters { cluster: 'up' weight: 1 } } }");
  }
  TestGateway gateway;
  FakeUpstream upstream;
};

TEST_F(GrpcReply, ToACallThatNoRouteMatchesIsUnimplemented) {
  std::string reply = gateway.Send(Call("/shop.Orders/Get", "application/grpc+proto"));
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(reply, AllOf(HasSubstr("grpc-status: 12\r\n"), HasSubstr("content-type: application/grpc+proto\r\n"),
                           HasSubstr("content-length: 0\r\n")));
}

TEST_F(GrpcReply, ToACallOfGrpcWebKeepsItsDialect) {
  EXPECT_THAT(gateway.Send(Call("/x", "application/grpc-web-text")),
              AllOf(HasSubstr("grpc-status: 12\r\n"), HasSubstr("content-type: application/grpc-web-text\r\n")));
}

TEST_F(GrpcReply, ToACallOfGrpcWebKeepsItsDialectThoughItsServiceSpeaksGrpc) {
  namespace t = snapshot::testing;
  gateway.Serve({t::Listener("shop/web/http", StrCat("port: ", gateway.port())), t::Cluster("up", "protocol: HTTP2"),
                 t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", upstream.port(), " weight: 1 }")),
                 t::Route("shop/all",
                          "attachments { listener: 'shop/web/http' } "
                          "rules { matches { prefix: '/known' } forward { clusters { cluster: 'up' weight: 1 } } }")});
  upstream.script.response = "";
  upstream.script.close_after = true;
  for (const char* type : {"application/grpc-web+proto", "application/grpc-web-text"}) {
    EXPECT_THAT(gateway.Send(Call("/known", type)),
                AllOf(HasSubstr("grpc-status: 14\r\n"), HasSubstr(StrCat("content-type: ", type, "\r\n"))));
  }
}

TEST_F(GrpcReply, ToAServiceThatBreaksOffIsUnavailable) {
  upstream.script.response = "";
  upstream.script.close_after = true;
  EXPECT_THAT(gateway.Send(Call("/known", "application/grpc")), HasSubstr("grpc-status: 14\r\n"));
}

TEST_F(GrpcReply, ToACallWhoseTimeoutPassesIsDeadlineExceeded) {
  upstream.script.silent = true;
  EXPECT_THAT(gateway.Send(Call("/known", "application/grpc", "grpc-timeout: 1m\r\n")),
              HasSubstr("grpc-status: 4\r\n"));
}

TEST_F(GrpcReply, IsAnOrdinaryOneForEverybodyElse) {
  EXPECT_THAT(gateway.Send(Call("/x", "application/json")),
              AllOf(StartsWith("HTTP/1.1 404 "), Not(HasSubstr("grpc-status"))));
}

}  // namespace
}  // namespace penstock::test
