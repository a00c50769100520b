#include "dataplane/server/settings.h"

#include <gtest/gtest.h>

namespace penstock::server {
namespace {

Status Parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "penstock-dataplane");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  return SettingsFromCommandLine(static_cast<int>(argv.size()), argv.data()).status();
}

// The flags library keeps values between calls, so one test walks through all of it.
TEST(Settings, SayWhichFlagIsWrongAndWhatToWriteInstead) {
  EXPECT_EQ(Parse({}).message(), "--control-plane: give HOST:PORT of a control plane, or a file with --generation");
  EXPECT_EQ(Parse({"--control-plane", "localhost"}).message(), "--control-plane: \"localhost\" is not HOST:PORT");
  EXPECT_EQ(
      Parse({"--control-plane=a:1,b:2"}).message(),
      "--control-plane: needs --tls-cert, --tls-key and --tls-ca: control planes speak to certified data planes only");
  EXPECT_TRUE(Parse({"--tls-cert=c", "--tls-key=k", "--tls-ca=a"}).ok());
  EXPECT_EQ(Parse({"--generation=x"}).message(),
            "--control-plane: cannot be given together with --generation; leave one of them out");
  EXPECT_EQ(Parse({"--control-plane=", "--bind-address=localhost"}).message(),
            "--bind-address: \"localhost\" is not an IP address");
  EXPECT_EQ(Parse({"--bind-address=127.0.0.2", "--labels=a"}).message(), "--labels: \"a\" is not KEY=VALUE");
  EXPECT_EQ(Parse({"--labels=a=1,a=2"}).message(), "--labels: \"a\" is given twice");
  EXPECT_EQ(Parse({"--labels=a=1,b=x=y", "--workers=-1"}).message(),
            "--workers: must be between 1 and 512, or 0 for one per CPU");
  EXPECT_EQ(Parse({"--workers=0", "--drain-grace=-1s"}).message(), "--drain-grace: must be between 0s and 24h");
  EXPECT_EQ(Parse({"--drain-grace=0s", "--log-level=loud"}).message(),
            "--log-level: \"loud\" is not a log level; use debug, info, warn or error");
  EXPECT_EQ(Parse({"--log-level=info", "--drain-grade=1s"}).message(),
            "unknown flag --drain-grade; --help lists the flags");
  EXPECT_EQ(Parse({"--workers"}).message(), "--workers: a value is missing; --help says which");
  EXPECT_EQ(Parse({"--workers=many"}).message(), "--workers: cannot read \"many\"; --help says what to write");
  EXPECT_EQ(Parse({"--workers=0", "stray"}).message(), "unexpected argument \"stray\"; see --help");
}

TEST(Labels, MayHoldEqualsSignsInTheirValues) {
  auto labels = ParseLabels("a=1,b=x=y");
  ASSERT_TRUE(labels.ok());
  EXPECT_EQ(labels->at("b"), "x=y");
}

}  // namespace
}  // namespace penstock::server
