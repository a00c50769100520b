#include "dataplane/policies/condition/testing.h"

#include "dataplane/base/check.h"

namespace penstock::policies {

TestExchange::TestExchange(const TestRequest& request) {
  x_.Begin(cancellation_);
  x_.request.method_text = request.method;
  x_.request.host = "shop.example";
  x_.request.path = request.path;
  for (const auto& [name, value] : request.fields) x_.request.headers.Add(name, value);
  x_.peer = x_.client.address = *IpAddress::Parse(request.client);
  x_.peer_text = x_.client_text = request.client;
  x_.time.wall = WallTime(std::chrono::seconds(request.seconds));
  x_.identity.subject = request.subject;
  x_.identity.consumer = request.consumer;
  x_.identity.plan = request.plan;
  if (request.claims.empty()) return;
  StatusOr<jose::Json> claims = jose::Json::Parse(request.claims);
  PENSTOCK_CHECK(claims.ok(), "the claims of a test are JSON");
  claims_ = *std::move(claims);
  x_.identity.claims = &*claims_;
  x_.identity.of(AuthMethod::kJwt).state = AuthResult::State::kProven;
}

}  // namespace penstock::policies
