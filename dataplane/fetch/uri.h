#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/base/status.h"

namespace penstock::fetch {

// The URI of a document in the parts that a fetch needs.
struct Uri {
  bool tls = false;        // https
  std::string host;        // lower case, no final dot; an IPv6 address without brackets
  std::uint16_t port = 0;  // the scheme's, if none is written
  std::string authority;   // what the Host field says: the port only if it is not the scheme's
  std::string target;      // path and query as they are written, at least "/"
};

enum class Schemes : std::uint8_t {
  kHttps,
  kAlsoHttp,  // for documents that may come from private addresses
};

// Strict: "https://HOST[:PORT][/PATH[?QUERY]]" (RFC 3986 3) in printable ASCII without blanks, at most kMaxUriBytes; no
// user, no fragment, a port of 1 to 65535. InvalidArgument says what is wrong and repeats nothing of TEXT, which may
// hold a secret. Pure.
inline constexpr size_t kMaxUriBytes = 2048;
StatusOr<Uri> ParseUri(std::string_view text, Schemes schemes);

}  // namespace penstock::fetch
