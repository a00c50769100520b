#include "tools/cli/context.h"

#include <gtest/gtest.h>

#include "tools/cli/exit.h"

namespace penstock::cli {
namespace {

constexpr std::string_view kFile = R"(# two of them
current = prod
[prod]
server = gw.internal:9443
cert = /p/op.crt
key = /p/op.key
ca = /p/ca.crt

[up]
server = 127.0.0.1:9443
)";

absl::StatusOr<Target> Resolve(std::vector<std::string> arguments,
                               std::map<std::string, std::string> environment = {}) {
  absl::StatusOr<CommandLine> line = CommandLine::Parse(*FindVerb("status"), arguments);
  absl::StatusOr<ContextFile> file = ContextFile::ParseText(kFile, "config");
  return ResolveTarget(*line, Environment(environment), *file);
}

TEST(Context, TakesTheCurrentOneUnlessAnotherIsNamed) {
  EXPECT_EQ(Resolve({})->server, "gw.internal:9443");
  EXPECT_EQ(Resolve({"--context=up", "--cert=c", "--key=k", "--ca=a"})->server, "127.0.0.1:9443");
}

TEST(Context, LetsFlagsWinOverEnvironmentAndEnvironmentOverFile) {
  std::map<std::string, std::string> environment = {{"PENSTOCK_SERVER", "env:1"}, {"PENSTOCK_CERT", "env.crt"}};
  absl::StatusOr<Target> target = Resolve({"--server=flag:1"}, environment);
  EXPECT_EQ(target->server, "flag:1");
  EXPECT_EQ(target->cert, "env.crt");
  EXPECT_EQ(target->key, "/p/op.key");
}

TEST(Context, SaysWhatToDoWithoutAControlPlane) {
  absl::StatusOr<CommandLine> line = CommandLine::Parse(*FindVerb("status"), {});
  absl::Status status = ResolveTarget(*line, Environment(), ContextFile()).status();
  EXPECT_EQ(ExitOf(status), Exit::kUnreachable);
  EXPECT_NE(std::string(status.message()).find("penstock up --demo"), std::string::npos);
}

TEST(Context, NamesTheMissingCertificate) {
  absl::Status status = Resolve({"--context=up"}).status();
  EXPECT_EQ(ExitOf(status), Exit::kUnreachable);
  EXPECT_NE(std::string(status.message()).find("--cert (or PENSTOCK_CERT) is missing"), std::string::npos) << status;
}

TEST(Context, SuggestsTheNearestName) {
  absl::Status status = Resolve({"--context=prdo"}).status();
  EXPECT_EQ(ExitOf(status), Exit::kUsage);
  EXPECT_NE(std::string(status.message()).find("did you mean \"prod\"?"), std::string::npos) << status;
}

TEST(ContextFile, ReadsWhatItWrote) {
  ContextFile file = *ContextFile::ParseText(kFile, "config");
  ContextFile again = *ContextFile::ParseText(file.Text(), "config");
  EXPECT_EQ(again.current, "prod");
  EXPECT_EQ(again.contexts, file.contexts);
}

TEST(ContextFile, SaysWhereItCannotBeRead) {
  absl::Status status = ContextFile::ParseText("current = a\n[a]\nservre = x:1\n", "config").status();
  EXPECT_EQ(ExitOf(status), Exit::kUsage);
  EXPECT_EQ(std::string(status.message()).substr(0, 9), "config:3:");
}

}  // namespace
}  // namespace penstock::cli
