#pragma once

#include <cstddef>
#include <string_view>

#include "dataplane/base/ascii.h"
#include "dataplane/http/headers.h"

namespace penstock::policies {

// Of the fields of one name: a request may be all commas, and each of many rules looks at each member.
inline constexpr size_t kMaxMembers = 128;

enum class Walk {
  kWhole,
  kStopped,  // by who was called
  kTooMany,  // there are more than kMaxMembers
};

// Calls TAKE(member) for each member of the list that the fields NAME (lower case) are together (RFC 9110 5.3), empty
// ones too, without the blanks around it. TAKE returns false to stop. Quoted strings are not looked into.
template <typename Take>
Walk ForEachMember(const http::Headers& headers, std::string_view name, Take take) {
  size_t count = 0;
  for (const http::Field& field : headers) {
    if (field.name() != name) continue;
    std::string_view rest = field.value();
    for (bool more = true; more;) {
      if (++count > kMaxMembers) return Walk::kTooMany;
      size_t comma = rest.find(',');
      if (!take(WithoutBlanks(rest.substr(0, comma)))) return Walk::kStopped;
      more = comma != std::string_view::npos;
      if (more) rest.remove_prefix(comma + 1);
    }
  }
  return Walk::kWhole;
}

}  // namespace penstock::policies
