#pragma once

#include <optional>
#include <string_view>

#include "dataplane/policies/judgement.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::snapshot {

// What is known of the world, and what the Secrets of the snapshot hold: "secret/RESOURCE/KEY". Both outlive it.
class WithSecrets final : public policies::Facts {
 public:
  WithSecrets(const Snapshot& snapshot, const policies::Facts& facts) : snapshot_(snapshot), facts_(facts) {}

  std::optional<std::string_view> Find(std::string_view name) const override {
    if (!name.starts_with(kPrefix)) return facts_.Find(name);
    name.remove_prefix(kPrefix.size());
    size_t slash = name.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const Shared<CompiledSecret>* secret = snapshot_.FindSecret(name.substr(0, slash));
    if (secret == nullptr) return std::nullopt;
    auto value = (*secret)->data.find(std::string(name.substr(slash + 1)));
    if (value == (*secret)->data.end()) return std::nullopt;
    return value->second;
  }

 private:
  static constexpr std::string_view kPrefix = "secret/";

  const Snapshot& snapshot_;
  const policies::Facts& facts_;
};

}  // namespace penstock::snapshot
