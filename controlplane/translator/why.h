// Why something that people asked for gets no traffic, for those who ask about one request. Looked for when it is
// asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/translator/translate.h"

namespace penstock::translator {

// "default/web/https is not served: ConfigMap "client-ca" does not exist", for each listener of PORT that is not. Of
// our classes; by name.
std::vector<std::string> UnservedListeners(const StatePtr& state, uint32_t port);

// Where the policy of TYPE was written that ORIGIN ("SecurityPolicy shop/tokens") has: "shop.yaml:42", the line of its
// field if that is known. "" if nobody knows.
std::string WhereWritten(const StatePtr& state, std::string_view type, std::string_view origin);

// Why nobody can be trusted to be the backend CLUSTER (a resource's name), so that nothing is sent to it; "" if that is
// not so.
std::string WhyNobodyIsTrusted(const StatePtr& state, std::string_view cluster);

}  // namespace penstock::translator
