// What a backend says about how it is spoken to.
#pragma once

#include <string_view>

#include "api/manifests/v1/backend.pb.h"

namespace penstock::translator {

struct AppProtocol {
  enum class Http { kUnsaid, kHttp1, kHttp2, kWebSocket };
  Http http = Http::kUnsaid;
  bool tls = false;  // a BackendTLSPolicy must say whom to trust

  friend bool operator==(const AppProtocol&, const AppProtocol&) = default;
};

// Of a Service's port (Kubernetes: "https", "kubernetes.io/h2c", ...). It is a hint: what is not known says nothing.
AppProtocol AppProtocolOf(std::string_view app_protocol);
// Of a Backend.
AppProtocol AppProtocolOf(const manifests::v1::BackendSpec& backend);

}  // namespace penstock::translator
