// Who gets in with which certificate.
#include <openssl/ssl.h>

#include "dataplane/tls/testing.h"

namespace penstock::tls {
namespace {

using telemetry::TlsFailure;
using Type = SubjectAltName::Type;

class ClientCertificate : public TlsTest {
 protected:
  ClientRules Rules(std::vector<SubjectAltName> names = {}, bool optional = false) {
    ClientRules rules;
    rules.ca = {BundleOf(clients_ca_.cert())};
    rules.optional = optional;
    rules.names = std::move(names);
    return rules;
  }

  Ends ShakeWith(ClientRules rules, const TestCertificate* certificate, int version = TLS1_3_VERSION) {
    ServerOptions server = Serving();
    server.clients = std::move(rules);
    ClientOptions client = Asking();
    if (certificate != nullptr) client.certificate = PairOf(*certificate);
    std::shared_ptr<const ClientContext> context = Client(std::move(client));
    SSL_CTX_set_max_proto_version(context->raw(), version);
    Ends ends = Shake(Server(std::move(server)), context);
    // A TLS 1.3 client learns only when it reads that it was refused.
    if (ends.client_status.ok() && !ends.server_status.ok()) refusal_ = Read(*ends.client);
    return ends;
  }
  // The identity that the server sees, or the cause of its refusal.
  std::string Seen(ClientRules rules, const TestCertificate* certificate, int version = TLS1_3_VERSION) {
    Ends ends = ShakeWith(std::move(rules), certificate, version);
    if (ends.server_status.ok()) return ends.server->facts().peer_identity;
    return telemetry::kTlsFailureNames[static_cast<size_t>(ends.server->failure().cause)];
  }
  // The same for a certificate that our own client would not show.
  std::string SeenUnchecked(ClientRules rules, const TestCertificate& issued) {
    ServerOptions server = Serving();
    server.clients = std::move(rules);
    std::shared_ptr<const ClientContext> client = Client(Asking());
    StatusOr<KeyPtr> key = ReadPrivateKey(issued.key);
    StatusOr<Certificates> certificate = ReadCertificates(issued.cert, 1);
    SSL_CTX_set_security_level(client->raw(), 0);
    EXPECT_EQ(SSL_CTX_use_cert_and_key(client->raw(), certificate->front().get(), key->get(), nullptr, 1), 1);
    Ends ends = Shake(Server(std::move(server)), client);
    if (ends.server_status.ok()) return ends.server->facts().peer_identity;
    return telemetry::kTlsFailureNames[static_cast<size_t>(ends.server->failure().cause)];
  }
  TestCertificate Issue(std::vector<std::string> names) {
    return clients_ca_.Issue(TestCertificateOptions{.names = std::move(names)});
  }

  TestCa clients_ca_{"clients' CA"};
  std::string refusal_;
};

TEST_F(ClientCertificate, SaysWhoTheClientIs) {
  TestCertificate mine = Issue({"EMAIL:a@b.test", "DNS:Orders.test", "URI:spiffe://shop/orders"});
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(Seen(Rules(), &mine, version), "spiffe://shop/orders");
  }
  TestCertificate by_dns = Issue({"EMAIL:a@b.test", "DNS:Orders.test"});
  EXPECT_EQ(Seen(Rules(), &by_dns), "orders.test");
  TestCertificate by_mail = Issue({"EMAIL:a@b.test"});
  EXPECT_EQ(Seen(Rules(), &by_mail), "a@b.test");
  TestCertificate by_subject = Issue({});
  EXPECT_EQ(Seen(Rules(), &by_subject), "CN=test");
}

// Consumers and rules know a client by the text alone.
TEST_F(ClientCertificate, NamesNobodyByANameThatHasTheFormOfAnotherType) {
  for (const char* name : {"DNS:spiffe://shop/orders", "EMAIL:spiffe://shop/orders", "EMAIL:spiffe:a@b.test",
                           "EMAIL:CN=a@b.test", "DNS:a@b.test", "URI:orders.test", "URI:CN=bob,O=Acme", "URI:CN=a:b",
                           "URI::x", "URI:", "DNS:", "EMAIL:orders.test", "IP:127.0.0.1"}) {
    TestCertificate odd = Issue({name});
    EXPECT_EQ(Seen(Rules(), &odd), "CN=test") << name;
    TestCertificate behind = Issue({name, "DNS:orders.test"});
    EXPECT_EQ(Seen(Rules(), &behind), "orders.test") << name;
  }
}

TEST_F(ClientCertificate, IsRefusedIfItIsMissingAndRequired) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(Seen(Rules(), nullptr, version), "certificate_missing");
  }
  EXPECT_NE(refusal_.find("certificate required"), std::string::npos) << refusal_;
}

