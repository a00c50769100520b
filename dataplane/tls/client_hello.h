#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/chunk.h"
#include "dataplane/base/status.h"
#include "dataplane/base/task.h"
#include "dataplane/io/net/stream.h"

namespace penstock::tls {

// What a client says first, as far as it decides who answers. Read without a TLS library and without a secret, so that
// a connection can be passed on untouched.
struct ClientHello {
  std::string server_name;        // SNI in lower case; "" if there is none
  std::vector<std::string> alpn;  // what it offers, its favourite first
};

// Reads a ClientHello that arrives in pieces: RFC 8446 4.1.2 in records of RFC 8446 5.1, fragmented at will. Strict, as
// the library that reads it again later. Pure.
class ClientHelloParser {
 public:
  // Real ones have about 2 KiB, with the largest key shares and client identities a few more.
  static constexpr size_t kMaxBytes = 16 << 10;

  enum class Progress : uint8_t {
    kNeedMore,
    kDone,
    kNotTls,     // another protocol: the first record is no handshake
    kMalformed,  // begins as TLS
    kTooLarge,   // more than kMaxBytes
  };

  // BYTES is all that has come so far; only what is new since the last call is looked at.
  Progress Parse(std::string_view bytes);

  // REQUIRES: Parse() gave kDone.
  const ClientHello& hello() const { return hello_; }

 private:
  Progress ReadMessage();

  size_t read_ = 0;      // of the bytes: whole records
  std::string message_;  // the handshake message, out of its records
  ClientHello hello_;
};

// The hello and the bytes that it came in, which go on to whoever makes the handshake.
struct ReceivedHello {
  ClientHello hello;
  Chunk bytes;
};

// Waits for a client's hello on STREAM. Errors: the stream's own; kAborted if it ends before; kInvalidArgument if it is
// not TLS; after an alert kDataLoss if it is malformed and kResourceExhausted if it is too large.
Task<StatusOr<ReceivedHello>> ReceiveClientHello(io::Stream& stream, Wait wait);

// Alerts that are sent without a handshake (RFC 8446 6).
enum class Alert : uint8_t { kDecodeError = 50, kInternalError = 80, kUnrecognizedName = 112 };
Task<Status> SendAlert(io::Stream& stream, Alert alert, Wait wait);

}  // namespace penstock::tls
