#include "dataplane/admin/explain_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/admin/live_facts.h"
#include "dataplane/snapshot/testing.h"

namespace penstock::admin {
namespace {

using ::testing::HasSubstr;
namespace t = snapshot::testing;

std::shared_ptr<const snapshot::Snapshot> Secure() {
  return t::MustCompile(
      nullptr, {{t::Secret("shop/cert", {}),
                 t::Listener("w/g/a", "port: 443 protocol: HTTPS hostname: 'a.test' tls { certificates: 'shop/cert' }"),
                 t::Route("w/r", "attachments { listener: 'w/g/a' } rules { static_reply { status: 204 } }")},
                {},
                {}});
}

telemetry::StatusReply Ask(const snapshot::Snapshot& snapshot, std::string_view body) {
  proxy::PolicyChains none;
  LiveFacts facts(none, TimePoint());
  return ExplainPage(snapshot, facts, body);
}

TEST(ExplainPage, AsksOverTlsByTheNameOfTheHostUnlessAnotherOneIsGiven) {
  std::shared_ptr<const snapshot::Snapshot> snapshot = Secure();
  telemetry::StatusReply reply = Ask(*snapshot, R"({"scheme": "https", "host": "A.test:443", "port": 443})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr("\"outcome\":\"routed\""));
  EXPECT_THAT(reply.body, HasSubstr("\"handshake\":\"with server name a.test, reaches w/g/a\""));
  reply = Ask(*snapshot, R"({"scheme": "https", "serverName": "b.test", "host": "a.test", "port": 443})");
  EXPECT_THAT(reply.body, HasSubstr("\"reason\":\"tls_handshake_failed\""));
  reply = Ask(*snapshot, R"({"scheme": "https", "host": "192.0.2.1", "port": 443})");
  EXPECT_THAT(reply.body, HasSubstr("\"handshake\":\"with no server name, reaches w/g/a\""));
}

TEST(ExplainPage, AsksInTheClearUnlessTheSchemeIsGiven) {
  std::shared_ptr<const snapshot::Snapshot> snapshot = Secure();
  EXPECT_THAT(Ask(*snapshot, R"({"host": "a.test", "port": 443})").body, HasSubstr("ask about https://"));
  EXPECT_EQ(Ask(*snapshot, R"({"scheme": "ftp", "host": "a.test"})").status, 400);
}

}  // namespace
}  // namespace penstock::admin
