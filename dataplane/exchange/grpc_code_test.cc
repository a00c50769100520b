#include "dataplane/exchange/grpc_code.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(GrpcCode, SaysWhatAReplyOfOurOwnMeans) {
  struct Case {
    Reason reason;
    std::string_view name;
  };
  constexpr Case kCases[] = {
      {Reason::kNoListener, "UNIMPLEMENTED"},
      {Reason::kNoRoute, "UNIMPLEMENTED"},
      {Reason::kMisdirected, "UNKNOWN"},
      {Reason::kBackendUnresolved, "UNAVAILABLE"},
      {Reason::kNoBackend, "UNAVAILABLE"},
      {Reason::kNoEndpoints, "UNAVAILABLE"},
      {Reason::kUpstreamTlsFailed, "UNAVAILABLE"},
      {Reason::kUpstreamTimeout, "DEADLINE_EXCEEDED"},
      {Reason::kBodyTooLarge, "RESOURCE_EXHAUSTED"},
      {Reason::kPolicy, "PERMISSION_DENIED"},
      {Reason::kBadRequest, "INTERNAL"},
      {Reason::kLoopDetected, "INTERNAL"},
  };
  for (const Case& c : kCases) {
    const ReasonRow& row = RowOf(c.reason);
    EXPECT_EQ(http::grpc::NameOf(CodeOf(c.reason, row.status)), c.name) << row.name;
  }
}

}  // namespace
}  // namespace penstock
