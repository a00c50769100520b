#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::http::h2 {

// Codes of RST_STREAM and GOAWAY (RFC 9113 7).
enum class ErrorCode : uint32_t {
  kNoError = 0,
  kProtocolError = 1,
  kInternalError = 2,
  kFlowControlError = 3,
  kSettingsTimeout = 4,
  kStreamClosed = 5,
  kFrameSizeError = 6,
  kRefusedStream = 7,
  kCancel = 8,
  kCompressionError = 9,
  kConnectError = 10,
  kEnhanceYourCalm = 11,
  kInadequateSecurity = 12,
  kHttp11Required = 13,
};

// Why a message is malformed (RFC 9113 8.1.1) or beyond a limit. It ends its stream, never its connection: the fields
// were decoded, so that the compression state is right.
enum class Error : uint8_t {
  kNone,
  kFieldName,         // 400: empty, upper case, or a byte that no token holds
  kUnderscoreInName,  // 400
  kFieldValue,        // 400: a control byte, or a blank at its begin or end
  kConnectionField,   // 400: Connection, Keep-Alive, Proxy-Connection, Transfer-Encoding, Upgrade
  kTe,                // 400: other than exactly "trailers"
  kPseudoField,       // 400: unknown, repeated, missing, or behind a regular field
  kMethod,            // 400
  kMethodTooLong,     // 501
  kScheme,            // 400: other than http and https
  kPath,              // 400: empty, or not "/..." (or "*" for OPTIONS)
  kPathTooLong,       // 414
  kAuthority,         // 400: none, several, or :authority and Host differ
  kHeadersTooLarge,   // 431
  kTooManyHeaders,    // 431
  kContentLength,     // 400: several, not digits, too large
  kLengthMismatch,    // 400: not as many bytes of content as Content-Length says
  kExpectation,       // 417: other than exactly "100-continue"
  kTrailers,          // 400: pseudo-fields among them, wrong fields, or content behind them
  kStatus,            // of a response: none, several, or not 100 to 599
  kSwitching,         // of a response: 101, which HTTP/2 does not have
  kInformational,     // of a response: too many informational heads, or one that ends the stream
  kEarlyContent,      // of a response: content before its head
};

// The status for a client whose request is malformed.
int StatusOf(Error error);
// What is wrong, for the log; static storage.
std::string_view Text(Error error);

}  // namespace penstock::http::h2
