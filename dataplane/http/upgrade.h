#pragma once

#include <string_view>

#include "dataplane/http/message.h"

namespace penstock::http {

// Switching protocols (RFC 9110 7.8) over HTTP/1.1, strictly: who guesses here hands a stranger's bytes past every
// rule.

// The protocol that HEAD wants its connection to switch to, as written; "" if it wants none, or does not say so exactly
// like this: a GET of HTTP/1.1 without content, on a connection that is to stay, with one Upgrade field that holds one
// token, which Connection lists. Such a request is served as an ordinary one. REQUIRES: version, method, framing and
// close are set.
std::string_view WishedProtocol(const RequestHead& head);

// Does HEAD, a 101 (Switching Protocols), switch to PROTOCOL (lower case) and to nothing else?
bool SwitchesTo(const ResponseHead& head, std::string_view protocol);

}  // namespace penstock::http
