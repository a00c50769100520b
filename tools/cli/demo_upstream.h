#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace penstock::cli {

// The little services behind `penstock up --demo`: what they answer.
struct DemoResponse {
  int status = 200;
  std::string body;  // JSON, newline at the end
};

// `service` is "users", "products-v1" or "products-v2". Other names answer with what they were asked (an echo).
DemoResponse DemoAnswer(std::string_view service, std::string_view method, std::string_view target);

// The first whole HTTP/1.1 request of `bytes`: its length with the body (Content-Length or chunked), 0 if more must be
// read, and its method and target. InvalidArgument if it is none.
struct DemoRequest {
  size_t length = 0;
  std::string_view method;
  std::string_view target;
  bool close = false;  // the client wants it
};
absl::StatusOr<DemoRequest> ParseDemoRequest(std::string_view bytes);

struct DemoService {
  std::string name;
  uint16_t port = 0;
};

// Serves on 127.0.0.1 until SIGTERM. For demonstrations: one thread, requests of at most 1 MiB, no timeouts.
absl::Status ServeDemo(const std::vector<DemoService>& services);

}  // namespace penstock::cli
