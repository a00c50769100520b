#include "dataplane/policies/external_auth/check_call.h"

#include <charconv>
#include <utility>

#include "dataplane/base/printable.h"
#include "dataplane/base/strings.h"
#include "dataplane/http/grpc/status.h"
#include "dataplane/policies/external_auth/field_edits.h"
#include "proto/authorization/check.pb.h"

namespace penstock::policies {
namespace {

namespace wire = authorization::v3;

constexpr size_t kFrameHead = 5;  // a flag, and the length in four bytes
constexpr size_t kMaxMessageInLog = 256;
constexpr int kForbidden = 403;

std::string Framed(const google::protobuf::MessageLite& message) {
  std::string bytes(kFrameHead, '\0');
  message.AppendToString(&bytes);
  size_t size = bytes.size() - kFrameHead;
  for (size_t i = 0; i < 4; ++i) bytes[1 + i] = static_cast<char>(size >> (24 - 8 * i));
  return bytes;
}

// The one message of CONTENT.
StatusOr<std::string_view> Unframed(std::string_view content) {
  if (content.size() < kFrameHead) return absl::DataLossError("it answers without a message");
  if (content[0] != '\0') return absl::DataLossError("its message is compressed");
  size_t size = 0;
  for (size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(content[1 + i]);
  if (size != content.size() - kFrameHead) return absl::DataLossError("it does not answer with one message");
  return content.substr(kFrameHead);
}

void SetFields(const Question& question, wire::HttpRequest& http) {
  for (const http::Field& field : question.fields) {
    std::string& value = (*http.mutable_headers())[std::string(field.name())];
    if (!value.empty()) value += field.id() == http::HeaderId::kCookie ? "; " : ",";
    value += ToUtf8(field.value());
  }
}

void SetRequest(const Question& question, wire::Request& request) {
  if (question.time != WallTime()) {
    int64_t nanos = question.time.time_since_epoch().count();
    request.mutable_time()->set_seconds(nanos / 1'000'000'000);
    request.mutable_time()->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
  }
  wire::HttpRequest& http = *request.mutable_http();
  http.set_id(ToUtf8(question.id));
  http.set_method(ToUtf8(question.method));
  http.set_path(ToUtf8(question.uri));
  http.set_host(ToUtf8(question.authority));
  http.set_scheme(std::string(question.scheme));
  http.set_protocol(std::string(question.version));
  http.set_size(question.size);
  SetFields(question, http);
}

void SetPeers(const Question& question, wire::AttributeContext& attributes) {
  wire::Peer& source = *attributes.mutable_source();
  if (!question.client.empty()) {
    wire::SocketAddress& address = *source.mutable_address()->mutable_socket_address();
    address.set_address(std::string(question.client));
    address.set_port_value(question.client_port);
  }
  source.set_principal(ToUtf8(question.principal));
  uint16_t port = 0;
  std::from_chars(question.port.data(), question.port.data() + question.port.size(), port);
  if (port != 0) attributes.mutable_destination()->mutable_address()->mutable_socket_address()->set_port_value(port);
}

std::string_view CodeName(int code) {
  bool known = code >= 0 && code <= static_cast<int>(http::grpc::Code::kUnauthenticated);
  return known ? http::grpc::NameOf(static_cast<http::grpc::Code>(code)) : "a status that gRPC does not have";
}

// What a call ended with that is not OK.
Status Failed(const SideResponse& answer) {
  std::string text = StrCat("its call ends with ", CodeName(answer.grpc_status));
  if (answer.status != 200) text += StrCat(" (HTTP ", answer.status, ")");
  std::string_view message = answer.grpc_message.substr(0, kMaxMessageInLog);
  if (!message.empty()) text += StrCat(": ", message);
  return absl::UnavailableError(text);
}

StatusOr<Answer> Allowed(const wire::CheckResponse& response, Arena& arena) {
  Answer answer{.allows = true, .said = "OK"};
  const wire::OkHttpResponse& ok = response.ok_response();
  if (!ok.query_parameters_to_set().empty() || !ok.query_parameters_to_remove().empty()) {
    return absl::UnimplementedError("it wants to change the query, which services cannot do here");
  }
  FieldEdits to_backend(arena, ok.headers_size() + ok.headers_to_remove_size());
  for (const wire::HeaderValueOption& option : ok.headers()) to_backend.Change(option, FieldEdit::How::kSet);
  for (const std::string& name : ok.headers_to_remove()) to_backend.Remove(name);
  FieldEdits to_client(arena, ok.response_headers_to_add_size());
  for (const wire::HeaderValueOption& option : ok.response_headers_to_add())
    to_client.Change(option, FieldEdit::How::kAdd);
  ASSIGN_OR_RETURN(answer.to_backend, to_backend.Take());
  ASSIGN_OR_RETURN(answer.to_client, to_client.Take());
  answer.for_one = to_client.has_cookie();
  return answer;
}

StatusOr<Answer> Denied(const wire::CheckResponse& response, Arena& arena) {
  const wire::DeniedHttpResponse& denied = response.denied_response();
  int status = denied.status().code();
  bool known = status >= 200 && status < 600;
  Answer answer{.status = known ? status : kForbidden, .said = CodeName(response.status().code())};
  answer.content = arena.Copy(denied.body());
  FieldEdits to_client(arena, denied.headers_size());
  // The response is made anew, so several of one name (set-cookie) are several.
  for (const wire::HeaderValueOption& option : denied.headers()) to_client.Reply(option, answer.content_type);
  ASSIGN_OR_RETURN(answer.to_client, to_client.Take());
  answer.for_one = to_client.has_cookie();
  return answer;
}

}  // namespace

std::string CheckContent(const Question& question, const ExternalAuthConfig& config) {
  wire::CheckRequest message;
  wire::AttributeContext& attributes = *message.mutable_attributes();
  SetPeers(question, attributes);
  SetRequest(question, *attributes.mutable_request());
  for (const auto& [key, value] : config.context()) (*attributes.mutable_context_extensions())[key] = value;
  return Framed(message);
}

StatusOr<Answer> ReadCheckAnswer(const SideResponse& answer, Arena& arena) {
  if (answer.status != 200 || answer.grpc_status != 0) return Failed(answer);
  ASSIGN_OR_RETURN(std::string_view bytes, Unframed(answer.content));
  wire::CheckResponse response;
  if (!response.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("its message is no CheckResponse");
  }
  if (response.has_error_response()) return absl::UnavailableError("it says that it could not decide");
  bool ok = response.status().code() == 0;
  if (ok && response.has_denied_response()) return absl::DataLossError("it says OK, and how to refuse");
  return ok ? Allowed(response, arena) : Denied(response, arena);
}

}  // namespace penstock::policies
