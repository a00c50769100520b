#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/base/arena.h"
#include "dataplane/http/message.h"

namespace penstock::policies {

// Where a request may have a token.
struct TokenPlace {
  enum class Kind { kHeader, kQuery, kCookie };
  Kind kind = Kind::kHeader;
  std::string name;    // of the header in lower case; of the others byte for byte
  std::string prefix;  // of a header's value: "Bearer "; a scheme is the same in whatever case (RFC 9110 11.1)

  bool operator==(const TokenPlace&) const = default;
};

struct FoundToken {
  enum class Count { kNone, kOne, kSeveral };
  Count count = Count::kNone;
  std::string_view text;  // of kOne: a view into the request
  size_t place = 0;
};

// The only token of a request. Two of them, in one place or in two, are ambiguous: somebody behind might look at the
// other one.
FoundToken FindToken(const http::RequestHead& request, std::span<const TokenPlace> places);

// Takes away what is at a place, so that nobody behind gets it. New text goes into ARENA.
void RemoveToken(const TokenPlace& place, http::RequestHead& request, Arena& arena);

// QUERY without what its parameter NAME says, for logs: "a=1&access_token=-&b=2".
std::string_view MaskQuery(std::string_view query, std::string_view name, Arena& arena);

}  // namespace penstock::policies
