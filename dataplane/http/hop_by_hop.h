#pragma once

#include "dataplane/http/message.h"

namespace penstock::http {

// Removes from a request what must not reach the next hop: hop-by-hop fields, the fields that Connection names (RFC
// 9110 7.6.1; but never fields that the proxy, framing or authentication own: "Connection: authorization" is an attack,
// and is ignored), framing fields (made anew by the writer), Expect, and every field by which a gateway could be
// overridden (FlagsOf: kOverride).
void StripRequest(Headers& headers);

// The same for a response. Server and Date are the origin's and stay.
void StripResponse(Headers& headers);

// Removes from a trailer section what may never be a trailer (RFC 9110 6.5.1): framing, routing, authentication,
// hop-by-hop, proxy-owned fields and content-type/-encoding/-range.
void StripTrailers(Headers& trailers);

// May this field name be removed because Connection names it?
bool ConnectionMayName(std::string_view lower_name);

}  // namespace penstock::http
