// What a store must not leave readable where it keeps it.
#pragma once

#include <string_view>

#include "controlplane/store/store.h"

namespace penstock::store {

// The kind of the core group whose objects are secret.
inline constexpr std::string_view kSecretKind = "Secret";
// The rollout state that holds the keys of session tickets.
inline constexpr std::string_view kTicketKeys = "ticket-keys";

inline bool IsSecret(const ObjectKey& key) { return key.group.empty() && key.kind == kSecretKind; }
inline bool IsSecretState(std::string_view name) { return name == kTicketKeys; }

}  // namespace penstock::store
