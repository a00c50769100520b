#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "dataplane/http/message.h"

namespace penstock::http::h1 {

// Serialises heads into memory of the caller, without allocation. All return the bytes written, or 0 if the room does
// not suffice or if a name or value holds a byte that would change the message's structure (a rewrite gone wrong:
// answer 500). Framing fields are made here from `framing`, never copied: Host, Content-Length, Transfer-Encoding and
// Connection in `headers` are skipped.

// The request for the next hop: "METHOD path[?query] HTTP/1.1", Host first, then the fields, then the framing.
// Persistent connections need no Connection field in HTTP/1.1; CLOSE adds "connection: close", and without it a wish to
// switch protocols (`upgrade`) is written.
size_t WriteRequestHead(const RequestHead& head, bool close, std::span<char> out);

// The response for the client: status line with the registered phrase, fields, framing ("content-length",
// "transfer-encoding: chunked", or nothing for kNone, kUntilClose and kTunnel; declared_length where it frames nothing;
// what a 101 switches to). CLOSE: the connection ends after this message.
size_t WriteResponseHead(const ResponseHead& head, bool close, std::span<char> out);

// "100 Continue", whole.
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// "0\r\n", the trailer fields, "\r\n".
size_t WriteTrailers(const Headers& trailers, std::span<char> out);

// Room that any head with these fields needs.
size_t HeadSize(const RequestHead& head);
size_t HeadSize(const ResponseHead& head);
size_t FieldsSize(const Headers& headers);

}  // namespace penstock::http::h1
