#include "controlplane/translator/app_protocol.h"

namespace penstock::translator {
namespace {

using Http = AppProtocol::Http;

struct Row {
  std::string_view name;
  AppProtocol protocol;
};
constexpr Row kServicePorts[] = {
    {"http", {Http::kHttp1, false}},
    {"https", {Http::kUnsaid, true}},
    {"grpc", {Http::kHttp2, false}},
    {"kubernetes.io/h2c", {Http::kHttp2, false}},
    {"kubernetes.io/ws", {Http::kWebSocket, false}},
    {"kubernetes.io/wss", {Http::kWebSocket, true}},
};
constexpr Row kBackends[] = {
    {"HTTP", {Http::kHttp1, false}}, {"H2C", {Http::kHttp2, false}}, {"GRPC", {Http::kHttp2, false}}};

template <size_t kSize>
AppProtocol Find(const Row (&rows)[kSize], std::string_view name) {
  for (const Row& row : rows) {
    if (row.name == name) return row.protocol;
  }
  return {};
}

}  // namespace

AppProtocol AppProtocolOf(std::string_view app_protocol) { return Find(kServicePorts, app_protocol); }

AppProtocol AppProtocolOf(const manifests::v1::BackendSpec& backend) { return Find(kBackends, backend.protocol()); }

}  // namespace penstock::translator
