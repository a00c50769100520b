#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/arena.h"
#include "dataplane/base/status.h"
#include "dataplane/http/message.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// Where a request may have a token or key.
struct TokenPlace {
  enum class Kind { kHeader, kQuery, kCookie };
  Kind kind = Kind::kHeader;
  std::string name;    // of the header in lower case; of the others byte for byte
  std::string prefix;  // of a header's value: "Bearer "; a scheme is the same in whatever case (RFC 9110 11.1)

  bool operator==(const TokenPlace&) const = default;
};

// InvalidArgument says what is wrong.
StatusOr<TokenPlace> MakeTokenPlace(const xds::v1::TokenSource& from);
std::string DescribePlace(const TokenPlace& place);  // "header authorization"

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

// The names of those of PLACES that are parameters of queries.
std::vector<std::string> QueryParametersOf(std::span<const TokenPlace> places);

}  // namespace penstock::policies
