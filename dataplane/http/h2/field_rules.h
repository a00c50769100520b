#pragma once

#include <cstddef>
#include <string_view>

#include "dataplane/http/h2/error.h"
#include "dataplane/http/header_id.h"

namespace penstock::http::h2 {

// What a field costs of a limit on header bytes (RFC 9113 6.5.2).
inline size_t FieldSize(std::string_view name, std::string_view value) { return name.size() + value.size() + 32; }

// May a name hold "_"? Not in a request: some servers take it for "-", and so a field for another one.
enum class Underscores : bool { kReject, kAllow };

// May a peer's message hold this regular field (RFC 9113 8.2)? The name is a token in lower case, the value holds no
// control byte and no blank at its ends, and the field does not speak about a connection. What passes can be written
// into HTTP/1 as it is.
Error CheckField(HeaderId id, std::string_view name, std::string_view value,
                 Underscores underscores = Underscores::kReject);

// Is every byte of TEXT one that a token holds (RFC 9110 5.6.2)?
bool IsToken(std::string_view text);

// HTTP/2 forbids these fields (RFC 9113 8.2.2): where the message ends is said by frames.
constexpr bool IsConnectionSpecific(HeaderId id) {
  return id == HeaderId::kConnection || id == HeaderId::kKeepAlive || id == HeaderId::kProxyConnection ||
         id == HeaderId::kTransferEncoding || id == HeaderId::kUpgrade;
}

}  // namespace penstock::http::h2
