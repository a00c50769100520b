// The line of the access log for what is carried without being understood: a TCP connection, TLS that is passed
// through, a UDP session. One at its end.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace penstock::telemetry {

// As AccessLogEntry: views are read during the call, and what means "none" is left out where the comment says so.
struct ConnectionLogEntry {
  int64_t time_unix_ns = 0;   // when it was accepted, or a session's first datagram came
  std::string_view protocol;  // "tcp", "tls", "udp"
  uint64_t generation_epoch = 0;
  uint64_t generation_number = 0;
  uint64_t endpoints_epoch = 0;
  std::string_view listener;
  std::string_view route;        // "": none, left out
  int rule = -1;                 // -1: left out
  std::string_view cluster;      // "": left out
  std::string_view endpoint;     // of the last try; "": left out
  std::string_view server_name;  // that the client's handshake asked for; "": left out
  std::string_view reason;       // why it did not end by itself; "": it did, left out
  std::string_view detail;       // what exactly was wrong; "": left out
  uint64_t bytes_in = 0;         // from the client, given to the upstream
  uint64_t bytes_out = 0;        // from the upstream, given to the client
  uint64_t datagrams_in = 0;     // 0: left out, with the next
  uint64_t datagrams_out = 0;
  std::chrono::nanoseconds duration{0};
  std::chrono::nanoseconds upstream_connect{-1};  // of the last try; negative: left out
  std::string_view peer;                          // address:port of the client, or whom a PROXY protocol header names
  std::string_view proxy;                         // address:port of who sent that header; "": nobody, left out
  uint32_t tries = 0;                             // endpoints that were connected to
  uint64_t seed = 0;
};

}  // namespace penstock::telemetry
