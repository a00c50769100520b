#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/exchange/consumers.h"
#include "dataplane/router/persistent_set.h"
#include "dataplane/snapshot/problem_sink.h"
#include "proto/penstock/xds/v1/credential.pb.h"

namespace penstock::snapshot {

// One Credential: valid by existing, immutable.
struct CompiledCredential {
  std::string name;
  std::string consumer;
  std::string plan;
  CredentialKind kind = CredentialKind::kApiKey;
  std::string value;  // as Consumers::Find has it
  WallTime expires = WallTime::max();
};

std::shared_ptr<const CompiledCredential> CompileCredential(const xds::v1::Credential& credential,
                                                            ProblemSink& problems);

// Those who say that one value is theirs: one, if nobody made a mistake.
struct Known : router::Counted {
  explicit Known(std::string_view k) : key_text(k) {}
  std::string_view key() const { return key_text; }
  static Known* Clone(const Known& from) { return new Known(from); }
  static void Destroy(Known* known) { delete known; }

  std::string key_text;
  std::vector<std::shared_ptr<const CompiledCredential>> by;  // by name; the first one counts
};

// The Credentials of a generation, by value. A look-up costs the same however many there are. A copy shares everything.
class CredentialIndex final : public Consumers {
 public:
  explicit CredentialIndex(uint64_t seed) : seed_(seed) {}

  ConsumerEntry Find(CredentialKind kind, std::string_view value, WallTime now) const override;
  void Add(const std::shared_ptr<const CompiledCredential>& credential);
  void Remove(const CompiledCredential& credential);

 private:
  uint64_t seed_;
  router::PersistentSet<Known> known_;
  size_t of_[static_cast<size_t>(CredentialKind::kCount)] = {};  // by kind: kinds that nobody uses cost no look-up
};

}  // namespace penstock::snapshot
