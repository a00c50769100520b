#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/exchange/revocations.h"
#include "dataplane/router/persistent_set.h"
#include "dataplane/snapshot/problem_sink.h"
#include "proto/penstock/xds/v1/revocation.pb.h"

namespace penstock::snapshot {

// One Revocation: valid by existing, immutable.
struct CompiledRevocation {
  enum class What : uint8_t { kTokenId, kSubject, kIssuedBefore };
  std::string name;
  What what = What::kTokenId;
  std::string issuer;  // "" whoever
  std::string value;   // of kTokenId, kSubject
  WallTime before;     // of kIssuedBefore

  // What tokens are looked up by.
  std::string Key() const;
};

std::shared_ptr<const CompiledRevocation> CompileRevocation(const xds::v1::Revocation& revocation,
                                                            ProblemSink& problems);

// What several Revocations say of one key.
struct Revoked : router::Counted {
  explicit Revoked(std::string_view k) : key_text(k) {}
  std::string_view key() const { return key_text; }
  static Revoked* Clone(const Revoked& from) { return new Revoked(from); }
  static void Destroy(Revoked* revoked) { delete revoked; }

  std::string key_text;
  uint32_t count = 0;
  std::vector<WallTime> before;  // of kIssuedBefore; sorted
};

// The Revocations of a generation, by what tokens are looked up by. A look-up costs the same however many there are. A
// copy shares everything.
class RevocationIndex final : public Revocations {
 public:
  explicit RevocationIndex(uint64_t seed) : seed_(seed) {}

  std::string_view Find(const TokenFacts& token) const override;
  uint64_t version() const override { return version_; }
  void Add(const CompiledRevocation& revocation);
  void Remove(const CompiledRevocation& revocation);
  size_t size() const { return size_; }

 private:
  bool Has(CompiledRevocation::What what, std::string_view issuer, std::string_view value) const;
  uint64_t HashOf(const CompiledRevocation& revocation) const;
  bool IssuedBefore(std::string_view issuer, const TokenFacts& token) const;

  uint64_t seed_;
  router::PersistentSet<Revoked> revoked_;
  size_t size_ = 0;
  uint64_t version_ = 0;  // the sum of their hashes, so that it does not matter in which order they came
  size_t of_[3] = {};     // by What: kinds that nobody uses cost no look-up
};

}  // namespace penstock::snapshot
