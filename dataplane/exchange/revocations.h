#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/base/clock.h"

namespace penstock {

// What a token that holds says, as far as it can be taken back. Views.
struct TokenFacts {
  std::string_view issuer;
  std::string_view id;             // claim jti; "" none
  std::string_view subject;        // claim sub; "" none
  std::optional<WallTime> issued;  // claim iat
};

// The credentials that do not count any more: a part of what one generation says. Immutable; any thread. Asked for
// every request, so that whatever was found before counts no longer than the revocation is away.
class Revocations {
 public:
  virtual ~Revocations() = default;
  // Why, for logs: "the token is revoked"; static. "": it is not.
  virtual std::string_view Find(const TokenFacts& token) const = 0;

  // Another number as soon as something else is taken back: whatever was found out about credentials that cannot be
  // looked up here counts no longer then. Of this process.
  virtual uint64_t version() const = 0;
};

}  // namespace penstock