TEST_F(ClientCertificate, OfAnotherCaIsRefused) {
  TestCertificate theirs = ca_.Issue("spiffe://shop/orders");
  EXPECT_EQ(Seen(Rules(), &theirs), "certificate_refused");
}

TEST_F(ClientCertificate, ThatHasExpiredIsRefused) {
  TestCertificate old = clients_ca_.Issue(
      TestCertificateOptions{.names = {"URI:old"}, .begins = -std::chrono::hours(2), .ends = -std::chrono::hours(1)});
  Ends ends = ShakeWith(Rules(), &old);
  EXPECT_EQ(ends.server->failure().cause, TlsFailure::kCertificateRefused);
  EXPECT_EQ(ends.server->failure().text, "certificate verify failed: certificate has expired");
  EXPECT_NE(refusal_.find("certificate expired"), std::string::npos) << refusal_;
}

TEST_F(ClientCertificate, ForServersOnlyIsRefused) {
  TestCertificate server = clients_ca_.Issue(TestCertificateOptions{.names = {"URI:x"}, .usage = "serverAuth"});
  EXPECT_EQ(Seen(Rules(), &server), "certificate_refused");
}

TEST_F(ClientCertificate, WithAWeakKeyIsRefused) {
  TestCertificateOptions weak{.names = {"URI:x"}};
  weak.key = TestCertificateOptions::Key::kRsa1024;
  EXPECT_EQ(SeenUnchecked(Rules(), clients_ca_.Issue(weak)), "certificate_refused");
}

TEST_F(ClientCertificate, MustHaveOneOfTheNamesOfTheRule) {
  TestCertificate orders = Issue({"URI:spiffe://shop/orders"});
  TestCertificate users = Issue({"URI:spiffe://shop/users", "DNS:users.test"});
  std::vector<SubjectAltName> rule = {{Type::kUri, "spiffe://shop/orders"}, {Type::kDns, "users.test"}};
  EXPECT_EQ(Seen(Rules(rule), &orders), "spiffe://shop/orders");
  EXPECT_EQ(Seen(Rules(rule), &users), "spiffe://shop/users");
  TestCertificate other = Issue({"URI:spiffe://shop/orders/2", "DNS:xusers.test", "DNS:*.test"});
  Ends ends = ShakeWith(Rules(rule), &other);
  EXPECT_EQ(ends.server->failure().text,
            "certificate verify failed: the certificate has none of the names that are allowed");
}

TEST_F(ClientCertificate, IsComparedByTheTypeOfTheName) {
  std::vector<SubjectAltName> uri = {{Type::kUri, "orders.test"}};
  std::vector<SubjectAltName> dns = {{Type::kDns, "orders.test"}};
  std::vector<SubjectAltName> address = {{Type::kIp, "127.0.0.1"}};
  TestCertificate as_dns = Issue({"DNS:orders.test", "DNS:127.0.0.1"});
  TestCertificate as_uri = Issue({"URI:orders.test", "URI:127.0.0.1"});
  TestCertificate as_mail = Issue({"EMAIL:orders.test"});
  TestCertificate as_address = Issue({"IP:127.0.0.1"});
  TestCertificate as_subject = clients_ca_.Issue(TestCertificateOptions{.names = {}, .subject = "orders.test"});
  EXPECT_EQ(Seen(Rules(dns), &as_dns), "orders.test");
  EXPECT_EQ(Seen(Rules(uri), &as_uri), "CN=test") << "let in by a name that is no URI, but not known by it";
  EXPECT_NE(Seen(Rules(address), &as_address), "certificate_refused");
  EXPECT_EQ(Seen(Rules(uri), &as_dns), "certificate_refused");
  EXPECT_EQ(Seen(Rules(dns), &as_uri), "certificate_refused");
  EXPECT_EQ(Seen(Rules(dns), &as_mail), "certificate_refused");
  EXPECT_EQ(Seen(Rules(dns), &as_subject), "certificate_refused");
  EXPECT_EQ(Seen(Rules(address), &as_dns), "certificate_refused");
  EXPECT_EQ(Seen(Rules(address), &as_uri), "certificate_refused");
}

