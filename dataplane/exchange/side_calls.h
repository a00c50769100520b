#pragma once

#include <cstddef>
#include <string_view>

#include "dataplane/base/clock.h"
#include "dataplane/base/status.h"
#include "dataplane/base/task.h"
#include "dataplane/http/headers.h"
#include "dataplane/http/method.h"

namespace penstock {

class Exchange;

// A request of a policy to somebody else than the backend. Views live until the answer is there. It is a call of gRPC
// if its content-type says so; the cluster then speaks HTTP/2, or nobody understands it.
struct SideRequest {
  std::string_view cluster;  // that the generation names
  http::Method method = http::Method::kGet;
  std::string_view method_text = "GET";
  std::string_view path;
  const http::Headers& fields;  // without those that frame a message
  std::string_view content = {};
  Duration timeout{};  // of the whole: head and content
  size_t max_content = 8 << 10;
};

// Its answer, in the memory of the exchange that asked.
struct SideResponse {
  int status = 0;
  http::Headers fields;  // without those that end at this hop
  std::string_view content;
  // Of a call of gRPC: what it ended with, in the trailers or in the head; without one, what its HTTP status means.
  int grpc_status = -1;
  std::string_view grpc_message;  // percent-encoded, as it came
};

// How policies of one worker ask others: over the worker's own pools, with the limits of the cluster. Worker's thread.
class SideCalls {
 public:
  // Waits at most for the timeout, and not longer than X may. The answer lives as long as X. kUnavailable,
  // kDeadlineExceeded or kResourceExhausted (too much content) say why there is none.
  virtual Task<StatusOr<const SideResponse*>> Send(Exchange& x, SideRequest request) = 0;

 protected:
  ~SideCalls() = default;
};

}  // namespace penstock
