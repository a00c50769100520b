#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace penstock::test {

// A server of gRPC's own library, in cleartext on a free port, that sends messages back. What a method does is how its
// name ends: Say sends every message back at once, Repeat does so three times, Last sends the last one behind the end
// of them all; Fail fails at once, FailLate behind the messages; Hang does nothing until it is cancelled.
class EchoServer {
 public:
  EchoServer();
  ~EchoServer();

  int port() const { return port_; }
  // Calls that were cancelled.
  int cancelled() const { return service_.cancelled; }
  void Shutdown();

 private:
  class Service final : public grpc::CallbackGenericService {
   public:
    std::atomic<int> cancelled = 0;

   private:
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;
  };

  Service service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace penstock::test
