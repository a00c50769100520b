// Clients and servers of gRPC's own library with the gateway between them: HTTP/2 on both sides.
#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/mutex.h"
#include "dataplane/base/strings.h"
#include "test/integration/grpc/echo_server.h"
#include "test/integration/http1/test_gateway.h"

namespace penstock::test {
namespace {

namespace t = snapshot::testing;
using grpc::StatusCode;
using ::testing::ElementsAre;

grpc::ByteBuffer ToBuffer(const std::string& text) {
  grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToText(grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  EXPECT_TRUE(buffer.DumpToSingleSlice(&slice).ok());
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

// One call. Sends its messages, each once REPLIES messages came for the one before, and writes down what comes.
class Call final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Call(grpc::GenericStub& stub, const std::string& method, std::vector<std::string> messages, size_t replies,
       std::chrono::milliseconds timeout)
      : messages_(std::move(messages)), replies_(replies) {
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    stub.PrepareBidiStreamingCall(&context, method, {}, this);
    Send();
    StartRead(&read_);
    StartCall();
  }

  grpc::ClientContext context;
  std::vector<std::string> received;
  grpc::Status status;
  std::atomic<bool> done = false;

 private:
  void Send() {
    if (next_ == messages_.size()) return StartWritesDone();
    written_ = ToBuffer(messages_[next_++]);
    StartWrite(&written_);
  }
  // The message before is written, and its replies are there. REQUIRES: mutex_ is held.
  void SendIfDue() {
    if (!writing_ && received.size() >= next_ * replies_ && !ended_) {
      writing_ = true;
      ended_ = next_ == messages_.size();
      Send();
    }
  }
  void OnWriteDone(bool ok) override {
    MutexLock lock(&mutex_);
    writing_ = !ok;
    SendIfDue();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    MutexLock lock(&mutex_);
    received.push_back(ToText(read_));
    SendIfDue();
    StartRead(&read_);
  }
  void OnDone(const grpc::Status& end) override {
    status = end;
    done = true;
  }

  const std::vector<std::string> messages_;
  const size_t replies_;
  Mutex mutex_;  // the library calls from its own threads
  size_t next_ = 0;
  bool writing_ = true;
  bool ended_ = false;
  grpc::ByteBuffer written_;
  grpc::ByteBuffer read_;
};

class GrpcCall : public ::testing::Test {
 protected:
  GrpcCall() {
    StatusOr<io::Fd> probe = io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {});
    uint16_t port = io::BoundAddress(*probe)->port();
    probe->Close();
    gateway.Serve({t::Listener("shop/web/http", StrCat("port: ", port, " client { http2 { prior_knowledge: true } }")),
                   t::Cluster("up", "protocol: HTTP2"),
                   t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", server.port(), " weight: 1 }")),
                   t::Route("shop/all",
                            "attachments { listener: 'shop/web/http' } "
                            "rules { matches { prefix: '/echo.Echo/' } forward { clusters { cluster: 'up' weight: 1 } "
                            "} }")});
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(16 << 20);
    stub = std::make_unique<grpc::GenericStub>(
        grpc::CreateCustomChannel(StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials(), arguments));
  }

  std::unique_ptr<Call> Start(const std::string& method, std::vector<std::string> messages, size_t replies = 0,
                              std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
    std::string path = method.starts_with('/') ? method : "/echo.Echo/" + method;
    return std::make_unique<Call>(*stub, path, std::move(messages), replies, timeout);
  }
  void Await(const Call& call) {
    ASSERT_TRUE(gateway.RunUntil([&] { return call.done.load(); }));
  }
  std::unique_ptr<Call> Run(const std::string& method, std::vector<std::string> messages, size_t replies = 0) {
    std::unique_ptr<Call> call = Start(method, std::move(messages), replies);
    Await(*call);
    return call;
  }

