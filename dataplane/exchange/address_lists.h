#pragma once

#include <string_view>

#include "dataplane/base/ip_address.h"

namespace penstock {

// The lists of addresses that policies name: a part of what one generation says. Immutable; any thread.
class AddressLists {
 public:
  virtual ~AddressLists() = default;
  // LIST is "NAMESPACE/NAME"; one that is not there holds nobody. Costs the same however long the list is.
  virtual bool Contains(std::string_view list, const IpAddress& address) const = 0;
};

}  // namespace penstock
