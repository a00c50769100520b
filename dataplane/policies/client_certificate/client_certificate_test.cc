#include <gtest/gtest.h>

#include "dataplane/policies/client_certificate/client_certificate_policy.h"

namespace penstock::policies {
namespace {

struct OneConsumer final : Consumers {
  ConsumerEntry Find(CredentialKind kind, std::string_view value, WallTime) const override {
    bool known = kind == CredentialKind::kCertificate && value == "spiffe://robot";
    return known ? ConsumerEntry{"n/robot", "bulk"} : ConsumerEntry{};
  }
};

TEST(ClientCertificate, NotesWhoseItIs) {
  OneConsumer consumers;
  BlockPool pool;
  Cancellation cancellation;
  Exchange x(&pool);
  ConnectionInfo connection;
  ClientCertificatePolicy policy(nullptr);
  for (const char* name : {"", "spiffe://robot", "spiffe://other"}) {
    x.Clear();
    x.Begin(cancellation);
    connection.client_identity = name;
    x.connection = &connection;
    x.consumers = &consumers;
    EXPECT_FALSE(RunReady(policy.OnRequest(x)).is_reply());
    EXPECT_EQ(x.identity.proven(AuthMethod::kClientCertificate), *name != '\0');
    EXPECT_EQ(x.identity.subject, name);
    EXPECT_EQ(x.identity.consumer, std::string_view(name) == "spiffe://robot" ? "n/robot" : "");
  }
}

}  // namespace
}  // namespace penstock::policies
