// Which sessions are resumed, and which must not be.
#include <openssl/ssl.h>

#include "dataplane/base/when.h"
#include "dataplane/tls/testing.h"

namespace penstock::tls {
namespace {

class Resumption : public TlsTest, public ::testing::WithParamInterface<int> {
 protected:
  std::shared_ptr<const ClientContext> NewClient(ClientOptions options) {
    std::shared_ptr<const ClientContext> client = Client(std::move(options));
    SSL_CTX_set_max_proto_version(client->raw(), GetParam());
    return client;
  }
  // A connection that works; true if it was a resumed one. Its tickets are in sessions_ then.
  bool Resumes(std::shared_ptr<const ServerContext> server, std::shared_ptr<const ClientContext> client) {
    Ends ends = Shake(std::move(server), std::move(client), &sessions_);
    EXPECT_TRUE(ends.ok()) << ends.client_status << ends.server_status;
    EXPECT_TRUE(Write(*ends.server, "tickets come before it").ok());
    EXPECT_EQ(Read(*ends.client), "tickets come before it");
    EXPECT_EQ(ends.client->facts().resumed, ends.server->facts().resumed);
    identity_ = ends.server->facts().peer_identity;
    return ends.server->facts().resumed;
  }

  ClientSessions sessions_;
  std::string identity_;
};

TEST_P(Resumption, WorksWithTheSameListenerAlsoAfterItsCertificateChanged) {
  std::shared_ptr<const ClientContext> client = NewClient(Asking());
  std::shared_ptr<const ServerContext> server = Server(Serving());
  EXPECT_FALSE(Resumes(server, client));
  EXPECT_TRUE(Resumes(server, client));
  EXPECT_TRUE(Resumes(Server(Serving()), client));
}

TEST_P(Resumption, WorksAfterTheClientsContextWasMadeAgainAlike) {
  std::shared_ptr<const ServerContext> server = Server(Serving());
  EXPECT_FALSE(Resumes(server, NewClient(Asking())));
  EXPECT_TRUE(Resumes(server, NewClient(Asking())));
}

TEST_P(Resumption, KeepsTheIdentityOfTheClient) {
  ServerOptions options = Serving();
  options.clients = ClientRules{.ca = {BundleOf(ca_.cert())}, .optional = false, .names = {}};
  std::shared_ptr<const ServerContext> server = Server(std::move(options));
  ClientOptions asking = Asking();
  asking.certificate = PairOf(ca_.Issue("spiffe://shop/orders"));
  std::shared_ptr<const ClientContext> client = NewClient(std::move(asking));
  EXPECT_FALSE(Resumes(server, client));
  EXPECT_EQ(identity_, "spiffe://shop/orders");
  EXPECT_TRUE(Resumes(server, client));
  EXPECT_EQ(identity_, "spiffe://shop/orders");
}

TEST_P(Resumption, GivesNoIdentityThatWasNotProved) {
  TestCa stranger("stranger");
  ServerOptions options = Serving();
  options.clients = ClientRules{.ca = {BundleOf(ca_.cert())}, .optional = true, .names = {}};
  std::shared_ptr<const ServerContext> server = Server(std::move(options));
  ClientOptions asking = Asking();
  asking.certificate = PairOf(stranger.Issue("spiffe://shop/orders"));
  std::shared_ptr<const ClientContext> client = NewClient(std::move(asking));
  EXPECT_FALSE(Resumes(server, client));
  EXPECT_TRUE(Resumes(server, client));
  EXPECT_EQ(identity_, "");
}

// CVE-2025-23419.
TEST_P(Resumption, IsRefusedAtAnotherListenerWithTheSameKeys) {
  std::shared_ptr<const ClientContext> client = NewClient(Asking());
  EXPECT_FALSE(Resumes(Server(Serving()), client));
  ServerOptions other = Serving();
  other.name = "shop/web/other";
  EXPECT_FALSE(Resumes(Server(std::move(other)), client));
}

TEST_P(Resumption, DoesNotGetAClientPastARuleThatCameAfterItsTicket) {
  std::shared_ptr<const ClientContext> client = NewClient(Asking());
  EXPECT_FALSE(Resumes(Server(Serving()), client));
  ServerOptions strict = Serving();
  strict.clients = ClientRules{.ca = {BundleOf(ca_.cert())}, .optional = false, .names = {}};
  Ends ends = Shake(Server(std::move(strict)), client, &sessions_);
  EXPECT_EQ(ends.server->failure().cause, telemetry::TlsFailure::kCertificateMissing) << ends.server_status;
}

TEST_P(Resumption, DoesNotOutliveTheCaThatIssuedTheClientsCertificate) {
  ClientOptions asking = Asking();
  asking.certificate = PairOf(ca_.Issue("spiffe://shop/orders"));
  std::shared_ptr<const ClientContext> client = NewClient(std::move(asking));
  ServerOptions before = Serving();
  before.clients = ClientRules{.ca = {BundleOf(ca_.cert())}, .optional = false, .names = {}};
  EXPECT_FALSE(Resumes(Server(std::move(before)), client));
  TestCa next("next CA");
  ServerOptions after = Serving();
  after.clients = ClientRules{.ca = {BundleOf(next.cert())}, .optional = false, .names = {}};
  Ends ends = Shake(Server(std::move(after)), client, &sessions_);
  EXPECT_EQ(ends.server->failure().cause, telemetry::TlsFailure::kCertificateRefused) << ends.server_status;
}

TEST_P(Resumption, DoesNotOutliveTheCertificateOfTheClient) {
  ServerOptions options = Serving();
  options.clients = ClientRules{.ca = {BundleOf(ca_.cert())}, .optional = true, .names = {}};
  std::shared_ptr<const ServerContext> server = Server(std::move(options));
  TestCertificateOptions brief{.names = {"URI:spiffe://shop/orders"}, .ends = std::chrono::seconds(1)};
  ClientOptions asking = Asking();
  asking.certificate = PairOf(ca_.Issue(brief));
  std::shared_ptr<const ClientContext> client = NewClient(std::move(asking));
  EXPECT_FALSE(Resumes(server, client));
  ASSERT_EQ(identity_, "spiffe://shop/orders");
  time_t expired = time(nullptr) + 2;
  while (time(nullptr) < expired) reactor_->Turn(std::chrono::milliseconds(50));
  EXPECT_FALSE(Resumes(server, client));
  EXPECT_EQ(identity_, "");
}

TEST_P(Resumption, IsNotTriedUnderOtherRulesForTheServer) {
  std::shared_ptr<const ServerContext> server = Server(Serving({"DNS:a.test", "URI:spiffe://shop"}));
  EXPECT_FALSE(Resumes(server, NewClient(Asking())));
  ClientOptions other = Asking();
  other.names = {{SubjectAltName::Type::kUri, "spiffe://shop"}};
  EXPECT_FALSE(Resumes(server, NewClient(std::move(other))));
}

TEST_P(Resumption, WorksAtAnyProcessThatHasTheSameKeys) {
  std::vector<TicketKey> keys = {TicketKey::Random()};
  ServerOptions here = Serving();
  here.tickets = std::make_shared<TicketKeys>(clock_);
  ServerOptions there = Serving();
  there.tickets = std::make_shared<TicketKeys>(clock_);
  std::shared_ptr<const ClientContext> client = NewClient(Asking());
  std::shared_ptr<TicketKeys> shared_here = here.tickets;
  std::shared_ptr<TicketKeys> shared_there = there.tickets;
  std::shared_ptr<const ServerContext> first = Server(std::move(here));
  std::shared_ptr<const ServerContext> second = Server(std::move(there));
  EXPECT_FALSE(Resumes(first, client));
  EXPECT_FALSE(Resumes(second, client)) << "each has its own random keys";
  shared_here->Install(keys);
  shared_there->Install(keys);
  EXPECT_FALSE(Resumes(first, client));
  EXPECT_TRUE(Resumes(second, client));
}

TEST_P(Resumption, SurvivesOneRotationOfTheKeysAndNotTwo) {
  FakeClock clock;
  ServerOptions options = Serving();
  options.tickets = std::make_shared<TicketKeys>(clock);
  std::shared_ptr<const ServerContext> server = Server(std::move(options));
  std::shared_ptr<const ClientContext> client = NewClient(Asking());
  EXPECT_FALSE(Resumes(server, client));
  clock.Advance(TicketKeys::kRotation);
  EXPECT_TRUE(Resumes(server, client));
  EXPECT_TRUE(Resumes(server, client)) << "the new ticket is of the new key";
  clock.Advance(TicketKeys::kRotation);
  EXPECT_TRUE(Resumes(server, client));
  ClientSessions kept;
  std::swap(kept, sessions_);
  clock.Advance(TicketKeys::kRotation);
  EXPECT_FALSE(Resumes(server, client));
  clock.Advance(TicketKeys::kRotation);
  std::swap(kept, sessions_);
  EXPECT_FALSE(Resumes(server, client)) << "the key of that ticket is gone";
}

INSTANTIATE_TEST_SUITE_P(Versions, Resumption, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

}  // namespace
}  // namespace penstock::tls
