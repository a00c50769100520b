// Calls through the gateway to a service of gRPC's own library, over HTTP/2 in cleartext.
#include <gmock/gmock.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "dataplane/base/strings.h"
#include "test/integration/http1/test_gateway.h"

namespace penstock::test {
namespace {

namespace t = snapshot::testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Sends every message back. A method that ends with "Fail" fails at once, one with "FailLate" behind the messages.
class EchoCall final : public grpc::ServerGenericBidiReactor {
 public:
  explicit EchoCall(const std::string& method) : late_(method.ends_with("/FailLate")) {
    if (method.ends_with("/Fail")) {
      Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, "no such thing"));
    } else {
      StartRead(&message_);
    }
  }

 private:
  void OnReadDone(bool ok) override {
    if (ok) return StartWrite(&message_);
    Finish(late_ ? grpc::Status(grpc::StatusCode::DATA_LOSS, "lost") : grpc::Status::OK);
  }
  void OnWriteDone(bool ok) override {
    if (ok) StartRead(&message_);
  }
  void OnDone() override { delete this; }

  const bool late_;
  grpc::ByteBuffer message_;
};

class EchoService final : public grpc::CallbackGenericService {
 private:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new EchoCall(context->method());
  }
};

std::string Message(std::string_view text) {
  std::string frame(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(text.size() >> shift);
  return frame.append(text);
}

class GrpcUpstream : public ::testing::Test {
 protected:
  GrpcUpstream() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterCallbackGenericService(&service);
    server = builder.BuildAndStart();
    gateway.Serve({t::Listener("shop/web/http", StrCat("port: ", FreePort(), " client { reason_header: true }")),
                   t::Cluster("up", "protocol: HTTP2"),
                   t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", port, " weight: 1 }")),
                   t::Route("shop/all",
                            "attachments { listener: 'shop/web/http' } "
                            "rules { matches { prefix: '/' } forward { clusters { cluster: 'up' weight: 1 } } }")});
  }
  ~GrpcUpstream() override { server->Shutdown(std::chrono::system_clock::now()); }

  static int FreePort() {
    StatusOr<io::Fd> probe = io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {});
    return io::BoundAddress(*probe)->port();
  }

  std::string Call(std::string_view path, std::string_view content_type, const std::string& content) {
    return gateway.Send(StrCat("POST ", path, " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTE: trailers\r\n",
                               "Content-Type: ", content_type, "\r\nContent-Length: ", content.size(), "\r\n\r\n",
                               content));
  }

  EchoService service;
  std::unique_ptr<grpc::Server> server;
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
  server->Shutdown(std::chrono::system_clock::now());
  EXPECT_THAT(Call("/echo.Echo/Say", "application/grpc", Message("x")), HasSubstr("grpc-status: 14\r\n"));
}

}  // namespace
}  // namespace penstock::test
