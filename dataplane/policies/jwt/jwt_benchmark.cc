// What a token costs: one that was verified before, and one that is verified each time, by algorithm.
#include <benchmark/benchmark.h>

#include <string>

#include "dataplane/base/strings.h"
#include "dataplane/jose/testing.h"
#include "dataplane/policies/jwt/jwt_policy.h"

namespace penstock::policies {
namespace {

using jose::testing::SigningKey;

struct NoSecrets final : SecretSource {
  StatusOr<std::string> Read(std::string_view, std::string_view) const override {
    return absl::NotFoundError("no Secrets here");
  }
};

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr std::string_view kClaims =
    R"({"iss":"https://auth","aud":"shop","sub":"3f0c8a52-6d1e-4b7a-9a55-0d3a1b6a7c11","exp":1800003600,)"
    R"("scope":"orders.read orders.write","roles":["viewer","user"]})";

enum class Kept { kNo, kYes };

void Ask(benchmark::State& state, const SigningKey& key, jose::Algorithm algorithm, Kept kept) {
  xds::v1::Jwt message;
  xds::v1::JwtProvider& provider = *message.add_providers();
  provider.set_name("auth");
  provider.set_issuer("https://auth");
  provider.add_audiences("shop");
  provider.set_inline_jwks(jose::testing::JwksOf({key.Jwk()}));
  provider.mutable_cache_ttl()->set_seconds(kept == Kept::kYes ? 300 : 0);
  NoSecrets secrets;
  Runtime runtime;
  auto policy = *JwtPolicy::Make(*JwtConfig::Compile(message), Material{secrets, runtime});
  std::string field = "Bearer " + key.Token(algorithm, kClaims);
  BlockPool pool;
  Cancellation cancellation;
  Exchange x{&pool};
  for (auto _ : state) {
    x.Clear();
    x.Begin(cancellation);
    x.time.wall = kNow;
    x.request.headers.Add("authorization", field);
    Verdict verdict = RunReady(policy->OnRequest(x));
    benchmark::DoNotOptimize(verdict);
    if (!x.identity.proven(AuthMethod::kJwt)) {
      state.SkipWithError("the token does not hold");
      break;
    }
  }
}

void CachedToken(benchmark::State& state) { Ask(state, SigningKey::Rsa(2048), jose::Algorithm::kRs256, Kept::kYes); }
void Rs256(benchmark::State& state) { Ask(state, SigningKey::Rsa(2048), jose::Algorithm::kRs256, Kept::kNo); }
void Es256(benchmark::State& state) { Ask(state, SigningKey::Ec("P-256"), jose::Algorithm::kEs256, Kept::kNo); }
void EdDsa(benchmark::State& state) { Ask(state, SigningKey::Ed25519(), jose::Algorithm::kEdDsa, Kept::kNo); }

BENCHMARK(CachedToken);
BENCHMARK(Rs256)->Unit(benchmark::kMicrosecond);
BENCHMARK(Es256)->Unit(benchmark::kMicrosecond);
BENCHMARK(EdDsa)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace penstock::policies
