#pragma once

#include <string>
#include <string_view>

namespace penstock::http::h1 {

// Compares our reading of a message with that of parsers that share no code with us: llhttp in strict mode (Node.js)
// and Boost.Beast. What we refuse they may accept; what we accept they must accept and read identically. Return "" or
// what differs. Exceptions, each because the other parser is the one that is too narrow or looks at another layer:
//  - methods that are not registered with IANA: llhttp refuses them all;
//  - request targets that ResolveTarget refuses: not a message that we would ever pass on;
//  - Upgrade and CONNECT: llhttp stops there for its user; the head is compared, not the content;
//  - one empty line in front of the request line: Beast refuses it (RFC 9112 2.2 says SHOULD ignore);
//  - Connection and Proxy-Connection with something else than tokens: Beast refuses; we never pass them on;
//  - a status line that ends behind the status: Beast refuses;
//  - chunk extensions: llhttp refuses some that we read over;
//  - a tab behind a value: llhttp takes it for a part of "chunked";
//  - Content-Length or Transfer-Encoding among the trailers: llhttp refuses some as if they framed the message, which
//    they cannot any more (RFC 9110 6.5.1); we strip them;
//  - 1xx, 204 and 304 with a length field: llhttp waits for content that cannot come (RFC 9112 6.3 rule 1).
std::string CompareRequest(std::string_view message);
// The response to a GET.
std::string CompareResponse(std::string_view message);

}  // namespace penstock::http::h1
