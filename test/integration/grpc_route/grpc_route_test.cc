// GRPCRoutes, from the manifest to services of gRPC's own library.
#include <gmock/gmock.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/strings/str_replace.h"
#include "dataplane/base/strings.h"
#include "test/integration/http1/test_gateway.h"
#include "test/support/manifests.h"

namespace penstock::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Says who it is and what it was told in x-shop, and sends every message back.
class TellingCall final : public grpc::ServerGenericBidiReactor {
 public:
  TellingCall(grpc::GenericCallbackServerContext& context, const std::string& name) {
    context.AddInitialMetadata("x-server", name);
    auto told = context.client_metadata().find("x-shop");
    if (told != context.client_metadata().end())
      context.AddInitialMetadata("x-told", std::string(told->second.data(), told->second.size()));
    StartRead(&message_);
  }

 private:
  void OnReadDone(bool ok) override { ok ? StartWrite(&message_) : Finish(grpc::Status::OK); }
  void OnWriteDone(bool ok) override { ok ? StartRead(&message_) : Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

  grpc::ByteBuffer message_;
};

class TellingServer {
 public:
  explicit TellingServer(std::string name) : service_(std::move(name)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
  }
  ~TellingServer() { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string port() const { return StrCat(port_); }

 private:
  class Service final : public grpc::CallbackGenericService {
   public:
    explicit Service(std::string name) : name_(std::move(name)) {}

   private:
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
      return new TellingCall(*context, name_);
    }
    const std::string name_;
  };

  Service service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

constexpr char kManifests[] = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: rpc}
spec:
  gatewayClassName: default
  listeners: [{name: http, protocol: HTTP, port: GATEWAY}]
---
apiVersion: penstock.dev/v1
kind: ClientPolicy
metadata: {name: rpc}
spec:
  targetRefs: [{kind: Gateway, name: rpc}]
  http2: {priorKnowledge: false}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: orders}
spec:
  parentRefs: [{name: rpc}]
  hostnames: [grpc.test]
  rules:
  - matches: [{method: {service: shop.Orders, method: Place}, headers: [{name: x-canary, value: "1"}]}]
    backendRefs: [{name: next}]
  - matches: [{method: {service: shop.Orders, method: Place}}]
    filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-shop, value: told}]}}
    - {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-rule, value: place}]}}
    backendRefs: [{name: orders}]
  - matches: [{method: {type: RegularExpression, service: "shop\\.v[0-9]+\\.Orders"}}]
    backendRefs: [{name: next}]
  - matches: [{method: {method: Check}}]
    backendRefs: [{name: orders}]
  - matches: [{method: {service: shop.Nobody}}]
    backendRefs: [{name: nobody}]
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: orders}
spec: {endpoints: [{address: 127.0.0.1, port: ORDERS}]}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: next}
spec: {protocol: GRPC, endpoints: [{address: 127.0.0.1, port: NEXT}]}
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: nobody}
spec: {endpoints: [{address: 127.0.0.1, port: 1}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: proxied}
spec:
  parentRefs: [{name: rpc}]
  hostnames: [http.test]
  rules:
  - matches: [{path: {value: /shop.Orders}}]
    backendRefs: [{name: service, port: 80}]
  - matches: [{path: {value: /shop.Next}}]
    backendRefs: [{kind: Backend, name: next}]
---
apiVersion: v1
kind: Service
metadata: {name: service}
spec: {ports: [{name: rpc, port: 80, appProtocol: kubernetes.io/h2c}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: service-1, labels: {kubernetes.io/service-name: service}}
addressType: IPv4
ports: [{name: rpc, port: ORDERS}]
endpoints: [{addresses: [127.0.0.1]}]
)";

std::string Message(std::string_view text) {
  std::string frame(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(text.size() >> shift);
  return frame.append(text);
}

std::string FreePort() {
  StatusOr<io::Fd> probe = io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {});
  return StrCat(io::BoundAddress(*probe)->port());
}

class GrpcRoute : public ::testing::Test {
 protected:
  GrpcRoute() {
    gateway_.Serve(ResourcesOf(absl::StrReplaceAll(
        kManifests, {{"GATEWAY", FreePort()}, {"ORDERS", orders_.port()}, {"NEXT", next_.port()}})));
  }

  std::string Call(std::string_view host, std::string_view path, std::string_view metadata = "",
                   std::string_view type = "application/grpc") {
    std::string content = Message("hello");
    return gateway_.Send(StrCat("POST ", path, " HTTP/1.1\r\nHost: ", host,
                                "\r\nConnection: close\r\nTE: trailers\r\nContent-Type: ", type,
                                "\r\nContent-Length: ", content.size(), "\r\n", metadata, "\r\n", content));
  }

  TellingServer orders_{"orders"};
  TellingServer next_{"next"};
  TestGateway gateway_;
};

constexpr char kUnimplemented[] = "grpc-status: 12\r\n";
constexpr char kOrders[] = "x-server: orders\r\n";
constexpr char kNext[] = "x-server: next\r\n";

TEST_F(GrpcRoute, SendsACallWhereServiceMethodAndMetadataSay) {
  struct Case {
    const char* path;
    const char* metadata;
    const char* reply;
  };
  constexpr Case kCases[] = {
      {"/shop.Orders/Place", "", kOrders},
      {"/shop.Orders/Place", "x-canary: 1\r\n", kNext},
      {"/shop.Orders/Place", "x-canary: 2\r\n", kOrders},
      {"/shop.v2.Orders/Any", "", kNext},
      {"/grpc.health.v1.Health/Check", "", kOrders},
      {"/shop.Orders/place", "", kUnimplemented},
      {"/Shop.Orders/Place", "", kUnimplemented},
      {"/shop.Orders/Place/more", "", kUnimplemented},
      {"/shop.vx.Orders/Any", "", kUnimplemented},
      {"/shop.v2.Orders", "", kUnimplemented},
      {"/shop.Nobody/Any", "", "grpc-status: 14\r\n"},
  };
  for (const Case& c : kCases) {
    EXPECT_THAT(Call("grpc.test", c.path, c.metadata), HasSubstr(c.reply)) << c.path << " " << c.metadata;
  }
}

TEST_F(GrpcRoute, ChangesTheMetadataOfCallAndAnswer) {
  EXPECT_THAT(Call("grpc.test", "/shop.Orders/Place"),
              AllOf(HasSubstr("x-told: told\r\n"), HasSubstr("x-rule: place\r\n"), HasSubstr(Message("hello")),
                    HasSubstr("grpc-status: 0\r\n")));
}

TEST_F(GrpcRoute, TakesCallsOfGrpcWeb) {
  EXPECT_THAT(Call("grpc.test", "/shop.Orders/Place", "", "application/grpc-web"),
              AllOf(HasSubstr("content-type: application/grpc-web\r\n"), HasSubstr(kOrders), HasSubstr("\x80")));
}

TEST_F(GrpcRoute, KnowsItsOwnHostsOnly) {
  EXPECT_THAT(Call("other.test", "/shop.Orders/Place"), HasSubstr(kUnimplemented));
}

TEST_F(GrpcRoute, IsNotNeededWhereABackendSaysThatItSpeaksHttp2) {
  EXPECT_THAT(Call("http.test", "/shop.Orders/Any"), AllOf(HasSubstr(kOrders), HasSubstr("grpc-status: 0\r\n")));
  EXPECT_THAT(Call("http.test", "/shop.Next/Any"), AllOf(HasSubstr(kNext), HasSubstr("grpc-status: 0\r\n")));
}

}  // namespace
}  // namespace penstock::test
