#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::http::h1 {

// Why a message was refused. Every one of them leaves the framing in doubt: answer (if it was a request), then close.
enum class Error : uint8_t {
  kNone,
  kRequestLine,         // 400
  kTls,                 // 400: what came instead of a request line is a TLS handshake,
  kHttp2,               // 400: HTTP/2's preface,
  kSsh,                 // 400: SSH's,
  kProxyHeader,         // 400: a header of the PROXY protocol
  kMethodTooLong,       // 501
  kRequestLineTooLong,  // 414
  kVersion,             // 505
  kStatusLine,          // upstream's
  kHeaderLine,          // 400: no colon, bad name, blank before the colon, obs-fold, bare CR or LF, control byte
  kUnderscoreInName,    // 400
  kHeadersTooLarge,     // 431
  kTooManyHeaders,      // 431
  kHost,                // 400: none, or several
  kContentLength,       // 400: several, not digits, too large
  kBothLengths,         // 400: Content-Length and Transfer-Encoding
  kTransferEncoding,    // 501: other than exactly "chunked"
  kTransferEncoding10,  // 400: in HTTP/1.0
  kExpectation,         // 417: other than exactly "100-continue"
  kChunk,               // 400: chunk syntax
  kChunkTooLarge,       // 400: size overflow
  kChunkExtension,      // 400: too long
  kTrailer,             // 400: as kHeaderLine, or too many bytes or fields
};

// The status for a client; an upstream's errors are all 502.
int StatusOf(Error error);
// What is wrong, for the log; static storage.
std::string_view Text(Error error);

}  // namespace penstock::http::h1