// CVE-2009-2408, CVE-2025-66220.
TEST_F(ClientCertificate, WithANulInANameIsRefusedWhateverElseItHas) {
  std::string lie("DNS:admin.test\0.evil.test", 25);
  TestCertificate certificate = Issue({lie, "URI:spiffe://shop/orders"});
  EXPECT_EQ(SeenUnchecked(Rules({{Type::kDns, "admin.test"}}), certificate), "certificate_refused");
  EXPECT_EQ(SeenUnchecked(Rules({{Type::kUri, "spiffe://shop/orders"}}), certificate), "certificate_refused");
  EXPECT_EQ(SeenUnchecked(Rules(), certificate), "certificate_refused");
  EXPECT_EQ(SeenUnchecked(Rules({}, true), certificate), "");
}

TEST_F(ClientCertificate, MayBeMissingOrBadWhereItIsOptionalAndThenNobodyIsKnown) {
  TestCertificate good = Issue({"URI:spiffe://shop/orders"});
  TestCertificate stranger = ca_.Issue("spiffe://shop/orders");
  TestCertificate other = Issue({"URI:spiffe://shop/other"});
  std::vector<SubjectAltName> rule = {{Type::kUri, "spiffe://shop/orders"}};
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(Seen(Rules(rule, true), &good, version), "spiffe://shop/orders");
    EXPECT_EQ(Seen(Rules(rule, true), nullptr, version), "");
    EXPECT_EQ(Seen(Rules(rule, true), &stranger, version), "");
    EXPECT_EQ(Seen(Rules(rule, true), &other, version), "");
  }
}

TEST_F(ClientCertificate, IsNotAskedForWithoutARule) {
  TestCertificate good = Issue({"URI:spiffe://shop/orders"});
  ServerOptions server = Serving();
  ClientOptions client = Asking();
  client.certificate = PairOf(good);
  Ends ends = Shake(std::move(server), std::move(client));
  ASSERT_TRUE(ends.ok());
  EXPECT_EQ(ends.server->facts().peer_identity, "");
}

TEST_F(ClientCertificate, IsMeasuredByOtherRulesAfterTheHandshakeToo) {
  TestCertificate mine = Issue({"URI:spiffe://shop/orders"});
  TestCa new_ca("clients' next CA");
  auto server = [&](ClientRules rules) {
    ServerOptions options = Serving();
    options.clients = std::move(rules);
    return Server(std::move(options));
  };
  ClientRules both = Rules(), next = Rules(), next_optional = Rules({}, true);
  both.ca.push_back(BundleOf(new_ca.cert()));
  next.ca = next_optional.ca = {BundleOf(new_ca.cert())};
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Ends ends = ShakeWith(Rules(), &mine, version);
    ASSERT_TRUE(ends.server_status.ok());
    EXPECT_EQ(ends.server->IdentityBy(*server(both)), "spiffe://shop/orders");
    EXPECT_EQ(ends.server->IdentityBy(*server(Rules({{Type::kUri, "spiffe://shop/orders"}}))), "spiffe://shop/orders");
    EXPECT_EQ(ends.server->IdentityBy(*server(Rules({{Type::kUri, "spiffe://shop/users"}}))), std::nullopt);
    EXPECT_EQ(ends.server->IdentityBy(*server(next)), std::nullopt);
    EXPECT_EQ(ends.server->IdentityBy(*server(next_optional)), "");
    EXPECT_EQ(ends.server->IdentityBy(*Server(Serving())), "");
  }
}

TEST_F(ClientCertificate, IsAskedForAnewOfWhoShowedNone) {
  ServerOptions required = Serving(), optional = Serving();
  required.clients = Rules();
  optional.clients = Rules({}, true);
  Ends never_asked = Shake(Serving(), Asking());
  ASSERT_TRUE(never_asked.ok());
  EXPECT_EQ(never_asked.server->IdentityBy(*Server(required)), std::nullopt);
  EXPECT_EQ(never_asked.server->IdentityBy(*Server(optional)), std::nullopt);
  Ends showed_none = ShakeWith(Rules({}, true), nullptr);
  EXPECT_EQ(showed_none.server->IdentityBy(*Server(required)), std::nullopt);
  EXPECT_EQ(showed_none.server->IdentityBy(*Server(optional)), "");
}

TEST_F(ClientCertificate, MayBeIssuedByACaThatIsItselfIssuedByAnother) {
  // What is named is trusted, also if it is no root.
  TestCertificate leaf = Issue({"URI:spiffe://shop/orders"});
  ClientRules rules;
  rules.ca = {BundleOf(leaf.cert)};
  EXPECT_EQ(Seen(rules, &leaf), "spiffe://shop/orders");
}

}  // namespace
}  // namespace penstock::tls
