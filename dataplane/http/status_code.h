#pragma once

#include <string_view>

namespace penstock::http {

// The reason phrase of a status code as registered with IANA; "" for a code without one. An upstream's own phrase is
// never passed on: it means nothing to a client and is one more string of a stranger.
std::string_view StatusPhrase(int status);

// RFC 9110 6.4.1: such a response never has content, whatever its header fields say (HEAD aside).
inline bool StatusForbidsBody(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace penstock::http
