#include "dataplane/policies/external_auth/testing.h"

#include "google/protobuf/text_format.h"
#include "proto/authorization/check.pb.h"

namespace penstock::policies {

std::string Framed(std::string_view message) {
  std::string bytes(5, '\0');
  for (size_t i = 0; i < 4; ++i) bytes[1 + i] = static_cast<char>(message.size() >> (24 - 8 * i));
  return bytes.append(message);
}

Task<StatusOr<const SideResponse*>> FakeService::Send(Exchange& x, SideRequest request) {
  ++calls;
  path = request.path;
  method = request.method_text;
  body = request.content;
  timeout = request.timeout;
  asked.clear();
  for (const http::Field& field : request.fields) {
    asked.emplace_back(std::string(field.name()), std::string(field.value()));
  }
  if (delay > Duration::zero()) {
    TimePoint until = After(reactor->Now(), request.timeout);
    Status slept = co_await reactor->Sleep(delay, x.wait().Until(until));
    if (!slept.ok()) co_return absl::UnavailableError("upstream_timeout");
  }
  if (!failure.ok()) co_return failure;
  if (!content.empty()) answer.content = content;
  co_return &answer;
}

std::string FakeService::Asked(std::string_view name) const {
  for (const auto& [key, value] : asked) {
    if (key == name) return value;
  }
  return "-";
}

void FakeService::Say(const std::string& text) {
  authorization::v3::CheckResponse response;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &response));
  answer.status = 200;
  answer.grpc_status = 0;
  content = Framed(response.SerializeAsString());
}

void ExternalAuthFixture::Configure(const std::string& text) {
  xds::v1::ExternalAuth message;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString("cluster: 'auth' " + text, &message));
  auto compiled = ExternalAuthConfig::Compile(message);
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  auto made = ExternalAuthPolicy::Make(*compiled, Material{secrets, runtime});
  ASSERT_TRUE(made.ok()) << made.status();
  // The one before ends only now, as generations do.
  policy = *made;
}

}  // namespace penstock::policies
