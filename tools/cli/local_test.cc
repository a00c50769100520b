#include "tools/cli/local.h"

#include <gtest/gtest.h>

#include "tools/cli/demo_manifests.h"
#include "tools/cli/exit.h"
#include "tools/cli/fleet_layout.h"

namespace penstock::cli {
namespace {

TEST(Local, QuotesWhatAShellWouldRead) {
  EXPECT_EQ(ShellWord("--listen=127.0.0.1:9443"), "--listen=127.0.0.1:9443");
  EXPECT_EQ(ShellWord("a b"), "'a b'");
  EXPECT_EQ(ShellWord("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellWord(""), "''");
}

TEST(Local, FindsAnotherPortWhenTheWantedOneIsNotThere) {
  absl::StatusOr<uint16_t> port = FreePort("127.0.0.1", 0);
  ASSERT_TRUE(port.ok());
  EXPECT_FALSE(FreePort("192.0.2.1", 80).ok());  // TEST-NET: no address of this machine
  EXPECT_FALSE(IsFree("nonsense", 80));
}

TEST(Local, SaysHowToBuildABinaryThatIsMissing) {
  absl::Status status = FindBinary(Environment(), "penstock-absent").status();
  EXPECT_EQ(ExitOf(status), Exit::kUsage);
  EXPECT_NE(std::string(status.message()).find("bazel build -c opt //..."), std::string::npos);
}

TEST(FleetLayout, GivesEachReplicaItsAddressCertificateAndFolder) {
  FleetLayout layout;
  layout.folder = "/s";
  layout.data_plane_binary = "/bin/dp";
  layout.control_plane_port = 9443;
  Program program = layout.DataPlane({"replica-2", "127.0.0.2", 9464});
  EXPECT_EQ(program.argv[0], "/bin/dp");
  for (std::string flag :
       {"--id=replica-2", "--bind-address=127.0.0.2", "--tls-cert=/s/pki/dataplane-replica-2.crt",
        "--state-dir=/s/replica-2", "--metrics-address=127.0.0.2:9464", "--control-plane=127.0.0.1:9443"}) {
    EXPECT_NE(std::find(program.argv.begin(), program.argv.end(), flag), program.argv.end()) << flag;
  }
  EXPECT_EQ(program.log, "/s/logs/replica-2.log");
}

TEST(FleetLayout, WritesAScriptThatStartsAProgramAgain) {
  EXPECT_EQ(StartScript({"x", {"/bin/x", "--a=b c"}, ""}), "#!/bin/sh\nexec \\\n  /bin/x \\\n  '--a=b c'\n");
  EXPECT_EQ(StartScript({"x", {"/bin/x"}, "/l/x.log"}), "#!/bin/sh\nexec \\\n  /bin/x \\\n  >>/l/x.log 2>&1\n");
}

TEST(DemoManifests, NameTheGivenPorts) {
  std::string all;
  for (const ManifestFile& file : DemoManifests(8099, 18091)) all += file.text;
  for (const char* port : {"8099", "18091", "18092", "18093"}) EXPECT_NE(all.find(port), std::string::npos) << port;
}

}  // namespace
}  // namespace penstock::cli
