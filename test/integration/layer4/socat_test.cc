// socat as client and as server.
#include <unistd.h>

#include "dataplane/base/strings.h"
#include "test/integration/layer4/layer4_fixture.h"
#include "test/integration/layer4/party.h"

namespace penstock::test {
namespace {

class SocatTest : public Layer4Test {
 protected:
  // Serves an upstream that is socat, which says everything back.
  void ServeEcho(const std::string& listen) {
    echo_ = std::make_unique<Party>(std::vector<std::string>{"socat", "-d", "-d", listen, "PIPE"});
    ASSERT_TRUE(gateway_.RunUntil([&] { return echo_->ListensAt("listening on") != 0; })) << echo_->Heard();
  }
  bool Hears(Party& party, std::string_view text) {
    return gateway_.RunUntil([&] { return party.Heard().find(text) != std::string::npos; });
  }
  std::unique_ptr<Party> echo_;
};

TEST_F(SocatTest, TalksToSocatOverTcp) {
  ServeEcho("TCP-LISTEN:0,bind=127.0.0.1,fork");
  Serve({.endpoints =
             StrCat("endpoints { address: '127.0.0.1' port: ", echo_->ListensAt("listening on"), " weight: 1 }")});
  for (int i = 0; i < 3; ++i) {
    Party client({"socat", "STDIO", StrCat("TCP:127.0.0.1:", port_)});
    client.Say(StrCat("line ", i, "\n"));
    EXPECT_TRUE(Hears(client, StrCat("line ", i, "\n"))) << client.Heard();
  }
}

// socat ends its side when its input ends, and reads on: the answer comes after the half-close.
TEST_F(SocatTest, AnswersBehindAHalfClose) {
  Party sort({"socat", "-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1", "EXEC:sort"});
  ASSERT_TRUE(gateway_.RunUntil([&] { return sort.ListensAt("listening on") != 0; })) << sort.Heard();
  Serve(
      {.endpoints = StrCat("endpoints { address: '127.0.0.1' port: ", sort.ListensAt("listening on"), " weight: 1 }")});
  Party client({"socat", "-t", "30", "STDIO", StrCat("TCP:127.0.0.1:", port_)});
  client.Say("b\nc\na\n");
  client.SaidAll();
  EXPECT_TRUE(Hears(client, "a\nb\nc\n")) << client.Heard();
  EXPECT_THAT(NextLogLine(), ::testing::HasSubstr("\"bytes_in\":6,\"bytes_out\":6,"));
}

TEST_F(SocatTest, TalksToSocatOverAUnixSocket) {
  // In the abstract namespace: the folders of tests may have longer names than a socket's path.
  std::string name = StrCat("penstock-echo-", getpid());
  Party echo({"socat", "-d", "-d", StrCat("ABSTRACT-LISTEN:", name, ",fork"), "PIPE"});
  ASSERT_TRUE(Hears(echo, "listening on"));
  Serve({.endpoints = StrCat("endpoints { address: 'unix:@", name, "' weight: 1 }")});
  Party client({"socat", "STDIO", StrCat("TCP:127.0.0.1:", port_)});
  client.Say("over there\n");
  EXPECT_TRUE(Hears(client, "over there\n")) << client.Heard();
}

TEST_F(SocatTest, TalksToSocatOverUdp) {
  uint16_t port = FreePort();
  Party echo({"socat", "-d", "-d", StrCat("UDP-RECVFROM:", port, ",bind=127.0.0.1,fork"), "PIPE"});
  ASSERT_TRUE(Hears(echo, "receiving"));
  Serve({.listener = "protocol: UDP",
         .endpoints = StrCat("endpoints { address: '127.0.0.1' port: ", port, " weight: 1 }")});
  Party client({"socat", "STDIO", StrCat("UDP:127.0.0.1:", port_)});
  client.Say("one datagram\n");
  EXPECT_TRUE(Hears(client, "one datagram\n")) << client.Heard();
}

}  // namespace
}  // namespace penstock::test
