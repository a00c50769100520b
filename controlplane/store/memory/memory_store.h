// The store without a disk: for tests and for tools that need the same behaviour and no durability.
#pragma once

#include <memory>

#include "controlplane/store/store.h"

namespace penstock::store {

// Keeps every generation until it is destroyed.
std::unique_ptr<Store> MakeMemoryStore();

}  // namespace penstock::store
