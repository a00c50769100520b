#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/status.h"
#include "dataplane/jose/algorithm.h"
#include "dataplane/jose/json.h"

namespace penstock::jose {

inline constexpr std::size_t kMaxTokenBytes = std::size_t{16} * 1024;
inline constexpr std::size_t kMaxKidBytes = 256;

// A signed JSON Web Token (RFC 7519) that is well formed. Nothing about it is proven: whoever uses its claims has
// checked the signature first (key_set.h), then dates, issuer and audience (claims.h).
struct Token {
  Algorithm algorithm;
  std::optional<std::string> kid;  // an opaque name of at most kMaxKidBytes bytes, any bytes; "" is one, too
  std::string typ;                 // "": the header says none
  Json claims;                     // an object
  std::string signing_input;       // what is signed: header and claims as they were sent, with the dot
  std::string signature;           // bytes, at least one
};

// COMPACT: three parts with dots between (RFC 7515 7.1), of at most kMaxTokenBytes together. kInvalidArgument with a
// static text for logs, and nothing of the token in it, if it is anything else, and for what RFC 8725 warns of: `alg`
// is no Algorithm (none, in whatever case), encryption (five parts, `enc`, `zip`), a token in a token (`cty` JWT),
// `crit` and `b64`, because we know no extension. Keys that a token brings along or points to (`jwk`, `jku`, `x5c`,
// `x5u`) are not looked at.
StatusOr<Token> ParseToken(std::string_view compact);

// RFC 8725 3.11: TYPE ("at+jwt") is what the token says it is; in whatever case, "application/" may be left out.
bool HasType(const Token& token, std::string_view type);

}  // namespace penstock::jose
