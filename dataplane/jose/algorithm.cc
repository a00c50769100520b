#include "dataplane/jose/algorithm.h"

#include <iterator>

namespace penstock::jose {
namespace {

// In the order of the enum.
constexpr AlgorithmRow kRows[] = {
    {"RS256", Family::kRsaPkcs1, Hash::kSha256, 32}, {"RS384", Family::kRsaPkcs1, Hash::kSha384, 48},
    {"RS512", Family::kRsaPkcs1, Hash::kSha512, 64}, {"PS256", Family::kRsaPss, Hash::kSha256, 32},
    {"PS384", Family::kRsaPss, Hash::kSha384, 48},   {"PS512", Family::kRsaPss, Hash::kSha512, 64},
    {"ES256", Family::kEcdsa, Hash::kSha256, 32},    {"ES384", Family::kEcdsa, Hash::kSha384, 48},
    {"ES512", Family::kEcdsa, Hash::kSha512, 64},    {"EdDSA", Family::kEdDsa, Hash::kSha512, 64},
    {"HS256", Family::kHmac, Hash::kSha256, 32},     {"HS384", Family::kHmac, Hash::kSha384, 48},
    {"HS512", Family::kHmac, Hash::kSha512, 64},
};
static_assert(std::size(kRows) == kAlgorithms);

}  // namespace

const AlgorithmRow& RowOf(Algorithm algorithm) { return kRows[static_cast<std::size_t>(algorithm)]; }

std::optional<Algorithm> ParseAlgorithm(std::string_view name) {
  for (std::size_t i = 0; i < kAlgorithms; ++i) {
    if (kRows[i].name == name) return static_cast<Algorithm>(i);
  }
  return std::nullopt;
}

}  // namespace penstock::jose
