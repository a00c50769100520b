#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/exchange/exchange.h"

namespace penstock::policies {

// What a condition is asked for. It matters where a request says several things at once (header fields with several
// values), of which one must be enough to keep somebody out, and never to let him in.
enum class Use : uint8_t { kAllow, kDeny };

// What one field of a Condition asks of a request: valid by existing, immutable, on any thread.
class Term {
 public:
  virtual ~Term() = default;

  // Allocates nothing.
  virtual bool Holds(const Exchange& x, Use use) const = 0;
  virtual std::string Describe() const = 0;  // "role admin, editor", on one line
  // REQUIRES: it does not hold for X. What X has instead: "no token". Nothing that could be a credential.
  virtual std::string Seen(const Exchange& x) const = 0;
  // Of one that holds for X: what was not looked at, "header x-role has more than 128 values". "": it was.
  virtual std::string NotLookedAt(const Exchange&) const { return ""; }
  // Is it about who asks?
  virtual bool AsksIdentity() const { return false; }
};

using TermPtr = std::unique_ptr<const Term>;

}  // namespace penstock::policies
