#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace penstock::jose {

// How a token may be signed (RFC 7518 3.1, RFC 8037 3.1). "none" is not among them and cannot be said.
enum class Algorithm : std::uint8_t {
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384,
  kEs512,
  kEdDsa,
  kHs256,
  kHs384,
  kHs512,
};
inline constexpr std::size_t kAlgorithms = 13;

enum class Family : std::uint8_t { kRsaPkcs1, kRsaPss, kEcdsa, kEdDsa, kHmac };
enum class Hash : std::uint8_t { kSha256, kSha384, kSha512 };
inline constexpr std::size_t kHashes = 3;

struct AlgorithmRow {
  std::string_view name;  // as `alg` says it
  Family family;
  Hash hash;               // EdDSA has its own inside
  std::size_t hash_bytes;  // 32, 48 or 64
};

const AlgorithmRow& RowOf(Algorithm algorithm);
inline std::string_view NameOf(Algorithm algorithm) { return RowOf(algorithm).name; }

// Byte for byte (RFC 8725 3.1); nullopt for every other text.
std::optional<Algorithm> ParseAlgorithm(std::string_view name);

// A value; what a key can do, or what an issuer may use.
class AlgorithmSet {
 public:
  constexpr AlgorithmSet() = default;
  constexpr AlgorithmSet(std::initializer_list<Algorithm> algorithms) {
    for (Algorithm algorithm : algorithms) Insert(algorithm);
  }

  constexpr void Insert(Algorithm algorithm) { bits_ |= BitOf(algorithm); }
  constexpr bool Contains(Algorithm algorithm) const { return (bits_ & BitOf(algorithm)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  bool operator==(const AlgorithmSet&) const = default;

 private:
  static constexpr std::uint16_t BitOf(Algorithm algorithm) {
    return static_cast<std::uint16_t>(1u << static_cast<unsigned>(algorithm));
  }

  std::uint16_t bits_ = 0;
};

}  // namespace penstock::jose
