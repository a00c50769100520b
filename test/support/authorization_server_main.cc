// An authorization service of gRPC's own library, as those for Envoy are: answers Check in cleartext.
//
//   authorization_server PORT          prints "ready" when it listens; ends on closed stdin
//
// What it says is how the path that it is asked about ends; see kAnswers. What it lets in gets x-checks: how often it
// was asked so far.
#include <google/protobuf/util/json_util.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include "proto/authorization/check.pb.h"

namespace penstock::test {
namespace {

using namespace authorization::v3;

std::atomic<int> checks{0};

void Set(HeaderValueOption& option, const char* name, const std::string& value) {
  option.mutable_header()->set_key(name);
  option.mutable_header()->set_value(value);
}

void Allow(const CheckRequest&, CheckResponse& response) {
  OkHttpResponse& ok = *response.mutable_ok_response();
  Set(*ok.add_headers(), "x-user-id", "ada");
  Set(*ok.add_headers(), "content-length", "1");
  ok.add_headers_to_remove("x-secret");
  Set(*ok.add_response_headers_to_add(), "x-quota", "5");
}
void AllowQuietly(const CheckRequest&, CheckResponse& response) { response.mutable_ok_response(); }
void AllowLater(const CheckRequest&, CheckResponse& response) {
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  response.mutable_ok_response();
}
void Tell(const CheckRequest& request, CheckResponse& response) {
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(request, &json);
  Set(*response.mutable_ok_response()->add_response_headers_to_add(), "x-asked", json);
}
void Deny(const CheckRequest&, CheckResponse& response) {
  response.mutable_status()->set_code(7);
  DeniedHttpResponse& denied = *response.mutable_denied_response();
  denied.mutable_status()->set_code(401);
  Set(*denied.add_headers(), "www-authenticate", "Basic");
  Set(*denied.add_headers(), "content-type", "text/x-no");
  denied.set_body("who are you?");
}
void DenyWithCookie(const CheckRequest&, CheckResponse& response) {
  response.mutable_status()->set_code(16);
  Set(*response.mutable_denied_response()->add_headers(), "set-cookie", "state=" + std::to_string(checks));
}
void DenyAtLength(const CheckRequest&, CheckResponse& response) {
  response.mutable_status()->set_code(7);
  response.mutable_denied_response()->set_body(std::string(200'000, 'x'));
}
void AllowWithSmuggling(const CheckRequest&, CheckResponse& response) {
  Set(*response.mutable_ok_response()->add_headers(), "x-a", "b\r\nx-role: admin");
}

struct Row {
  std::string_view end;
  void (*answer)(const CheckRequest& request, CheckResponse& response);
};
// Others end with UNAVAILABLE; /garbage is answered with bytes that are no CheckResponse, /silence never,
// /stall with a head and nothing behind it.
constexpr Row kAnswers[] = {
    {"/allow", Allow}, {"/quiet", AllowQuietly},    {"/later", AllowLater},    {"/tell", Tell},
    {"/deny", Deny},   {"/cookie", DenyWithCookie}, {"/length", DenyAtLength}, {"/smuggle", AllowWithSmuggling},
};

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

class Call final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Call(const std::string& method) {
    if (method == "/envoy.service.auth.v3.Authorization/Check") {
      StartRead(&message_);
    } else {
      End(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, method));
    }
  }

 private:
  void OnReadDone(bool ok) override {
    grpc::Slice slice;
    CheckRequest request;
    bool good = ok && message_.DumpToSingleSlice(&slice).ok() &&
                request.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
    if (!good) return End(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no CheckRequest"));
    ++checks;
    Answer(request);
  }

  void Answer(const CheckRequest& request) {
    const std::string& uri = request.attributes().request().http().path();
    std::string path = uri.substr(0, uri.find('?'));
    if (path.ends_with("/silence")) return;
    if (path.ends_with("/stall")) return StartSendInitialMetadata();
    if (path.ends_with("/garbage")) return Write("\x0a\xff");
    for (const Row& row : kAnswers) {
      if (!path.ends_with(row.end)) continue;
      CheckResponse response;
      row.answer(request, response);
      if (response.has_ok_response())
        Set(*response.mutable_ok_response()->add_headers(), "x-checks", std::to_string(checks));
      return Write(response.SerializeAsString());
    }
    End(grpc::Status(grpc::StatusCode::UNAVAILABLE, "no policy loaded"));
  }
  void Write(const std::string& bytes) {
    message_ = ToBuffer(bytes);
    if (!ended_.exchange(true)) StartWriteAndFinish(&message_, grpc::WriteOptions(), grpc::Status::OK);
  }
  // A call ends once, though its client may leave at the same time.
  void End(const grpc::Status& status) {
    if (!ended_.exchange(true)) Finish(status);
  }
  void OnCancel() override { End(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

  grpc::ByteBuffer message_;
  std::atomic<bool> ended_{false};
};

class Service final : public grpc::CallbackGenericService {
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Call(context->method());
  }
};

int Run(const char* port) {
  Service service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + port, grpc::InsecureServerCredentials());
  builder.RegisterCallbackGenericService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::puts("ready");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  server->Shutdown(std::chrono::system_clock::now());
  return 0;
}

}  // namespace
}  // namespace penstock::test

int main(int argc, char** argv) { return argc == 2 ? penstock::test::Run(argv[1]) : 2; }
