#pragma once

#include "dataplane/http/h1/error.h"
#include "dataplane/http/message.h"

namespace penstock::http::h1 {

// Where the request's content ends, and what else its head means for this hop: sets `framing`, `close`,
// `expect_continue`, `upgrade`. RFC 9112 6.3, strictly: two lengths, a length twice (even an equal one), a transfer
// coding that is not exactly "chunked", or one in HTTP/1.0 is an error, never a guess. Exactly one Host field is
// needed.
Error FrameRequest(RequestHead& head);

// The same for the response to a request with METHOD: sets `framing`, `declared_length`, `close`.
Error FrameResponse(ResponseHead& head, Method method);

}  // namespace penstock::http::h1
