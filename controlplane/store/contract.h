// The promises of Store, as one suite that every implementation runs: INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
// AllKinds(MakeMemoryStore)).
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "controlplane/store/store.h"

namespace penstock::store {

// Makes an empty store.
using MakeStore = std::function<std::unique_ptr<Store>()>;

// What is kept, and where. A store may keep some things in another way than others, and promises the same of all.
struct Kept {
  MakeStore make;
  std::string group;
  std::string kind;
  std::string state;  // the name of a rollout state
};

inline auto AllKinds(const MakeStore& make) {
  return testing::Values(Kept{make, "gateway.networking.k8s.io", "HTTPRoute", "rejected/1"},
                         Kept{make, "", "Secret", "ticket-keys"});
}

class StoreContract : public testing::TestWithParam<Kept> {
 protected:
  std::unique_ptr<Store> store_ = GetParam().make();

  ObjectKey Key(const std::string& name) const { return {GetParam().group, GetParam().kind, "shop", name}; }
  // Commits on top of the newest generation.
  GenerationRecord MustCommit(std::vector<ObjectWrite> writes, const std::string& request_id = "");
};

}  // namespace penstock::store
