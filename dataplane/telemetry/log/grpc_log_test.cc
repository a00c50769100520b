#include "dataplane/telemetry/log/grpc_log.h"

#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock::telemetry {
namespace {

TEST(GrpcLog, TellsTheLibrarysErrorsInOurLogAndKeepsQuietOfWhatIsHarmless) {
  std::vector<std::string> lines;
  Log log(
      LogLevel::kInfo, Log::Format::kText, [&](std::string_view line) { lines.emplace_back(line); },
      [] { return int64_t{0}; });
  {
    GrpcLog grpc(log);
    gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);  // what the library sets when it starts
    gpr_log(GPR_ERROR, "No match found for server name: %s.", "127.0.0.1");
    gpr_log(GPR_ERROR, "Handshake failed: %s", "no certificate");
  }
  gpr_log(GPR_ERROR, "after its life");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0],
            "1970-01-01T00:00:00.000Z warn grpc: the library says text=\"Handshake failed: no certificate\"\n");
}

}  // namespace
}  // namespace penstock::telemetry
