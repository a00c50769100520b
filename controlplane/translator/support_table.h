// Which fields of the Gateway API this build supports, from the rules of the messages that read them.
#pragma once

#include <string>

namespace penstock::translator {

// The page docs/gateway-api-support.md.
std::string SupportTable();

}  // namespace penstock::translator
