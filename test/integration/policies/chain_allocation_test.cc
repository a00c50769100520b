// In steady state a request takes nothing from the heap that passes a cached token, rules, a limit and a filter of the
// response: neither by `new` nor by what C libraries do behind it.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/strings.h"
#include "dataplane/jose/testing.h"
#include "dataplane/policies/authentication/authentication_policy.h"
#include "dataplane/policies/authorization/authorization_policy.h"
#include "dataplane/policies/jwt/jwt_policy.h"
#include "dataplane/policies/rate_limit/rate_limit_policy.h"
#include "google/protobuf/text_format.h"
#include "test/integration/http1/test_gateway.h"
#include "test/support/allocations.h"

namespace penstock::test {
namespace {

using namespace policies;  // NOLINT

struct NoSecrets final : SecretSource {
  StatusOr<std::string> Read(std::string_view, std::string_view) const override {
    return absl::NotFoundError("no Secrets here");
  }
};

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

const jose::testing::SigningKey& Key() {
  static const jose::testing::SigningKey key = jose::testing::SigningKey::Ed25519();
  return key;
}

proxy::Policies Chain(Runtime& runtime) {
  static const NoSecrets secrets;
  Material material{secrets, runtime};
  auto jwt = Parse<xds::v1::Jwt>(
      "providers { name: 'auth' issuer: 'https://auth' claim_headers { claim: 'sub' header: 'x-user-id' } }");
  jwt.mutable_providers(0)->set_inline_jwks(jose::testing::JwksOf({Key().Jwk()}));
  auto steps = Parse<xds::v1::Authentication>("all_of { any_of: 'jwt' }");
  auto rules = Parse<xds::v1::Authorization>(
      "rules { name: 'nobody' deny: true condition { paths { prefix: '/users/all:now' } } }"
      "rules { name: 'users' condition { roles: 'user' } }");
  auto limits = Parse<xds::v1::RateLimit>(
      "policy: 'shop/limits' rules { name: 'each' key { claim: 'sub' } algorithm: FIXED_WINDOW requests: 1000000000"
      " per { seconds: 3600 } }");
  return {*JwtPolicy::Make(*JwtConfig::Compile(jwt), material),
          std::make_shared<AuthenticationPolicy>(*AuthenticationConfig::Compile(steps)),
          std::make_shared<AuthorizationPolicy>(*AuthorizationConfig::Compile(rules)),
          *RateLimitPolicy::Make(*RateLimitConfig::Compile(limits), material)};
}

// Answers requests without content on one connection, without allocating itself.
Task<void> AnswerForever(io::Listener& listener, Cancellation& life) {
  StatusOr<std::unique_ptr<io::TcpStream>> stream = co_await listener.Accept(Wait{kNoDeadline, &life});
  while (stream.ok()) {
    StatusOr<Chunk> request = co_await (*stream)->Read(BlockPool::kMedium, Wait{kNoDeadline, &life});
    if (!request.ok() || request->empty()) co_return;
    std::string_view pieces[] = {"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\nok"};
    Status written = co_await (*stream)->Write(pieces, Wait{kNoDeadline, &life});
    if (!written.ok()) co_return;
  }
}

// COUNT requests, one after the other, all of which must show that the whole chain was passed.
Task<bool> Ask(io::TcpStream& client, const std::string& request, int count) {
  for (int i = 0; i < count; ++i) {
    std::string_view pieces[] = {request};
    Status written = co_await client.Write(pieces, Wait{});
    StatusOr<Chunk> response = co_await client.Read(BlockPool::kMedium, Wait{});
    if (!written.ok() || !response.ok() || !response->view().ends_with("ok")) co_return false;
    if (response->view().find("\r\nratelimit: \"each\";r=") == std::string_view::npos) co_return false;
    if (response->view().find("\r\nx-a: b\r\n") == std::string_view::npos) co_return false;
  }
  co_return true;
}

TEST(Allocation, NoneForARequestThatPassesTokenRoleLimitAndFilterInSteadyState) {
  Runtime runtime;
  TestGateway gateway;
  Cancellation life;
  std::unique_ptr<io::Listener> listener =
      *io::Listener::Create(gateway.reactor(), *io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {}));
  gateway.reactor().Spawn(AnswerForever(*listener, life));
  gateway.policies.Insert("chain", Chain(runtime));
  namespace t = snapshot::testing;
  gateway.Serve(
      {t::PolicyChain("chain", ""), t::Listener("l", StrCat("port: ", gateway.ChoosePort())), t::Cluster("up"),
       t::Endpoints("up",
                    StrCat("endpoints { address: '127.0.0.1' port: ", listener->address().port(), " weight: 1 }")),
       t::Route("r",
                "attachments { listener: 'l' } rules { matches { prefix: '/' } policy_chain: 'chain'"
                " filters { response_headers { set { name: 'x-a' value: 'b' } } }"
                " forward { clusters { cluster: 'up' weight: 1 } } }")});
  std::string token = Key().Token(
      jose::Algorithm::kEdDsa,
      R"({"iss":"https://auth","sub":"a user with a name of some length","roles":["user"],"exp":32503680000})");
  std::string request = StrCat("GET /users/a%3A1?x=y HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer ", token,
                               "\r\nAccept: */*\r\n\r\n");
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  bool warm = gateway.reactor().BlockOn(Ask(*client, request, 200));
  ASSERT_TRUE(warm);
  size_t before = Allocations();
  bool asked = gateway.reactor().BlockOn(Ask(*client, request, 1000));
  size_t used = Allocations() - before;
  EXPECT_TRUE(asked);
  EXPECT_LE(used, 2u) << "by the test's own BlockOn";
  life.Cancel();
  gateway.reactor().Turn(Duration(0));
}

}  // namespace
}  // namespace penstock::test
