// What gRPC says over HTTP (its PROTOCOL-HTTP2, statuscodes and http-grpc-status-mapping pages). Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/base/arena.h"

namespace penstock::http::grpc {

// The numbers are those of the grpc-status field.
enum class Code : uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// "0" to "16": the value of grpc-status. Static.
std::string_view CodeText(Code code);

// The number that a grpc-status field says (one of gRPC's or not), at most kLargestStatus; nothing if it is none.
inline constexpr int kLargestStatus = 999;
std::optional<int> ParseStatus(std::string_view value);

// What a gRPC client makes of a response that is none of gRPC, by its HTTP status (http-grpc-status-mapping).
Code CodeOfHttpStatus(int status);

// "UNIMPLEMENTED", as its documents write it. Static.
std::string_view NameOf(Code code);

// How a caller speaks gRPC, by the request's content-type; parameters and the message format ("+proto") do not matter.
enum class Dialect : uint8_t {
  kNone,
  kGrpc,     // application/grpc
  kWeb,      // application/grpc-web: the trailers are the last frame of the content
  kWebText,  // application/grpc-web-text: the same in base64
};
Dialect DialectOf(std::string_view content_type);

// "+proto" of "application/grpc-web+proto;charset=x"; "" if there is none. A view into CONTENT_TYPE.
std::string_view MessageFormatOf(std::string_view content_type);

// A deadline that far away is none, and still fits in nanoseconds when it is added to a time.
inline constexpr std::chrono::hours kLongestTimeout{24 * 365 * 100};

// The value of grpc-timeout: 1 to 8 digits and a unit of HMSmun; at most kLongestTimeout. Nothing if it is not one.
std::optional<std::chrono::nanoseconds> ParseTimeout(std::string_view value);

// MESSAGE as the value of grpc-message: percent-encoded where it is not printable ASCII. Gives MESSAGE back if nothing
// is to be encoded; else the text is in ARENA.
std::string_view EncodeMessage(std::string_view message, Arena& arena);

}  // namespace penstock::http::grpc
