// The promises of Store, as one suite that every implementation runs: INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
// ...).
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "controlplane/store/store.h"

namespace penstock::store {

// Makes an empty store.
using MakeStore = std::function<std::unique_ptr<Store>()>;

class StoreContract : public testing::TestWithParam<MakeStore> {
 protected:
  std::unique_ptr<Store> store_ = GetParam()();

  ObjectKey Route(const std::string& name) const { return {"gateway.networking.k8s.io", "HTTPRoute", "shop", name}; }
  // Commits on top of the newest generation.
  GenerationRecord MustCommit(std::vector<ObjectWrite> writes, const std::string& request_id = "");
};

}  // namespace penstock::store