  EchoServer server;
  TestGateway gateway;
  std::unique_ptr<grpc::GenericStub> stub;
};

TEST_F(GrpcCall, OfOneMessageIsAnsweredWithOne) {
  std::unique_ptr<Call> call = Run("Say", {"hello"});
  EXPECT_TRUE(call->status.ok()) << call->status.error_message();
  EXPECT_THAT(call->received, ElementsAre("hello"));
}

TEST_F(GrpcCall, StreamsMessagesToTheServer) {
  std::unique_ptr<Call> call = Run("Last", {"a", "b", "c"});
  EXPECT_TRUE(call->status.ok()) << call->status.error_message();
  EXPECT_THAT(call->received, ElementsAre("c"));
}

TEST_F(GrpcCall, StreamsMessagesToTheClient) {
  std::unique_ptr<Call> call = Run("Repeat", {"a"});
  EXPECT_TRUE(call->status.ok()) << call->status.error_message();
  EXPECT_THAT(call->received, ElementsAre("a", "a", "a"));
}

TEST_F(GrpcCall, IsAConversationInWhichNoMessageWaitsForTheNext) {
  std::vector<std::string> messages;
  for (int i = 0; i < 200; ++i) messages.push_back(StrCat("message ", i));
  std::unique_ptr<Call> call = Run("Say", messages, 1);
  EXPECT_TRUE(call->status.ok()) << call->status.error_message();
  EXPECT_EQ(call->received, messages);
}

TEST_F(GrpcCall, CarriesMetadataInFrontAndBehind) {
  std::unique_ptr<Call> call = Run("Say", {"hello"});
  EXPECT_EQ(call->context.GetServerInitialMetadata().count("first"), 1u);
  EXPECT_EQ(call->context.GetServerTrailingMetadata().count("last"), 1u);
}

TEST_F(GrpcCall, CarriesMessagesOfMegabytes) {
  std::string large(4 << 20, 'x');
  std::unique_ptr<Call> call = Run("Say", {large, large}, 1);
  EXPECT_TRUE(call->status.ok()) << call->status.error_message();
  ASSERT_EQ(call->received.size(), 2u);
  EXPECT_TRUE(call->received[0] == large && call->received[1] == large);
}

TEST_F(GrpcCall, EndsWithTheServersStatusAndMessage) {
  std::unique_ptr<Call> call = Run("Fail", {"hello"});
  EXPECT_EQ(call->status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(call->status.error_message(), "no such thing");
  call = Run("FailLate", {"hello"});
  EXPECT_EQ(call->status.error_code(), StatusCode::DATA_LOSS);
  EXPECT_THAT(call->received, ElementsAre("hello"));
}

TEST_F(GrpcCall, IsCancelledAtTheServerWhenTheClientCancelsIt) {
  std::unique_ptr<Call> call = Start("Say", {"hello"}, 2);
  ASSERT_TRUE(gateway.RunUntil([&] { return gateway.downstream().exchanges().lent() == 1; }));
  std::unique_ptr<Call> other = Run("Say", {"there"});
  call->context.TryCancel();
  Await(*call);
  EXPECT_EQ(call->status.error_code(), StatusCode::CANCELLED);
  EXPECT_TRUE(gateway.RunUntil([&] { return server.cancelled() == 1; }));
  EXPECT_TRUE(other->status.ok()) << "the others of the connection go on";
}

TEST_F(GrpcCall, EndsAtItsDeadlineOnEverySide) {
  std::unique_ptr<Call> call = Start("Hang", {"hello"}, 0, std::chrono::milliseconds(50));
  Await(*call);
  EXPECT_EQ(call->status.error_code(), StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(gateway.RunUntil([&] { return server.cancelled() == 1; }));
  EXPECT_TRUE(gateway.RunUntil([&] { return gateway.downstream().exchanges().lent() == 0; }));
}

TEST_F(GrpcCall, IsUnavailableWhenItsServerIsGone) {
  EXPECT_TRUE(Run("Say", {"hello"})->status.ok());
  server.Shutdown();
  EXPECT_EQ(Run("Say", {"hello"})->status.error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(GrpcCall, ThatNoRouteMatchesIsUnimplemented) {
  EXPECT_EQ(Run("/other.Service/Say", {"hello"})->status.error_code(), StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace penstock::test
