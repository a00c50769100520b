#include "controlplane/store/memory/memory_store.h"

#include "controlplane/store/contract.h"

namespace penstock::store {

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, AllKinds(MakeMemoryStore));

}  // namespace penstock::store
