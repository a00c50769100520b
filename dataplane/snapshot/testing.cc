#include "dataplane/snapshot/testing.h"

#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/hash.h"
#include "proto/penstock/xds/v1/cluster.pb.h"
#include "proto/penstock/xds/v1/credential.pb.h"
#include "proto/penstock/xds/v1/endpoints.pb.h"
#include "proto/penstock/xds/v1/listener.pb.h"
#include "proto/penstock/xds/v1/policy.pb.h"
#include "proto/penstock/xds/v1/route.pb.h"
#include "proto/penstock/xds/v1/secret.pb.h"

namespace penstock::snapshot::testing {
namespace {

std::string Named(const char* field, std::string_view name, const std::string& more) {
  return StrCat(field, ": '", name, "' ", more);
}

// Of 32 bytes, as those of SHA-256.
std::string KeyHash(std::string_view key) {
  std::string hash(key);
  hash.resize(32, 'x');
  return hash;
}

}  // namespace

Resource Listener(std::string_view name, const std::string& more) {
  std::string port = more.find("port:") == std::string::npos ? " port: 8080" : "";
  std::string protocol = more.find("protocol:") == std::string::npos ? " protocol: HTTP" : "";
  return MakeResource<xds::v1::Listener>(name, Named("name", name, more + port + protocol));
}

Resource Cluster(std::string_view name, const std::string& more) {
  std::string discovery =
      more.find("dns") == std::string::npos && more.find("eds") == std::string::npos ? " eds {}" : "";
  return MakeResource<xds::v1::Cluster>(name, Named("name", name, more + discovery));
}

Resource Route(std::string_view name, const std::string& text) {
  return MakeResource<xds::v1::Route>(name, Named("name", name, text));
}

Resource Endpoints(std::string_view cluster, const std::string& text) {
  return MakeResource<xds::v1::Endpoints>(cluster, Named("cluster", cluster, text));
}

Resource Secret(std::string_view name, const std::map<std::string, std::string>& data) {
  xds::v1::Secret secret;
  secret.set_name(std::string(name));
  secret.mutable_data()->insert(data.begin(), data.end());
  return {"type.googleapis.com/" + xds::v1::Secret::descriptor()->full_name(), std::string(name), "",
          secret.SerializeAsString()};
}

Resource PolicyChain(std::string_view name, const std::string& text) {
  return MakeResource<xds::v1::PolicyChain>(name, Named("name", name, text));
}

std::string TokensAndKeys(const std::string& provider) {
  return StrCat(R"(policies { type: 'jwt' origin: 'SecurityPolicy shop/tokens' config {
    [type.googleapis.com/penstock.xds.v1.Jwt] { providers { name: 'auth' issuer: 'https://auth' )",
                provider, R"(
      inline_jwks: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}' } } } }
    policies { type: 'api_key' origin: 'SecurityPolicy shop/tokens' config {
    [type.googleapis.com/penstock.xds.v1.ApiKeyAuthentication] {} } })");
}

Resource ApiKey(std::string_view name, std::string_view key, std::string_view consumer, std::string_view plan) {
  xds::v1::Credential credential;
  credential.set_name(StrCat("apikey/", name));
  credential.set_consumer(std::string(consumer));
  credential.set_plan(std::string(plan));
  credential.set_api_key_sha256(KeyHash(key));
  return {std::string(kCredentialType), credential.name(), "", credential.SerializeAsString()};
}

std::optional<std::string_view> KeyHashes::Find(std::string_view name) const {
  constexpr std::string_view kFact = "api_key/sha256/";
  if (!name.starts_with(kFact)) return std::nullopt;
  return last = KeyHash(name.substr(kFact.size()));
}

std::shared_ptr<const Snapshot> MustCompile(const Snapshot* previous, const Delta& delta) {
  CompileOutcome outcome = Compile(previous, delta);
  EXPECT_TRUE(outcome.ok()) << Text(outcome.problems);
  return outcome.snapshot;
}

std::string Text(const std::vector<ResourceProblem>& problems) {
  std::string text;
  for (const ResourceProblem& problem : problems) {
    std::string kind = problem.type_url().substr(problem.type_url().rfind('.') + 1);
    text +=
        StrCat(problem.code(), " ", kind, " ", problem.name(), " ", problem.field_path(), ": ", problem.reason(), "\n");
  }
  return text;
}

xds::v1::Generation GenerationOf(const Snapshot& snapshot, uint64_t number) {
  xds::v1::Generation generation;
  generation.set_epoch(1);
  generation.set_number(number);
  generation.set_hash(snapshot.hash());
  for (const auto& [type_url, count] : snapshot.counts()) (*generation.mutable_counts())[type_url] = count;
  return generation;
}

}  // namespace penstock::snapshot::testing
