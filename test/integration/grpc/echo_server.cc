#include "test/integration/grpc/echo_server.h"

#include <grpcpp/server_builder.h>

#include <chrono>

namespace penstock::test {
namespace {

class EchoCall final : public grpc::ServerGenericBidiReactor {
 public:
  EchoCall(grpc::GenericCallbackServerContext& context, std::atomic<int>& cancelled)
      : method_(context.method()), cancelled_(cancelled) {
    context.AddInitialMetadata("first", "1");
    context.AddTrailingMetadata("last", "2");
    if (Is("Fail")) {
      Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, "no such thing"));
    } else {
      StartRead(&message_);
    }
  }

 private:
  bool Is(const char* name) const { return method_.ends_with(std::string("/") + name); }

  void OnReadDone(bool ok) override {
    if (Is("Hang")) return;
    if (!ok) return Is("Last") && !ending_ ? SendLast() : End();
    if (Is("Last")) {
      last_ = message_;
      return StartRead(&message_);
    }
    copies_ = Is("Repeat") ? 3 : 1;
    StartWrite(&message_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok || ending_) return End();
    if (--copies_ > 0) return StartWrite(&message_);
    StartRead(&message_);
  }
  void SendLast() {
    ending_ = true;
    StartWrite(&last_);
  }
  void End() { Finish(Is("FailLate") ? grpc::Status(grpc::StatusCode::DATA_LOSS, "lost") : grpc::Status::OK); }

  void OnCancel() override {
    ++cancelled_;
    if (Is("Hang")) Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

  const std::string method_;
  std::atomic<int>& cancelled_;
  grpc::ByteBuffer message_;
  grpc::ByteBuffer last_;
  int copies_ = 0;
  bool ending_ = false;
};

}  // namespace

grpc::ServerGenericBidiReactor* EchoServer::Service::CreateReactor(grpc::GenericCallbackServerContext* context) {
  return new EchoCall(*context, cancelled);
}

EchoServer::EchoServer() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterCallbackGenericService(&service_);
  builder.SetMaxReceiveMessageSize(16 << 20);
  server_ = builder.BuildAndStart();
}

EchoServer::~EchoServer() { Shutdown(); }

void EchoServer::Shutdown() { server_->Shutdown(std::chrono::system_clock::now()); }

}  // namespace penstock::test
